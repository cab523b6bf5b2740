//! Versions of users as entity tags (RFC 9110, sections 8.8.3 and 13.1.1).

use axum::{
    extract::FromRequestParts,
    http::{HeaderValue, StatusCode, header, request::Parts},
};
use marty_runtime::http::Problem;

use crate::domain::Version;

/// The entity tag of a version.
pub(super) fn of(version: Version) -> String {
    format!("\"{version}\"")
}

/// The version that the header `if-match` asks for; nothing if any will do.
#[derive(Debug)]
pub(super) struct IfMatch(pub(super) Option<Version>);

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match parts.headers.get(header::IF_MATCH) {
            None => Ok(Self(None)),
            Some(value) if value == "*" => Ok(Self(None)),
            Some(value) => match version(value) {
                Some(version) => Ok(Self(Some(version))),
                // A tag that was never given is no user's, whichever user is meant.
                None => Err(Problem::new(StatusCode::PRECONDITION_FAILED)
                    .with_detail("`if-match` has to be `*` or one tag as `etag` gave it")),
            },
        }
    }
}

fn version(tag: &HeaderValue) -> Option<Version> {
    let quoted = tag.to_str().ok()?.trim();
    let number = quoted.strip_prefix('"')?.strip_suffix('"')?;
    number.parse().ok().map(Version::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_tags_it_gives() {
        let version = Version::new(17);
        let tag = HeaderValue::from_str(&of(version)).unwrap();
        assert_eq!(super::version(&tag), Some(version));
    }

    #[test]
    fn reads_no_other_tags() {
        for tag in [
            "17",
            "\"17",
            "W/\"17\"",
            "\"\"",
            "\"a\"",
            "\"-1\"",
            "\"1\", \"2\"",
        ] {
            assert_eq!(version(&HeaderValue::from_static(tag)), None, "{tag}");
        }
    }
}
