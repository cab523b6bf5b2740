//! The forms of a report. They make text; who prints it is somebody else's business.

mod full;
mod json;
mod position;

pub use full::full;
pub use json::json;
