//! All users in one stream.

use std::{pin::Pin, sync::Arc};

use futures_util::{Stream, TryStreamExt as _, stream};
use tonic::Status;

use super::refusal::Refusal;
use crate::{
    proto::ExportUsersResponse,
    repository::{PageSize, UserRepository},
};

/// Users, until there are no more or the caller has gone.
pub(super) type Export = Pin<Box<dyn Stream<Item = Result<ExportUsersResponse, Status>> + Send>>;

/// Reads a page when the one before was sent: who reads slowly does not fill the memory.
pub(super) fn all(users: Arc<dyn UserRepository>) -> Export {
    let pages = stream::try_unfold(Some(None), move |next| {
        let users = Arc::clone(&users);
        async move {
            let Some(after) = next else {
                return Ok::<_, Status>(None);
            };
            let page = users.list(after, PageSize::LARGEST).await;
            let page = page.map_err(Refusal::from)?;
            Ok(Some((page.users, page.next.map(Some))))
        }
    });
    let users = pages.map_ok(|page| stream::iter(page.into_iter().map(Ok)));
    Box::pin(users.try_flatten().map_ok(|user| ExportUsersResponse {
        user: Some(user.into()),
    }))
}
