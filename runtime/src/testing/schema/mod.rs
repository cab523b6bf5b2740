//! The schemas of events in tests: the one that is recorded beside the code, and whether the code still keeps to it. By the
//! features `event-schema` and `testing`.
//!
//! # What may change
//!
//! A topic holds events of every day, and who reads it is older or newer than who writes. So a version of an event may change only
//! if new readers read old events, and old readers read new ones:
//!
//! - A field may be added if readers do without it: an `Option`, or one with `#[serde(default)]`.
//! - A field may not go, nor become one that may be missing, nor may one that may be missing become required.
//! - A value may change neither its type, nor its range, nor its form: wider, old readers do not take the new ones; narrower, new
//!   readers do not take the old ones. So it is with the values of an enum and with the fields of nested types, and so with a
//!   personal field that was hashed and is sealed.
//! - Words may change: descriptions, defaults, the names of types.
//!
//! An optional field that is gone would hurt no reader. It stays in the record all the same, because its name could come back
//! with another meaning while old events are kept.
//!
//! Whatever else changes is another event: the same type with `version = 2`, whose readers choose between both.
//!
//! An enum whose readers take what they do not know, by `#[serde(other)]`, may grow if its field says so:
//! `#[schemars(with = "String")]`.

mod branch;
mod difference;
mod inclusion;
mod keyword;
mod kind;
mod range;
mod recorded;
mod verdict;

pub use recorded::{assert_readable, assert_recorded};
pub use verdict::{Break, breaks, unreadable};
