use marty_runtime::metric::LabelValue;

#[derive(Clone, PartialEq, Eq, Hash, LabelValue)]
enum Channel {
    Web,
    Other(String),
}

fn main() {}
