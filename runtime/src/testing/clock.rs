//! A clock that stands still until it is told to move.

use std::{sync::mpsc, time::Duration};

use tokio::{runtime::Handle, task::spawn_blocking, time};

/// What tokio's timers are rounded up to.
const GRAIN: Duration = Duration::from_millis(1);

/// Stops tokio's clock, on which timeouts, intervals and sleeps of the service run, until it is dropped. Then it goes on.
///
/// Time passes by [`Clock::advance`] alone. That differs from `#[tokio::test(start_paused = true)]`, where the clock leaps to the
/// next timer whenever no task has anything to do: waiting for a socket counts as nothing to do, so every timeout of a service would
/// be over before its first request has arrived. Sockets themselves, the kernel and threads know nothing of a clock that stands,
/// and neither do measured durations: those are of the real time.
///
/// It works on runtimes of one thread only, as `#[tokio::test]` and `#[tokio::main(flavor = "current_thread")]` make them.
///
/// ```
/// use marty_runtime::axum::{Router, routing::get};
/// use marty_runtime::{Config, Service, testing};
/// use std::{future::pending, time::Duration};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut config = Config::for_tests();
/// config.request_timeout = Duration::from_secs(30);
/// let service = Service::new(marty_runtime::service_info!(), config)
///     .http(Router::new().route("/never", get(pending::<()>)));
/// let clock = testing::Clock::pause();
/// let service = testing::start(service).await?;
///
/// let before = service.metrics().read();
/// let timed_out = async {
///     before.await_delta("http_server_active_requests", [], 1.0).await;
///     clock.advance(Duration::from_secs(30)).await;
/// };
/// let (answer, ()) = tokio::join!(service.get("/never"), timed_out);
/// assert_eq!(answer?.status(), 503);
/// service.stop().await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "the clock goes on when this is dropped"]
pub struct Clock {
    /// The clock does not leap while a blocking task runs, and one runs until this is gone.
    _held: mpsc::Sender<()>,
}

impl Clock {
    /// Stops the clock.
    ///
    /// # Panics
    ///
    /// If it stands already, outside a runtime, and on a runtime of several threads.
    #[track_caller]
    pub fn pause() -> Self {
        time::pause();
        let (held, gone) = mpsc::channel();
        spawn_blocking(move || gone.recv());
        Self { _held: held }
    }

    /// Has `time` pass at once, and a millisecond more: timers are rounded up to whole ones, and that of exactly `time` is to be over.
    /// What is over then fires; what comes of it has to be awaited as ever.
    pub async fn advance(&self, time: Duration) {
        time::advance(time.saturating_add(GRAIN)).await;
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        if Handle::try_current().is_ok() && !std::thread::panicking() {
            time::resume();
        }
    }
}
