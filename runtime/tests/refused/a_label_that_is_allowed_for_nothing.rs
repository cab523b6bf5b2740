use marty_runtime::metric::Labels;

#[derive(Clone, PartialEq, Eq, Hash, Labels)]
struct Payment {
    #[label(allow = "because")]
    invited: bool,
}

fn main() {}
