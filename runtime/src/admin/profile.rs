//! `/debug/pprof/profile`: where the process spends its processor time.

use axum::{
    extract::{Query, rejection::QueryRejection},
    http::StatusCode,
    response::Response,
};
use serde::Deserialize;

use crate::http::Problem;

/// For how long a profile is taken unless the caller says.
const SECONDS: u64 = 10;

/// The longest time, so that a caller that forgot it does not profile for ever.
const MOST_SECONDS: u64 = 60;

#[derive(Deserialize)]
pub(super) struct Asked {
    seconds: Option<u64>,
}

/// Takes a profile for `?seconds=n`, one at a time.
pub(super) async fn profile(
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, Problem> {
    let seconds = asked.map_or(0, |Query(asked)| asked.seconds.unwrap_or(SECONDS));
    if !(1..=MOST_SECONDS).contains(&seconds) {
        let detail = format!("`seconds` has to be a whole number from 1 to {MOST_SECONDS}");
        return Err(Problem::new(StatusCode::BAD_REQUEST).with_detail(detail));
    }
    sampler::sample(seconds).await
}

#[cfg(target_os = "linux")]
mod sampler {
    use std::{fmt, time::Duration};

    use axum::{
        http::{StatusCode, header},
        response::{IntoResponse, Response},
    };
    use pprof::{ProfilerGuard, ProfilerGuardBuilder, protos::Message};
    use tokio::{sync::Semaphore, task::spawn_blocking, time::sleep};

    use crate::http::Problem;

    /// Samples a second. Not a round number, so as not to beat in time with what runs a hundred times a second.
    const FREQUENCY: i32 = 99;

    /// The signal handler must not take a stack apart that it interrupted inside these: they hold locks that it needs.
    const NOT_INSIDE: [&str; 4] = ["libc", "libgcc", "pthread", "vdso"];

    /// There is one timer for the whole process.
    static TURN: Semaphore = Semaphore::const_new(1);

    pub(super) async fn sample(seconds: u64) -> Result<Response, Problem> {
        let _turn = TURN.try_acquire().map_err(|_| {
            Problem::new(StatusCode::CONFLICT).with_detail("another profile is being taken")
        })?;
        let guard = ProfilerGuardBuilder::default()
            .frequency(FREQUENCY)
            .blocklist(&NOT_INSIDE)
            .build()
            .map_err(failed)?;
        sleep(Duration::from_secs(seconds)).await;
        // Names are looked up in the program's own file: that takes a while.
        let encoded = spawn_blocking(move || encoded(&guard)).await;
        let bytes = encoded.map_err(failed)?.map_err(failed)?;
        let headers = [
            (header::CONTENT_TYPE, "application/octet-stream"),
            (
                header::CONTENT_DISPOSITION,
                "attachment; filename=\"profile.pb\"",
            ),
        ];
        Ok((headers, bytes).into_response())
    }

    fn encoded(guard: &ProfilerGuard<'_>) -> pprof::Result<Vec<u8>> {
        Ok(guard.report().build()?.pprof()?.encode_to_vec())
    }

    fn failed(error: impl fmt::Display) -> Problem {
        tracing::error!(error = %error, "profile was not taken");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

#[cfg(not(target_os = "linux"))]
mod sampler {
    use axum::{http::StatusCode, response::Response};

    use crate::http::Problem;

    pub(super) async fn sample(_: u64) -> Result<Response, Problem> {
        let detail = "processor time is profiled on Linux only";
        Err(Problem::new(StatusCode::NOT_IMPLEMENTED).with_detail(detail))
    }
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use std::{hint::black_box, thread};

    use axum::body::to_bytes;
    use pprof::protos::{Message, Profile};
    use tokio::sync::oneshot::{channel, error::TryRecvError};

    use super::*;

    fn asked(seconds: &str) -> Result<Query<Asked>, QueryRejection> {
        let uri = format!("/?seconds={seconds}");
        Query::try_from_uri(&uri.parse().unwrap())
    }

    /// Uses processor time until it is told to stop.
    fn busy_for_the_profile(mut stop: tokio::sync::oneshot::Receiver<()>) -> u64 {
        let mut sum: u64 = 0;
        while stop.try_recv() == Err(TryRecvError::Empty) {
            sum = (0..10_000).fold(sum, |sum, number| black_box(sum ^ number).wrapping_mul(31));
        }
        sum
    }

    #[tokio::test]
    async fn shows_who_uses_the_processor_one_profile_at_a_time() {
        let (stop, stopped) = channel();
        let busy = thread::spawn(move || busy_for_the_profile(stopped));
        let (first, second) = tokio::join!(profile(asked("1")), profile(asked("1")));
        stop.send(()).unwrap();
        busy.join().unwrap();
        assert_eq!(second.unwrap_err().status(), StatusCode::CONFLICT);
        let body = to_bytes(first.unwrap().into_body(), usize::MAX)
            .await
            .unwrap();
        let profile = Profile::decode(&*body).unwrap();
        assert!(!profile.sample.is_empty());
        let names = &profile.string_table;
        assert!(
            names
                .iter()
                .any(|name| name.contains("busy_for_the_profile")),
            "{names:?}"
        );
    }

    #[tokio::test]
    async fn takes_no_profile_without_end() {
        for wrong in ["0", "61", "-1", "long"] {
            let problem = profile(asked(wrong)).await.unwrap_err();
            assert_eq!(problem.status(), StatusCode::BAD_REQUEST, "{wrong}");
        }
    }
}
