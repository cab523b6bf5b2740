//! The table of faults, on real brokers: what may befall events, and what becomes of them.
//!
//! A row publishes numbered events while its fault is there. At the end every one of them is accounted for: handled or
//! dead-lettered, in the order of its key, and no partition is stuck. `tests/faults --full` runs the table in full.

mod account;
mod broker;
mod clock;
mod consumer;
mod duplicate;
mod letter;
mod network;
mod poison;
mod producer;
mod run;
mod scrape;
mod shop;
mod storm;
mod topic;
mod worker;
