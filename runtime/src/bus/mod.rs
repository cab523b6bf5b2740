//! The event bus: publishes events, and hands them to the groups that handle them, over a transport.
//!
//! It holds publishing, the engine of a group (attempts, dead letters, order, positions) and the transports. It must not know
//! the form of events on the wire: that is the event room's.
//!
//! Delivery is at least once, and exactly once for groups that ask for it and only publish. The offset of a record is stored only after its handler succeeded, it was skipped on purpose, or the
//! broker acknowledged its dead letter.
//!
//! ```
//! use marty_runtime::bus::{Consumers, Delivery, EventBus, HandlerError};
//! use marty_runtime::event::{Envelope, Event};
//! use tokio::{sync::mpsc, time::Instant};
//!
//! #[derive(Event)]
//! #[event(type = "user.created", version = 1, topic = domain("user"), key = user_id)]
//! struct UserCreated {
//!     user_id: u64,
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (bus, _memory) = EventBus::in_memory("user-service");
//! let (handled, mut seen) = mpsc::unbounded_channel();
//! let greet = move |event: Envelope<UserCreated>, _: Delivery| {
//!     let handled = handled.clone();
//!     async move {
//!         handled.send(event.data.user_id)?;
//!         Ok::<(), HandlerError>(())
//!     }
//! };
//! let subscription = bus.consume(Consumers::new("greeter").on::<UserCreated>(greet))?;
//! bus.publish_domain_event("user/17", &UserCreated { user_id: 17 }).await?;
//! assert_eq!(seen.recv().await, Some(17));
//! assert!(subscription.stop(Instant::now() + std::time::Duration::from_secs(5)).await);
//! # Ok(())
//! # }
//! ```

mod broker;
#[expect(
    clippy::module_inception,
    reason = "the room holds the bus, and is called after it"
)]
mod bus;
mod choice;
mod consumers;
mod duplicate;
mod error;
mod group;
mod handler;
#[cfg(feature = "postgres")]
mod inbox;
#[cfg(feature = "kafka")]
mod kafka;
mod lane;
mod later;
mod letter;
mod memory;
mod metrics;
#[cfg(feature = "postgres")]
mod outbox;
mod output;
mod partition;
mod policy;
mod refusal;
mod sending;
mod span;
#[cfg(test)]
mod tests;
mod tracker;
mod transport;

pub use bus::EventBus;
pub use consumers::{Consumers, GroupState, Subscription};
pub use duplicate::{BoxedError, Duplicates, RecentEvents};
#[cfg(feature = "postgres")]
pub use error::OutboxError;
pub use error::{ConsumeError, HandlerError, PublishError};
pub(crate) use group::Group;
pub use handler::{Delivery, EventHandler, Handler};
#[cfg(feature = "postgres")]
pub use inbox::Inbox;
#[cfg(feature = "kafka")]
pub use kafka::KafkaConfig;
pub use marty_macros::event_handler;
pub use memory::{Memory, Stored};
pub(crate) use metrics::families;
#[cfg(feature = "postgres")]
pub use outbox::Outbox;
pub use policy::Policy;
pub use transport::Receipt;
