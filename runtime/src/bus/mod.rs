//! The event bus: publishes events, and hands them to the groups that handle them, over a transport.
//!
//! It holds publishing, the engine of a group (attempts, dead letters, order, positions) and the transports. It must not know
//! the form of events on the wire: that is the event room's.
//!
//! Delivery is at least once, and exactly once for groups that ask for it and only publish. The offset of a record is stored only after its handler succeeded, it was skipped on purpose, or the
//! broker acknowledged its dead letter.
//!
//! # What goes wrong
//!
//! Over Kafka, with the settings that the bus has:
//!
//! | what | what becomes of events |
//! | --- | --- |
//! | brokers are killed, the network is cut, or a broker is slower than who publishes | publishing waits as long as it may and says then that it was not acknowledged, which [may be tried again](PublishError::is_retryable); memory stays bounded; nothing acknowledged is lost that the topic has copies of |
//! | a member is killed | what it had handled since positions were stored last, which is every second, is handled again by others |
//! | a member stops, members come and go | handlers finish, and how far they are is stored; what has not finished within three seconds is handled again |
//! | the member is paused, or its handlers are slow | it keeps its partitions, however long that takes |
//! | a record is none of ours, or is never handled | it becomes a dead letter, and what is behind it goes on |
//! | the dead letter is not taken | its partition waits and says so, and the service is not ready, until the topic takes it; other partitions go on, but not those that the same member has of a group that is exactly once, whose transactions all of that is part of |
//! | a clock is wrong | events of any time are handled; lag and durations are never less than nothing. A topic refuses what is further ahead than its `message.timestamp.after.max.ms`, an hour by default, which may be tried again. A dead letter has the time of its failure, and its event's in a header |
//! | a clock is set while events flow | nothing is lost or handled out of order, and ids go on ascending. What librdkafka waits for would take as long as the clock was set back: that is seen within a second, and the client woken, so that members keep their partitions and stop in time. A broker that is away just then may be tried again only that much later. What waits in a retry topic does so for its delay at most, and what one service wrote before does not wait one after the other |
//! | partitions are added | members read them from their beginning, within `topic.metadata.refresh.interval.ms`. A key may go to another partition from then on: its order holds if what it had in the old one was handled before |
//! | a topic is removed and made anew | it is read from its beginning. But the client sees that only where the new topic holds less than was read of the old one: if it may hold more, stop the group before, and start it after |
//! | retention takes what was not handled yet | it is gone, and the log says so; what is left is handled |
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

mod assigned;
mod attempt;
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
mod failure;
mod group;
mod handler;
#[cfg(feature = "postgres")]
mod inbox;
mod job;
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
