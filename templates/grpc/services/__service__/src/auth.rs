//! Who may call: whoever sends the token, if one is configured. An example, for services that only few others call.
//!
//! It guards the users. Health and reflection answer everybody: probes have no token, and tell nothing of users.

use std::{fmt, fs};

use marty_runtime::config::Setting;
use subtle::ConstantTimeEq as _;
use tonic::{Request, Status, metadata::MetadataMap, service::Interceptor};
use tonic_types::{ErrorDetails, StatusExt as _};

/// What callers have to know.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// The token of that text; blanks around it do not count.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    /// Whether a caller sent it as `authorization: Bearer <token>`. How long that takes tells nothing but the token's length.
    fn is_in(&self, metadata: &MetadataMap) -> bool {
        let sent = metadata.get("authorization");
        let sent = sent.and_then(|value| value.as_bytes().split_at_checked(SCHEME.len()));
        sent.is_some_and(|(scheme, sent)| {
            scheme.eq_ignore_ascii_case(SCHEME) && bool::from(self.0.as_bytes().ct_eq(sent))
        })
    }
}

/// How the value of `authorization` begins (RFC 6750), in whatever case.
const SCHEME: &[u8] = b"Bearer ";

/// Keeps the token to itself: what is only looked at for debugging ends up in logs.
impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Token").finish_non_exhaustive()
    }
}

// No text is refused, so that none is ever shown in a message.
impl Setting for Token {
    const ACCEPTED: &'static str = "a token";

    fn parse(text: &str) -> Option<Self> {
        Self::new(text)
    }
}

/// A token that is in a file, as secrets are mounted into containers. It is read once, at the start.
#[derive(Debug, Clone)]
pub struct TokenFile(pub Token);

impl Setting for TokenFile {
    const ACCEPTED: &'static str = "the path of a file with a token in it";

    fn parse(path: &str) -> Option<Self> {
        let text = fs::read_to_string(path).ok()?;
        Token::new(&text).map(Self)
    }
}

/// Lets calls through that come with the token; all of them if there is none.
#[derive(Debug, Clone)]
pub(crate) struct Guard(pub(crate) Option<Token>);

impl Interceptor for Guard {
    fn call(&mut self, request: Request<()>) -> Result<Request<()>, Status> {
        match &self.0 {
            Some(token) if !token.is_in(request.metadata()) => Err(unauthenticated()),
            _ => Ok(request),
        }
    }
}

/// It does not say what was wrong with the token: who has one knows.
fn unauthenticated() -> Status {
    let details = ErrorDetails::with_error_info(
        "UNAUTHENTICATED",
        env!("CARGO_PKG_NAME"),
        std::collections::HashMap::new(),
    );
    Status::with_error_details(
        tonic::Code::Unauthenticated,
        "the call needs the metadata `authorization: Bearer <token>`",
        details,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sent: Option<&'static str>, let_through: bool) {
        let mut request = Request::new(());
        if let Some(sent) = sent {
            let value = tonic::metadata::MetadataValue::from_static(sent);
            request.metadata_mut().insert("authorization", value);
        }
        let answer = Guard(Token::new("secret\n")).call(request);
        assert_eq!(answer.is_ok(), let_through, "{sent:?}");
    }

    #[test]
    fn lets_through_who_sends_the_token() {
        check(Some("Bearer secret"), true);
        check(Some("bearer secret"), true);
    }

    #[test]
    fn refuses_who_does_not() {
        check(None, false);
        for sent in [
            "",
            "Bearer",
            "Bearer ",
            "Bearer secre",
            "Bearer secrets",
            "Basic secret",
            "secret",
        ] {
            check(Some(sent), false);
        }
    }

    #[test]
    fn lets_everybody_through_without_a_token() {
        assert_eq!(Token::new(" \n"), None);
        assert!(Guard(None).call(Request::new(())).is_ok());
    }

    #[test]
    fn shows_no_token_when_it_is_debugged() {
        let shown = format!("{:?}", Guard(Token::new("secret")));
        assert_eq!(shown, "Guard(Some(Token(..)))");
    }
}
