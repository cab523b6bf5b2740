//! Services that Prometheus would not find.

mod configuration;
mod image;
mod ports;
pub(super) mod scrape_mismatch;
