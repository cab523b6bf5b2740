use marty_runtime::metric::Labels;

#[derive(Clone, PartialEq, Eq, Hash, Labels)]
struct Payment {
    #[label(allow = "")]
    token: bool,
}

fn main() {}
