//! Services that Prometheus would not find.

pub(super) mod scrape_mismatch;
