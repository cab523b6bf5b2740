//! Counts log events by level.

use std::sync::{Arc, LazyLock};

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::{Layer, layer::Context};

use crate::{
    metric::{Collect, Counter, CounterFamily, LabelValues, Labels},
    names,
};

/// The log is the process's, and so is this count of it.
static EVENTS: CounterFamily<LevelLabels> =
    CounterFamily::counter(names::MARTY_LOG_EVENTS.name, names::MARTY_LOG_EVENTS.help);

/// Its series, so that an event looks none up.
static BY_LEVEL: LazyLock<[Counter; 5]> =
    LazyLock::new(|| LEVELS.map(|level| EVENTS.get(&LevelLabels(level))));

static DROPPED: CounterFamily = CounterFamily::counter(
    names::MARTY_LOG_EVENTS_DROPPED.name,
    names::MARTY_LOG_EVENTS_DROPPED.help,
);

static SUPPRESSED: CounterFamily<SuppressedLabels> = CounterFamily::counter(
    names::MARTY_LOG_EVENTS_SUPPRESSED.name,
    names::MARTY_LOG_EVENTS_SUPPRESSED.help,
);

const LEVELS: [Level; 5] = [
    Level::ERROR,
    Level::WARN,
    Level::INFO,
    Level::DEBUG,
    Level::TRACE,
];

/// The families about the log. Every level has a series: a rate needs the zero before the first event.
pub(crate) fn families() -> [Arc<dyn Collect>; 3] {
    for level in LEVELS {
        EVENTS.with(&LevelLabels(level), |_| ());
    }
    for level in [Level::ERROR, Level::WARN] {
        SUPPRESSED.with(&SuppressedLabels(level), |_| ());
    }
    [Arc::new(&EVENTS), Arc::new(&DROPPED), Arc::new(&SUPPRESSED)]
}

/// Counts an event that was withheld because its call site repeats itself.
pub(super) fn suppressed(level: Level) {
    SUPPRESSED.with(&SuppressedLabels(level), Counter::inc);
}

/// Counts the events whose lines were dropped.
pub(super) fn dropped() -> Counter {
    DROPPED.get(&())
}

/// Counts every event that is logged.
pub(super) struct CountEvents;

impl<S: Subscriber> Layer<S> for CountEvents {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let [error, warn, info, debug, trace] = &*BY_LEVEL;
        let of_level = match *event.metadata().level() {
            Level::ERROR => error,
            Level::WARN => warn,
            Level::INFO => info,
            Level::DEBUG => debug,
            Level::TRACE => trace,
        };
        of_level.inc();
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct LevelLabels(Level);

impl Labels for LevelLabels {
    const NAMES: &'static [&'static str] = names::MARTY_LOG_EVENTS.labels;

    fn values(&self, values: &mut LabelValues) {
        values.push(level_name(self.0));
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct SuppressedLabels(Level);

impl Labels for SuppressedLabels {
    const NAMES: &'static [&'static str] = names::MARTY_LOG_EVENTS_SUPPRESSED.labels;

    fn values(&self, values: &mut LabelValues) {
        values.push(level_name(self.0));
    }
}

/// The level as logs and metrics spell it.
pub(super) const fn level_name(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}
