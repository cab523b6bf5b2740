//! What `marty events` does at a broker: dead letters, live events, topics.
//!
//! It alone talks to Kafka. It must not print: what was found and done is returned, or told to whoever asked. Events are read by
//! the runtime's own codec, and shown by its own rules for what is somebody's.

mod broker;
mod ear;
mod error;
mod filter;
mod letter;
mod mask;
mod render;
mod settle;
mod tail;
mod topic;

pub use broker::Broker;
pub use error::EventsError;
pub use filter::{Asked, Filter};
pub use letter::{Letter, State, letters};
pub use render::{Report, Shown};
pub use settle::{Settlement, Settling, settle, trace};
pub use tail::{Live, tail};
pub use topic::{Found, Standing, compare, create};
