//! `marty` scaffolds observable Rust microservices and proves that what the code exports, the
//! dashboards draw, the alerts watch and the runbooks explain is one contract.

mod assets;
pub mod check;
pub mod cli;
pub mod commands;
#[cfg(feature = "kafka")]
pub mod events;
pub mod model;
pub mod project;
pub mod scaffold;
pub mod ui;
