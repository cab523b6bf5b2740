//! Many users in one stream, each answered for itself.

use std::{pin::Pin, sync::Arc};

use futures_util::{Stream, stream};
use tonic::{Status, Streaming};

use super::{field, method::report, refusal::Refusal};
use crate::{
    metrics::Change,
    proto::{ImportUsersRequest, ImportUsersResponse, User, import_users_response::Outcome},
    repository::UserRepository,
};

/// Answers, until the caller has sent its last user or has gone.
pub(super) type Import = Pin<Box<dyn Stream<Item = Result<ImportUsersResponse, Status>> + Send>>;

/// Takes a user when the answer to the one before was sent: who sends faster has to wait.
pub(super) fn each(
    users: Arc<dyn UserRepository>,
    incoming: Streaming<ImportUsersRequest>,
) -> Import {
    Box::pin(stream::try_unfold(
        (incoming, 0),
        move |(mut incoming, index)| {
            let users = Arc::clone(&users);
            async move {
                let Some(request) = incoming.message().await? else {
                    return Ok(None);
                };
                let outcome = Some(outcome(&*users, &request).await?);
                let answer = ImportUsersResponse { index, outcome };
                Ok(Some((answer, (incoming, index + 1))))
            }
        },
    ))
}

/// What became of one user; an error if the ones after it would fare no better.
async fn outcome(
    users: &dyn UserRepository,
    request: &ImportUsersRequest,
) -> Result<Outcome, Status> {
    match create(users, request).await {
        Ok(user) => Ok(Outcome::User(user)),
        Err(refusal) if refusal.is_lasting() => Err(refusal.into()),
        Err(refusal) => Ok(Outcome::Failure(refusal.into())),
    }
}

async fn create(users: &dyn UserRepository, request: &ImportUsersRequest) -> Result<User, Refusal> {
    let profile = field::profile(&request.name, &request.email)?;
    let user = users.insert(profile).await?;
    report(Change::Created, user.id);
    Ok(user.into())
}
