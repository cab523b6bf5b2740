//! Versions of users as entity tags (RFC 9110, sections 8.8.3 and 13.1.1).

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};

use crate::domain::{Expected, Version};

/// The entity tag of a version.
pub(super) fn of(version: Version) -> String {
    format!("\"{version}\"")
}

/// The versions that the header `if-match` asks for.
#[derive(Debug)]
pub(super) struct IfMatch(pub(super) Expected);

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(expected(&parts.headers)))
    }
}

/// The versions that are asked for. What is neither `*` nor a list of tags asks for none that there is.
fn expected(headers: &HeaderMap) -> Expected {
    let lines = headers.get_all(header::IF_MATCH).iter();
    // A list may be spread over several lines, which are one with commas between them.
    let lines: Vec<_> = lines
        .map(|line| String::from_utf8_lossy(line.as_bytes()))
        .collect();
    match lines.as_slice() {
        [] => Expected::Any,
        [line] if line.trim() == "*" => Expected::Any,
        lines => {
            let list = lines.join(",");
            // A tag that was never given is no user's, but another one of the list may be.
            let tags = tags(&list).unwrap_or_default();
            Expected::OneOf(tags.into_iter().filter_map(version).collect())
        }
    }
}

/// The tags of a list, each as it is written, if it is one; a comma within a tag is part of it.
fn tags(mut rest: &str) -> Option<Vec<&str>> {
    let mut tags = Vec::new();
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return Some(tags);
        }
        let opaque = rest.strip_prefix("W/").unwrap_or(rest).strip_prefix('"')?;
        let (_, after) = opaque.split_once('"')?;
        tags.push(rest.strip_suffix(after)?);
        rest = after.trim_start_matches([' ', '\t']);
        if !rest.is_empty() && !rest.starts_with(',') {
            return None;
        }
    }
}

/// The version whose tag this is, to the letter: a weak tag or `"01"` is not.
fn version(tag: &str) -> Option<Version> {
    let number = tag.trim_matches('"').parse().ok()?;
    Some(Version::new(number)).filter(|version| of(*version) == tag)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[track_caller]
    fn check(lines: &[&'static str], expected: &[u64]) {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::IF_MATCH, HeaderValue::from_static(line));
        }
        let expected = expected.iter().copied().map(Version::new).collect();
        let expected = Expected::OneOf(expected);
        assert_eq!(super::expected(&headers), expected, "{lines:?}");
    }

    #[test]
    fn reads_the_tags_it_gives() {
        let version = Version::new(17);
        assert_eq!(super::version(&of(version)), Some(version));
    }

    #[test]
    fn takes_any_version_when_none_is_asked_for() {
        let mut headers = HeaderMap::new();
        assert_eq!(expected(&headers), Expected::Any);
        headers.insert(header::IF_MATCH, HeaderValue::from_static(" * "));
        assert_eq!(expected(&headers), Expected::Any);
    }

    #[test]
    fn reads_every_tag_of_a_list_on_every_line() {
        check(&["\"1\""], &[1]);
        check(&["\"1\", \"2\""], &[1, 2]);
        check(&["\"1\",\"2\" ,, \"3\","], &[1, 2, 3]);
        check(&["\"1\"", "\"2\", \"3\""], &[1, 2, 3]);
    }

    #[test]
    fn reads_no_other_tags() {
        check(
            &["\"\", \"a\", W/\"17\", \"-1\", \"+1\", \"01\", \" 1\""],
            &[],
        );
        check(&["\"other, \", W/\"2\", \"3\""], &[3]);
    }

    #[test]
    fn finds_nothing_in_what_is_no_list_of_tags() {
        for line in [
            "",
            ",",
            "17",
            "\"17",
            "17\"",
            "\"1\" \"2\"",
            "w/\"1\"",
            "*, \"1\"",
            "\"1\", 2",
        ] {
            check(&[line], &[]);
        }
        check(&["*", "\"1\""], &[]);
    }
}
