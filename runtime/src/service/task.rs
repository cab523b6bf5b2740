//! The builder's methods for background tasks.

use std::{future::Future, sync::Arc, time::Duration};

use super::{
    Error, Service,
    phase::{End, Phase, Slice},
};
use crate::{
    CheckError,
    health::Check,
    task::{Board, Ending, OnEnd, Stop, Task, Tasks},
};

impl Service {
    /// Runs `task` as long as the service does. If it ends before it is told to, the service is not ready any more.
    ///
    /// The readiness check of it is called `task:` and its name. It is told to stop once the requests are finished.
    ///
    /// ```
    /// use std::time::Duration;
    /// use marty_runtime::{Config, Service, task::Stop};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), marty_runtime::Error> {
    /// let service = Service::new(marty_runtime::service_info!(), Config::for_tests());
    /// let service = service.task("send-reminders", async |stop: Stop| {
    ///     while stop.sleep(Duration::from_secs(300)).await {
    ///         // Send those that are due.
    ///     }
    /// });
    /// service.start().await?.stop().await
    /// # }
    /// ```
    pub fn task<F, Fut>(self, name: &'static str, task: F) -> Self
    where
        F: Fn(Stop) -> Fut + Send + Sync + 'static,
        Fut: Future<Output: Ending> + Send + 'static,
    {
        self.task_with(name, OnEnd::NotReady, task)
    }

    /// Runs `task` as long as the service does, and does as `on_end` says when it ends before it is told to.
    ///
    /// ```
    /// use marty_runtime::{Config, Service, task::{OnEnd, Restart, Stop}};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), marty_runtime::Error> {
    /// let service = Service::new(marty_runtime::service_info!(), Config::for_tests());
    /// let restart = OnEnd::Restart(Restart::default());
    /// let service = service.task_with("read-prices", restart, async |stop: Stop| {
    ///     stop.requested().await;
    ///     Ok::<(), std::io::Error>(())
    /// });
    /// service.start().await?.stop().await
    /// # }
    /// ```
    pub fn task_with<F, Fut>(mut self, name: &'static str, on_end: OnEnd, task: F) -> Self
    where
        F: Fn(Stop) -> Fut + Send + Sync + 'static,
        Fut: Future<Output: Ending> + Send + 'static,
    {
        self.tasks.push(Task::new(name, on_end, task));
        self
    }
}

/// The board of `tasks`, each of which gets its readiness check among `checks`.
pub(super) fn board(tasks: &[Task], checks: &mut Vec<Check>) -> Result<Arc<Board>, Error> {
    for (place, task) in tasks.iter().enumerate() {
        if tasks
            .iter()
            .take(place)
            .any(|before| before.name == task.name)
        {
            return Err(Error::task(task.name));
        }
    }
    let board = Arc::new(Board::new(tasks.iter().map(|task| task.name)));
    for (place, task) in tasks.iter().enumerate() {
        let board = Arc::clone(&board);
        checks.push(Check::new(format!("task:{}", task.name), move || {
            let hindrance = board.hindrance(place);
            async move { hindrance.map_or(Ok(()), |why| Err(CheckError::new(why))) }
        }));
    }
    Ok(board)
}

/// Tells the tasks to stop, and waits for them.
pub(super) fn stop_tasks(tasks: Tasks) -> Phase {
    let slice = Slice::new(Duration::from_secs(5), 6);
    Phase::new("stop tasks", slice, async move |turn| {
        if tasks.is_empty() {
            return End::Skipped;
        }
        tasks.stop(turn.until).await.into()
    })
}
