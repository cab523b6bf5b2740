//! The part of the program's model that reads what sources declare.

#![expect(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "the rest is for the program, of whose interface this is a part"
)]

#[path = "../src/model/rust/mod.rs"]
pub(crate) mod rust;
#[path = "../src/model/source.rs"]
pub(crate) mod source;
