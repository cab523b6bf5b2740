//! Makes services and projects: render, plan, apply.
//!
//! [`Site`] looks at the place, [`Plan`] is everything that will happen there as one value, free
//! of conflicts, and [`apply()`] does all of it or nothing. Only [`Site`] and [`apply()`] touch the
//! disk; nothing in here prints.

mod answer;
mod apply;
mod base;
mod cargo_lock;
mod catalogue;
mod dashboard;
mod diff;
mod digest;
mod error;
mod extra;
mod file;
mod filesystem;
mod kind;
mod lock;
mod manifest;
mod name;
pub mod next;
mod observability;
mod outcome;
mod pack;
mod path;
mod plan;
mod render;
mod request;
mod runtime_crate;
mod site;
mod style;
pub mod summary;
mod undo;
mod version;

pub use answer::Answers;
pub use apply::apply;
pub use diff::unified;
pub use error::{ApplyError, PlanError, SiteError};
pub use extra::{Extra, UnknownExtra};
pub use file::Class;
pub use filesystem::{Disk, FileSystem};
pub use kind::{Kind, UnknownKind};
pub use lock::{LOCK_PATH, Lock, LockError};
pub use name::service_name;
pub use outcome::Outcome;
pub use plan::{Action, Change, Plan};
pub use request::Request;
pub use site::Site;
