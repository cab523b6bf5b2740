//! Runs the tasks, starts them anew as their policies say, and stops them.

use std::{any::Any, sync::Arc};

use tokio::{
    task::{JoinError, JoinSet},
    time::{Instant, timeout_at},
};
use tracing::Instrument;

use super::{
    Board, OnEnd, Stop, Task,
    policy::Restarts,
    status::{Entry, How, State},
    stop::Word,
};
use crate::metric::Counter;

/// The tasks of a service that runs. Dropping it cuts them off.
#[derive(Debug)]
pub(crate) struct Tasks {
    board: Arc<Board>,
    word: Word,
    supervisors: JoinSet<()>,
}

/// Starts `tasks`, whose names are on `board` in the same order.
pub(crate) fn start(tasks: Vec<Task>, board: Arc<Board>, panics: &Counter) -> Tasks {
    let (word, stop) = Word::new();
    let mut supervisors = JoinSet::new();
    for (task, entry) in tasks.into_iter().zip(board.entries()) {
        let span = tracing::info_span!(target: "marty_runtime::task", "task", task = task.name);
        let supervisor = Supervisor {
            task,
            entry: Arc::clone(entry),
            stop: stop.clone(),
            panics: panics.clone(),
        };
        supervisors.spawn(supervisor.run().instrument(span));
    }
    Tasks {
        board,
        word,
        supervisors,
    }
}

impl Tasks {
    pub(crate) fn is_empty(&self) -> bool {
        self.board.entries().is_empty()
    }

    /// Tells every task to stop and waits for it. Says no, names those that have not stopped and cuts them off, if that is
    /// not so at `deadline`.
    pub(crate) async fn stop(mut self, deadline: Instant) -> bool {
        self.word.give();
        let all = async { while self.supervisors.join_next().await.is_some() {} };
        if timeout_at(deadline, all).await.is_ok() {
            return true;
        }
        for entry in self.board.entries() {
            if matches!(entry.state(), State::Starting | State::Running) {
                tracing::error!(task = entry.name(), "task did not stop in time: cut off");
                entry.enter(State::CutOff);
            }
        }
        false
    }
}

struct Supervisor {
    task: Task,
    entry: Arc<Entry>,
    stop: Stop,
    panics: Counter,
}

impl Supervisor {
    async fn run(self) {
        let mut restarts = Restarts::default();
        loop {
            let ended = self.attempt().await;
            let (how, error) = self.judge(ended);
            if self.stop.is_requested() {
                self.stopped(how, error.as_deref());
                return;
            }
            let OnEnd::Restart(policy) = self.task.on_end else {
                self.leave(how, error.as_deref());
                return;
            };
            let Some(wait) = restarts.next(&policy, Instant::now()) else {
                self.leave(how, error.as_deref());
                return;
            };
            self.entry.ended(how, State::Waiting);
            let seconds = wait.as_secs_f64();
            tracing::warn!(?how, error, seconds, "task ended: it is started anew");
            if !self.stop.sleep(wait).await {
                self.entry.enter(State::Stopped);
                return;
            }
            self.entry.restarted();
        }
    }

    /// One run, in a task of its own: whatever it panics in, be it its last drop, ends there.
    async fn attempt(&self) -> Result<Option<String>, JoinError> {
        let (entry, stop) = (Arc::clone(&self.entry), self.stop.clone());
        let run = Arc::clone(&self.task.run);
        let mut attempt = JoinSet::new();
        let running = async move {
            entry.enter(State::Running);
            run(stop).await
        };
        attempt.spawn(running.in_current_span());
        attempt.join_next().await.unwrap_or(Ok(None))
    }

    fn judge(&self, ended: Result<Option<String>, JoinError>) -> (How, Option<String>) {
        match ended {
            Ok(None) => (How::Ended, None),
            Ok(error) => (How::Failed, error),
            Err(error) => {
                self.panics.inc();
                let panic = error.try_into_panic().ok();
                (How::Panicked, panic.and_then(text))
            }
        }
    }

    /// The task has ended as it was told to.
    fn stopped(&self, how: How, error: Option<&str>) {
        if how != How::Ended {
            tracing::error!(?how, error, "task failed while it stopped");
        }
        self.entry.ended(how, State::Stopped);
    }

    /// The task has ended, and is not started anew.
    fn leave(&self, how: How, error: Option<&str>) {
        if matches!(self.task.on_end, OnEnd::MayEnd) && how == How::Ended {
            tracing::info!("task ended");
            self.entry.ended(how, State::Ended);
        } else {
            tracing::error!(?how, error, "task ended: the service is not ready any more");
            self.entry.ended(how, State::Failed);
        }
    }
}

