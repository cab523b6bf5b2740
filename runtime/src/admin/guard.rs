//! Who may see and change what not everybody may.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{
    config::Secret,
    http::Problem,
    metric::{Collect, CounterFamily},
    names,
};

/// How long after a refusal was logged others are only counted.
const SILENCE: Duration = Duration::from_secs(10);

/// Asks for the token.
#[derive(Debug)]
pub(crate) struct Guard {
    token: Option<Secret>,
    refusals: Arc<CounterFamily>,
    logged: Mutex<Option<Instant>>,
}

impl Guard {
    pub(crate) fn new(token: Option<Secret>) -> Self {
        let names::Metric { name, help, .. } = names::MARTY_ADMIN_REFUSALS;
        // An empty token would let everybody in.
        let token = token.filter(|token| !token.expose().is_empty());
        if token.is_none() {
            tracing::debug!("admin endpoints are off: there is no `MARTY_ADMIN_TOKEN`");
        }
        Self {
            token,
            refusals: Arc::new(CounterFamily::counter(name, help)),
            logged: Mutex::default(),
        }
    }

    /// How often somebody lacked the token.
    pub(crate) fn refusals(&self) -> Arc<dyn Collect> {
        Arc::clone(&self.refusals) as _
    }

    /// Whether there is a token, and so anything to ask it for.
    pub(super) const fn is_on(&self) -> bool {
        self.token.is_some()
    }

    fn lets_in(&self, headers: &HeaderMap) -> bool {
        let given = headers.get(header::AUTHORIZATION).and_then(bearer);
        let token = self.token.as_ref();
        given.is_some_and(|given| token.is_some_and(|token| token.matches(given)))
    }

    /// Counts a refusal, and logs it unless another was logged just before.
    fn refuse(&self, peer: Option<SocketAddr>, path: &str) {
        self.refusals.get(&()).inc();
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        if logged.is_none_or(|at| at.elapsed() >= SILENCE) {
            *logged = Some(Instant::now());
            let (peer, refusals) = (shown(peer), self.refusals.get(&()).value());
            tracing::warn!(
                peer,
                path,
                refusals,
                "admin request without the token refused"
            );
        }
    }
}

/// The credentials of the scheme `Bearer`, whose name may be written in either case.
fn bearer(value: &HeaderValue) -> Option<&[u8]> {
    let (scheme, token) = value.as_bytes().split_at_checked(7)?;
    scheme
        .eq_ignore_ascii_case(b"bearer ")
        .then(|| token.trim_ascii())
}

pub(super) fn shown(peer: Option<SocketAddr>) -> Option<String> {
    peer.map(|peer| peer.to_string())
}

/// The address that the request came from.
pub(super) fn peer_of(request: &Request) -> Option<SocketAddr> {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    peer.map(|ConnectInfo(peer)| *peer)
}

/// Answers only who has the token.
pub(super) async fn guard(
    State(guard): State<Arc<super::Admin>>,
    request: Request,
    next: Next,
) -> Response {
    if guard.guard.lets_in(request.headers()) {
        return next.run(request).await;
    }
    guard.guard.refuse(peer_of(&request), request.uri().path());
    let problem = Problem::new(StatusCode::UNAUTHORIZED)
        .with_detail("this asks for the admin token: `authorization: Bearer <token>`");
    let challenge = [(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))];
    (challenge, problem).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(authorization: &str, expected: bool) {
        let guard = Guard::new(Some(Secret::new("s3cret")));
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, authorization.parse().unwrap());
        assert_eq!(guard.lets_in(&headers), expected, "{authorization}");
    }

    #[test]
    fn lets_in_who_has_the_token() {
        check("Bearer s3cret", true);
        check("bearer  s3cret", true);
        check("Bearer s3cre", false);
        check("Bearer s3crets", false);
        check("Bearer ", false);
        check("Bearer", false);
        check("Basic s3cret", false);
        check("s3cret", false);
        assert!(!Guard::new(Some(Secret::new("s3cret"))).lets_in(&HeaderMap::new()));
    }

    #[test]
    fn lets_nobody_in_without_a_token() {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer "));
        assert!(!Guard::new(None).lets_in(&headers));
        let empty = Guard::new(Some(Secret::new("")));
        assert!(!empty.is_on() && !empty.lets_in(&headers));
    }
}
