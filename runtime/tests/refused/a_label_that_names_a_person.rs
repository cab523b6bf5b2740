use marty_runtime::metric::{Labels, Open};

#[derive(Clone, PartialEq, Eq, Hash, Labels)]
struct Login {
    email: Open<100>,
    succeeded: bool,
}

fn main() {}
