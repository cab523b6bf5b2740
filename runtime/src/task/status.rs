//! How the tasks of a service are.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use serde::{Serialize, Serializer};

use crate::{
    metric::{Collect, CounterFamily, Gauge, GaugeFamily, LabelValues, Labels},
    names,
};

/// Where a task is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// It waits for the executor.
    Starting,
    Running,
    /// It has ended and is started anew soon.
    Waiting,
    /// It has ended well, and may.
    Ended,
    /// It has ended and may not, or too often.
    Failed,
    /// It has stopped as it was told to.
    Stopped,
    /// It had not stopped in time.
    CutOff,
}

/// How a run of a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum How {
    Ended,
    Failed,
    Panicked,
}

/// What is known of one task.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Status {
    name: &'static str,
    pub(crate) state: State,
    #[serde(serialize_with = "as_text")]
    since: SystemTime,
    restarts: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_end: Option<How>,
}

/// The tasks of a service, and how each is.
#[derive(Debug)]
pub(crate) struct Board {
    tasks: Vec<Arc<Entry>>,
    up: Arc<GaugeFamily<TaskName>>,
    restarts: Arc<CounterFamily<TaskName>>,
}

/// One task's line on the board.
#[derive(Debug)]
pub(super) struct Entry {
    status: Mutex<Status>,
    up: Gauge,
    restarts: crate::metric::Counter,
}

impl Board {
    pub(crate) fn new(names: impl IntoIterator<Item = &'static str>) -> Self {
        let restarts = names::MARTY_TASK_RESTARTS;
        let up: GaugeFamily<TaskName> = GaugeFamily::of(&names::MARTY_TASK_UP);
        let restarts: CounterFamily<TaskName> =
            CounterFamily::counter(restarts.name, restarts.help);
        let entry = |name| {
            Arc::new(Entry {
                status: Mutex::new(Status::new(name)),
                up: up.get(&TaskName(name)),
                restarts: restarts.get(&TaskName(name)),
            })
        };
        Self {
            tasks: names.into_iter().map(entry).collect(),
            up: Arc::new(up),
            restarts: Arc::new(restarts),
        }
    }

    pub(crate) fn families(&self) -> [Arc<dyn Collect>; 2] {
        [Arc::clone(&self.up) as _, Arc::clone(&self.restarts) as _]
    }

    /// How every task is, in the order in which they were added.
    pub(crate) fn statuses(&self) -> Vec<Status> {
        self.tasks.iter().map(|entry| *entry.status()).collect()
    }

    pub(super) fn entries(&self) -> &[Arc<Entry>] {
        &self.tasks
    }

    /// Why the service is not ready because of the `place`th task, if it is not.
    pub(crate) fn hindrance(&self, place: usize) -> Option<&'static str> {
        match self.tasks.get(place)?.status().state {
            State::Starting => Some("the task has not begun"),
            State::Failed => Some("the task does not run any more"),
            _ => None,
        }
    }
}

impl Status {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            state: State::Starting,
            since: SystemTime::now(),
            restarts: 0,
            last_end: None,
        }
    }
}

impl Entry {
    fn status(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn name(&self) -> &'static str {
        self.status().name
    }

    pub(super) fn state(&self) -> State {
        self.status().state
    }

    pub(super) fn enter(&self, state: State) {
        let mut status = self.status();
        (status.state, status.since) = (state, SystemTime::now());
        self.up.set(f64::from(state == State::Running));
    }

    /// A run has ended.
    pub(super) fn ended(&self, how: How, state: State) {
        self.status().last_end = Some(how);
        self.enter(state);
    }

    pub(super) fn restarted(&self) {
        self.status().restarts += 1;
        self.restarts.inc();
    }
}

/// The name of a task: out of the service's source.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TaskName(&'static str);

impl Labels for TaskName {
    const NAMES: &'static [&'static str] = names::MARTY_TASK_UP.labels;

    fn values(&self, values: &mut LabelValues) {
        values.push(self.0);
    }
}

fn as_text<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&humantime::format_rfc3339_millis(
        (*time).max(SystemTime::UNIX_EPOCH),
    ))
}
