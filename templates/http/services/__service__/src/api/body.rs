//! What callers send and get.

use std::num::{IntErrorKind, NonZeroU16};

use axum::{
    Json,
    http::header,
    response::{IntoResponse, Response},
};
use marty_runtime::http::Problem;
use serde::{Deserialize, Serialize};

use super::{etag, field::FieldErrors};
use crate::{
    domain::{Email, Profile, User, UserId, UserName},
    repository::{Page, PageSize},
};

/// The body of `POST /users` and `PUT /users/{id}`. A field that is missing is an error like others, so that all are told at once.
///
/// It has no `Debug`: what people send of themselves is not for logs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileBody {
    name: Option<String>,
    email: Option<String>,
}

impl ProfileBody {
    /// The profile, or a problem that tells what is wrong with each field.
    pub(super) fn validate(self) -> Result<Profile, Problem> {
        let mut errors = FieldErrors::default();
        let name = errors.required("#/name", self.name);
        let email = errors.required("#/email", self.email);
        match (name, email) {
            (Some(name), Some(email)) => Ok(Profile { name, email }),
            _ => Err(errors.into()),
        }
    }
}

/// The query of `GET /users`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PageQuery {
    pub(super) limit: Option<Limit>,
    pub(super) cursor: Option<UserId>,
}

/// How many users a caller wants on a page at most: 1 or more, however many a page can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Limit(NonZeroU16);

impl Limit {
    /// The page that comes nearest to it.
    pub(super) fn page_size(self) -> PageSize {
        PageSize::new(self.0.get()).unwrap_or(PageSize::LARGEST)
    }
}

/// A text is not a limit.
#[derive(Debug, thiserror::Error)]
#[error("has to be a whole number from 1")]
pub(super) struct InvalidLimit;

impl TryFrom<String> for Limit {
    type Error = InvalidLimit;

    fn try_from(text: String) -> Result<Self, InvalidLimit> {
        match text.parse() {
            Ok(number) => Ok(Self(number)),
            Err(error) if *error.kind() == IntErrorKind::PosOverflow => Ok(Self(NonZeroU16::MAX)),
            Err(_) => Err(InvalidLimit),
        }
    }
}

/// The members of a user in an answer.
#[derive(Debug, Serialize)]
struct UserBody {
    id: UserId,
    name: UserName,
    email: Email,
}

impl From<User> for UserBody {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            name: user.profile.name,
            email: user.profile.email,
        }
    }
}

/// An answer of one user, with its version in the header `etag`.
#[derive(Debug)]
pub(super) struct UserAnswer(pub(super) User);

impl IntoResponse for UserAnswer {
    fn into_response(self) -> Response {
        let etag = (header::ETAG, etag::of(self.0.version));
        ([etag], Json(UserBody::from(self.0))).into_response()
    }
}

/// The answer of `GET /users`.
#[derive(Debug, Serialize)]
pub(super) struct UserList {
    users: Vec<UserBody>,
    /// Where the next page is; nothing on the last one.
    next: Option<String>,
}

impl UserList {
    pub(super) fn new(page: Page, size: PageSize) -> Self {
        let next = page
            .next
            .map(|after| format!("/users?limit={size}&cursor={after}"));
        Self {
            users: page.users.into_iter().map(UserBody::from).collect(),
            next,
        }
    }
}
