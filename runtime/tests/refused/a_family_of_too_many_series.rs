use marty_runtime::metric::{CounterFamily, LabelValue, Labels};

#[derive(Clone, Copy, PartialEq, Eq, Hash, LabelValue)]
enum Digit {
    Zero,
    One,
    Two,
    Three,
    Four,
    Five,
    Six,
    Seven,
    Eight,
    Nine,
}

#[derive(Clone, PartialEq, Eq, Hash, Labels)]
struct Number {
    thousands: Digit,
    hundreds: Digit,
    tens: Digit,
    ones: Digit,
}

static NUMBERS: CounterFamily<Number> = marty_runtime::counter!("numbers", "Numbers that were drawn.");

fn main() {
    let _ = NUMBERS.name();
}
