//! The builder's method for events.

use super::Service;
use crate::bus::{Consumers, EventBus};

impl Service {
    /// Publishes by `bus`, and consumes from it for `groups`, as long as the service runs.
    ///
    /// Consumption begins as the service starts. As it ends, and once the requests are finished, no further event is handled, handlers
    /// finish, and positions are stored; what is published until then, and by tasks, is waited for. The readiness check of a
    /// group is called `events:` and its name: it fails while a dead letter is not taken.
    ///
    /// ```
    /// use marty_runtime::{Config, Service, bus::{Consumers, Delivery, EventBus, HandlerError}, event::{Envelope, Event}};
    ///
    /// #[derive(Event)]
    /// #[event(type = "user.created", topic = domain("user"), key = user_id)]
    /// struct UserCreated {
    ///     user_id: u64,
    /// }
    ///
    /// async fn greet(event: Envelope<UserCreated>, _: Delivery) -> Result<(), HandlerError> {
    ///     tracing::info!(user_id = event.data.user_id, "welcome");
    ///     Ok(())
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), marty_runtime::Error> {
    /// let (bus, _memory) = EventBus::in_memory("user-service");
    /// let service = Service::new(marty_runtime::service_info!(), Config::for_tests())
    ///     .events(&bus, [Consumers::new("greeter").on::<UserCreated>(greet)]);
    /// service.start().await?.stop().await
    /// # }
    /// ```
    pub fn events(mut self, bus: &EventBus, groups: impl IntoIterator<Item = Consumers>) -> Self {
        self.events.add(bus, groups);
        self
    }
}
