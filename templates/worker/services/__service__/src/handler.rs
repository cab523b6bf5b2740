//! What is done for each event: how the directory changes, and what becomes of an event that does not change it.
//!
//! An event that may be handled later is tried again, one that never will be is rejected and becomes a dead letter, and one that
//! has nothing new is skipped. It must not know how events get here.

use std::sync::Arc;

use marty_runtime::{
    bus::{HandlerError, event_handler},
    event::{Envelope, Pii},
    metric::LabelValue as _,
    tracing,
};

use crate::{
    domain::{Entry, UserId, Version},
    events::{UserCreated, UserDeleted, UserUpdated},
    metrics::{Change, DIRECTORY_CHANGES, DirectoryChange},
    repository::{Directory, Effect},
};

/// Enters a new user.
#[event_handler("domain.user.events")]
pub(crate) async fn created(
    event: Envelope<UserCreated>,
    directory: Arc<dyn Directory>,
) -> Result<(), HandlerError> {
    let UserCreated {
        user_id,
        version,
        email,
    } = event.data;
    enter(&*directory, user_id, version, &email).await
}

/// Enters a user anew. One whose creation was never seen is entered, too: the topic may have forgotten it.
#[event_handler("domain.user.events")]
pub(crate) async fn updated(
    event: Envelope<UserUpdated>,
    directory: Arc<dyn Directory>,
) -> Result<(), HandlerError> {
    let UserUpdated {
        user_id,
        version,
        email,
    } = event.data;
    enter(&*directory, user_id, version, &email).await
}

/// Takes a user out, for good.
#[event_handler("domain.user.events")]
pub(crate) async fn deleted(
    event: Envelope<UserDeleted>,
    directory: Arc<dyn Directory>,
) -> Result<(), HandlerError> {
    let id = event.data.user_id;
    let effect = directory.remove(id).await.map_err(HandlerError::of)?;
    report(effect, Change::Removed, id)
}

async fn enter(
    directory: &dyn Directory,
    id: UserId,
    version: u64,
    email: &Pii<String>,
) -> Result<(), HandlerError> {
    let version = Version::new(version)
        .ok_or_else(|| HandlerError::reject("no_version", "there is no version 0 of a user"))?;
    let email = email
        .token()
        .cloned()
        .ok_or_else(|| HandlerError::reject("no_token", "the e-mail address is no token"))?;
    let entry = Entry { version, email };
    let effect = directory.enter(id, entry).await.map_err(HandlerError::of)?;
    report(effect, Change::Entered, id)
}

/// Counts and logs a change. Where there is none, the event is skipped, which is counted by the runtime.
fn report(effect: Effect, change: Change, id: UserId) -> Result<(), HandlerError> {
    match effect {
        Effect::Changed => {
            DIRECTORY_CHANGES.get(&DirectoryChange { change }).inc();
            tracing::info!(user_id = %id, change = &*change.as_label(), "directory changed");
            Ok(())
        }
        Effect::Stale => Err(HandlerError::skip("stale")),
        Effect::Gone => Err(HandlerError::skip("gone")),
    }
}
