//! What callers send and get.

use std::{
    fmt,
    marker::PhantomData,
    num::{IntErrorKind, NonZeroU16},
};

use axum::{
    Json,
    extract::{FromRequest, Request, rejection::JsonRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use marty_runtime::http::Problem;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, MapAccess, Visitor, value::MapAccessDeserializer},
};

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

/// A body that is one JSON object, sent as it is.
pub(super) struct Object<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Object<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if is_encoded(request.headers()) {
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE)
                .with_detail("the body has a `content-encoding`, and none is understood"));
        }
        match Json::from_request(request, state).await {
            Ok(Json(Members(object))) => Ok(Self(object)),
            Err(error) => Err(refused(&error)),
        }
    }
}

fn is_encoded(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(header::CONTENT_ENCODING).iter();
    codings.any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

fn refused(error: &JsonRejection) -> Problem {
    Problem::new(error.status()).with_detail(error.body_text())
}

/// What is read from an object's members by their names. By itself, serde reads it from an array, too.
struct Members<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Members<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor(PhantomData))
    }
}

struct MembersVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for MembersVisitor<T> {
    type Value = Members<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(members)).map(Members)
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
