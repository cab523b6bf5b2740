//! Which page is asked for.

use super::field::FieldErrors;
use crate::{
    domain::{Invalid, UserId},
    proto::ListUsersRequest,
    repository::PageSize,
};

/// The user after whom the page begins, and how many users are wanted on it.
pub(super) fn wanted(
    request: &ListUsersRequest,
) -> Result<(Option<UserId>, PageSize), FieldErrors> {
    let mut errors = FieldErrors::default();
    let size = size(request.page_size);
    if size.is_none() {
        errors.refuse("page_size", "is negative".to_owned());
    }
    let after = after(&request.page_token);
    if after.is_err() {
        let description = "is not one that was given for a next page";
        errors.refuse("page_token", description.to_owned());
    }
    errors.unless(after.ok().zip(size))
}

/// The page that comes nearest to a number of users; nothing if it is no such number.
fn size(wanted: i32) -> Option<PageSize> {
    match u16::try_from(wanted) {
        Ok(0) => Some(PageSize::DEFAULT),
        Ok(wanted) => Some(PageSize::new(wanted).unwrap_or(PageSize::LARGEST)),
        Err(_) => (wanted > 0).then_some(PageSize::LARGEST),
    }
}

/// Where a page begins: at the first user without a token.
fn after(token: &str) -> Result<Option<UserId>, Invalid> {
    if token.is_empty() {
        return Ok(None);
    }
    token.parse().map(Some)
}
