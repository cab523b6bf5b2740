//! PromQL with byte positions and Grafana variables.
//!
//! Our own parser because no other keeps positions, recovers, and accepts the variables that half
//! of all dashboard queries contain. It holds the language only: what metrics exist is not known here.

pub mod ast;
