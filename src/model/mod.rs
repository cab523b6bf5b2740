//! Parsed artefacts of a project, every value with its byte position.
//!
//! Pure: text in, values out. Nothing in here reads a file, opens a socket or prints; a mistake in
//! the text is a value too ([`source::Issue`]), because a broken file is a finding and not a
//! reason to stop.

pub mod dashboard;
mod data_source;
mod element;
pub mod json;
pub mod node;
pub mod promql;
pub mod prose;
pub mod query;
pub mod rule;
pub mod rule_shape;
pub mod rule_test;
pub mod runbook;
pub mod rust;
pub mod scrape;
pub mod series_value;
pub mod source;
pub mod template;
mod template_shape;
pub mod toml;
pub mod yaml;
