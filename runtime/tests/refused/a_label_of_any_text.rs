use marty_runtime::metric::Labels;

#[derive(Clone, PartialEq, Eq, Hash, Labels)]
struct Login {
    tenant: String,
}

fn main() {}
