//! Users whose changes others are told of.

use std::{error::Error, sync::Arc};

use marty_runtime::{
    bus::EventBus,
    event::{Cause, Event},
    tracing::{self, Instrument as _},
};

use super::{UserCreated, UserDeleted, UserUpdated};
use crate::{
    domain::{Expected, Profile, User, UserId},
    repository::{Answer, Page, PageSize, RepositoryError, UserRepository},
};

/// Users that are kept elsewhere; every change of them is published once it is made.
///
/// A change whose event cannot be published stays made: the failure is counted and logged, and who asked for the change is told
/// that it was made. An event is also lost if the process dies between the two. Who cannot have that writes events into the
/// database, in the transaction of the change, and publishes them from there.
#[derive(Debug)]
pub struct PublishingUsers {
    users: Arc<dyn UserRepository>,
    bus: EventBus,
}

impl PublishingUsers {
    /// The users of `users`, whose changes are published by `bus`.
    #[must_use]
    pub fn new(users: Arc<dyn UserRepository>, bus: EventBus) -> Self {
        Self { users, bus }
    }

    /// What a change is made by.
    fn parts(&self) -> (Arc<dyn UserRepository>, EventBus) {
        (Arc::clone(&self.users), self.bus.clone())
    }
}

impl UserRepository for PublishingUsers {
    fn insert(&self, profile: Profile) -> Answer<'_, User> {
        let (users, bus) = self.parts();
        to_the_end(async move {
            let user = users.insert(profile).await?;
            publish(&bus, user.id, &UserCreated::from(&user)).await;
            Ok(user)
        })
    }

    fn find(&self, id: UserId) -> Answer<'_, User> {
        self.users.find(id)
    }

    fn list(&self, after: Option<UserId>, size: PageSize) -> Answer<'_, Page> {
        self.users.list(after, size)
    }

    fn replace(&self, id: UserId, profile: Profile, expected: Expected) -> Answer<'_, User> {
        let (users, bus) = self.parts();
        to_the_end(async move {
            let user = users.replace(id, profile, expected).await?;
            publish(&bus, id, &UserUpdated::from(&user)).await;
            Ok(user)
        })
    }

    fn remove(&self, id: UserId, expected: Expected) -> Answer<'_, ()> {
        let (users, bus) = self.parts();
        to_the_end(async move {
            users.remove(id, expected).await?;
            publish(&bus, id, &UserDeleted { user_id: id }).await;
            Ok(())
        })
    }

    fn ping(&self) -> Answer<'_, ()> {
        self.users.ping()
    }
}

/// Makes a change and publishes it, even if who asked for it leaves meanwhile.
fn to_the_end<T: Send + 'static>(
    change: impl Future<Output = Result<T, RepositoryError>> + Send + 'static,
) -> Answer<'static, T> {
    Box::pin(async {
        // A task knows neither the request's correlation id nor its span by itself.
        let change = Cause::current().scope(change).in_current_span();
        let made = tokio::spawn(change).await;
        made.unwrap_or_else(|error| Err(RepositoryError::Unavailable(error.into())))
    })
}

async fn publish<E: Event>(bus: &EventBus, id: UserId, event: &E) {
    let published = bus.publish_domain_event(format!("user/{id}"), event).await;
    if let Err(error) = published {
        let error = &error as &(dyn Error + 'static);
        tracing::error!(user_id = %id, event_type = E::TYPE, error, "event not published");
    }
}
