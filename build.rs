//! Rebuilds the program when an embedded file is added or removed, which `include_dir` alone does
//! not notice.

fn main() {
    for tree in [
        "templates",
        "dashboards",
        "alerts",
        "runtime/src",
        "runtime/macros/src",
    ] {
        println!("cargo::rerun-if-changed={tree}");
    }
}
