//! Problem details (RFC 9457): the one form of every error answer.

use std::borrow::Cow;

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{Map, Value};

const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");

/// An error answer. Inside a service it also carries the request's `correlation_id`.
///
/// ```
/// use axum::{http::StatusCode, response::IntoResponse};
/// use marty_runtime::http::Problem;
///
/// async fn read_user() -> Result<String, Problem> {
///     Err(Problem::new(StatusCode::NOT_FOUND)
///         .with_type("/problems/user-not-found")
///         .with_title("User not found")
///         .with_detail("there is no user 17")
///         .with("user_id", 17))
/// }
/// # let _ = axum::routing::get::<_, _, ()>(read_user);
/// let response = Problem::new(StatusCode::CONFLICT).into_response();
/// assert_eq!(response.headers()["content-type"], "application/problem+json");
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Problem(Box<Members>);

/// Behind a box, for a problem is the error of nearly every handler.
#[derive(Clone, Debug, Serialize)]
struct Members {
    #[serde(rename = "type")]
    kind: Cow<'static, str>,
    title: Cow<'static, str>,
    #[serde(serialize_with = "as_number")]
    status: StatusCode,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    #[serde(flatten)]
    extensions: Map<String, Value>,
}

impl Problem {
    /// The problem that `status` itself tells of. Its type is `about:blank`, its title the status's own phrase.
    pub fn new(status: StatusCode) -> Self {
        Self(Box::new(Members {
            kind: Cow::Borrowed("about:blank"),
            title: Cow::Borrowed(status.canonical_reason().unwrap_or("Unknown")),
            status,
            detail: None,
            instance: None,
            extensions: Map::new(),
        }))
    }

    /// Names the kind of problem by a URI reference. Give it a title of its own, too.
    pub fn with_type(mut self, kind: impl Into<Cow<'static, str>>) -> Self {
        self.0.kind = kind.into();
        self
    }

    /// Says in few words what kind of problem it is; the same for all problems of a type.
    pub fn with_title(mut self, title: impl Into<Cow<'static, str>>) -> Self {
        self.0.title = title.into();
        self
    }

    /// Says what went wrong this time, for the caller to read.
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Names this occurrence by a URI reference.
    pub fn with_instance(mut self, instance: impl Into<String>) -> Self {
        self.0.instance = Some(instance.into());
        self
    }

    /// Adds a member of the problem's own. The standard members have methods of their own and are not replaced by it.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        if !["type", "title", "status", "detail", "instance"].contains(&name) {
            self.0.extensions.insert(name.to_owned(), value.into());
        }
        self
    }

    /// The status it is answered with.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.0.status
    }

    /// What went wrong this time.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// The answer alone, without the copy of the problem that lets the correlation id be added.
    pub(super) fn render(&self) -> Response {
        // Text, numbers and JSON values always serialise.
        let json = serde_json::to_vec(&self.0).unwrap_or_default();
        let mut response = Response::new(Body::from(json));
        *response.status_mut() = self.0.status;
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, CONTENT_TYPE);
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.render();
        response.extensions_mut().insert(self);
        response
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes fields by reference"
)]
fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(problem: &Problem, expected: &Value) {
        assert_eq!(serde_json::to_value(&problem.0).unwrap(), *expected);
    }

    #[test]
    fn tells_of_its_status_alone() {
        let expected =
            serde_json::json!({"type": "about:blank", "title": "Not Found", "status": 404});
        check(&Problem::new(StatusCode::NOT_FOUND), &expected);
    }

    #[test]
    fn carries_members_of_its_own_beside_the_standard_ones() {
        let problem = Problem::new(StatusCode::CONFLICT)
            .with_detail("taken")
            .with("field", "email")
            .with("status", 200);
        let expected = serde_json::json!({
            "type": "about:blank", "title": "Conflict", "status": 409, "detail": "taken", "field": "email",
        });
        check(&problem, &expected);
    }
}
