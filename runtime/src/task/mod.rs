//! Background tasks under supervision: what runs beside the requests, and what becomes of the service when it does not.
//!
//! It holds the tasks, their states and the word to stop. It must not know HTTP or why the service ends.
//!
//! ```
//! use std::time::Duration;
//! use marty_runtime::{Config, Service, task::{OnEnd, Restart, Stop}};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), marty_runtime::Error> {
//! let restart = OnEnd::Restart(Restart::default().at_most(3, Duration::from_secs(60)));
//! let running = Service::new(marty_runtime::service_info!(), Config::for_tests())
//!     .task("expire-sessions", async |stop: Stop| {
//!         while stop.sleep(Duration::from_secs(60)).await {
//!             // Delete what is too old.
//!         }
//!     })
//!     .task_with("read-prices", restart, async |stop: Stop| {
//!         stop.requested().await;
//!         Ok::<(), std::io::Error>(())
//!     })
//!     .start()
//!     .await?;
//! running.stop().await
//! # }
//! ```

mod policy;
mod status;
mod stop;
mod supervisor;

use std::{fmt, future::Future, pin::Pin, sync::Arc};

pub use policy::{OnEnd, Restart};
pub use stop::Stop;
pub(crate) use {
    status::Board,
    supervisor::{Tasks, start},
};

/// What a task may return: nothing, or how it went.
pub trait Ending: Send + 'static {
    /// The text of its error, if it failed. It goes to the log.
    fn error(self) -> Option<String>;
}

impl Ending for () {
    fn error(self) -> Option<String> {
        None
    }
}

impl<E: fmt::Display + Send + 'static> Ending for Result<(), E> {
    fn error(self) -> Option<String> {
        self.err().map(|error| error.to_string())
    }
}

/// A task that was not started yet.
#[derive(Clone)]
pub(crate) struct Task {
    pub(crate) name: &'static str,
    on_end: OnEnd,
    run: Arc<dyn Fn(Stop) -> Attempt + Send + Sync>,
}

/// One run of a task, to the text of its error.
type Attempt = Pin<Box<dyn Future<Output = Option<String>> + Send>>;

impl Task {
    pub(crate) fn new<F, Fut>(name: &'static str, on_end: OnEnd, run: F) -> Self
    where
        F: Fn(Stop) -> Fut + Send + Sync + 'static,
        Fut: Future<Output: Ending> + Send + 'static,
    {
        let run = move |stop| -> Attempt {
            let running = run(stop);
            Box::pin(async move { running.await.error() })
        };
        Self {
            name,
            on_end,
            run: Arc::new(run),
        }
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Task")
            .field("name", &self.name)
            .field("on_end", &self.on_end)
            .finish_non_exhaustive()
    }
}