/// What a panic says, if it says anything.
fn text(panic: Box<dyn Any + Send>) -> Option<String> {
    match panic.downcast::<String>() {
        Ok(text) => Some(*text),
        Err(panic) => panic.downcast_ref::<&str>().map(ToString::to_string),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        time::Duration,
    };

    use tokio::{task::yield_now, time::sleep};

    use super::*;
    use crate::{metric::Instrument as _, task::Restart};

    const SECOND: Duration = Duration::from_secs(1);

    struct Started {
        board: Arc<Board>,
        tasks: Tasks,
        panics: Counter,
    }

    fn started(task: Task) -> Started {
        let board = Arc::new(Board::new([task.name]));
        let panics = Counter::create(());
        let tasks = start(vec![task], Arc::clone(&board), &panics);
        Started {
            board,
            tasks,
            panics,
        }
    }

    impl Started {
        fn state(&self) -> State {
            self.board.statuses()[0].state
        }

        async fn await_state(&self, state: State) {
            while self.state() != state {
                sleep(Duration::from_millis(1)).await;
            }
        }

        async fn stop(self) -> bool {
            self.tasks.stop(Instant::now() + SECOND).await
        }
    }

    async fn until_told(stop: Stop) {
        stop.requested().await;
    }

    #[tokio::test(start_paused = true)]
    async fn runs_until_it_is_told_to_stop() {
        let started = started(Task::new("idle", OnEnd::NotReady, until_told));
        assert_eq!(started.board.hindrance(0), Some("the task has not begun"));
        started.await_state(State::Running).await;
        assert_eq!(started.board.hindrance(0), None);
        let board = Arc::clone(&started.board);
        assert!(started.stop().await);
        assert_eq!(board.statuses()[0].state, State::Stopped);
    }

    #[tokio::test(start_paused = true)]
    async fn hinders_once_it_has_ended_however_it_did() {
        let ways = [
            Task::new("ends", OnEnd::NotReady, async |_| ()),
            Task::new("fails", OnEnd::MayEnd, async |_| Err("no leader")),
            Task::new("panics", OnEnd::MayEnd, async |_| {
                assert!(std::hint::black_box(false), "of a task");
            }),
        ];
        for task in ways {
            let panics = u64::from(task.name == "panics");
            let started = started(task);
            started.await_state(State::Failed).await;
            assert!(started.board.hindrance(0).is_some());
            assert_eq!(started.panics.value(), panics);
            assert!(started.stop().await);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn may_end_well_where_that_is_allowed() {
        let started = started(Task::new("fill-cache", OnEnd::MayEnd, async |_| ()));
        started.await_state(State::Ended).await;
        assert_eq!(started.board.hindrance(0), None);
    }

    #[tokio::test(start_paused = true)]
    async fn is_started_anew_as_often_as_the_policy_says() {
        let runs = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&runs);
        let policy = Restart::default()
            .at_most(3, Duration::from_hours(1))
            .after(SECOND, 2 * SECOND);
        let begun = Instant::now();
        let started = started(Task::new("reads", OnEnd::Restart(policy), move |_| {
            let run = counted.fetch_add(1, Ordering::Relaxed);
            async move {
                assert!(run != 1, "of the second run");
                Err::<(), _>("connection refused")
            }
        }));
        started.await_state(State::Failed).await;
        assert_eq!(runs.load(Ordering::Relaxed), 4);
        assert!(begun.elapsed() <= 5 * SECOND + Duration::from_millis(10));
        assert_eq!(started.panics.value(), 1);
        let status = serde_json::to_value(started.board.statuses()).unwrap();
        assert_eq!(status[0]["restarts"], 3);
        assert_eq!(status[0]["last_end"], "failed");
    }

    #[tokio::test(start_paused = true)]
    async fn stops_while_it_waits_to_be_started_anew() {
        let policy = Restart::default().after(Duration::from_hours(1), Duration::from_hours(1));
        let started = started(Task::new("reads", OnEnd::Restart(policy), async |_| ()));
        started.await_state(State::Waiting).await;
        assert_eq!(started.board.hindrance(0), None);
        let begun = Instant::now();
        assert!(started.stop().await);
        assert!(begun.elapsed() < SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn is_cut_off_when_it_does_not_stop() {
        let held = Arc::new(());
        let holds = Arc::clone(&held);
        let started = started(Task::new("deaf", OnEnd::NotReady, move |_| {
            let holds = Arc::clone(&holds);
            async move {
                sleep(Duration::from_hours(1)).await;
                drop(holds);
            }
        }));
        started.await_state(State::Running).await;
        let board = Arc::clone(&started.board);
        assert!(!started.stop().await);
        assert_eq!(board.statuses()[0].state, State::CutOff);
        while Arc::strong_count(&held) > 1 {
            yield_now().await;
        }
    }
}
