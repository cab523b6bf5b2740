//! Which events are logged, as the configuration says and as it is changed while the service runs.
//!
//! What a callsite is worth is cached by `tracing` until the directives change: an event that is not logged costs as little as if
//! they never did.

use std::{
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard},
    time::{Duration, SystemTime},
};

use serde::Serialize;
use tracing::{Metadata, callsite::rebuild_interest_cache, subscriber::Interest};
use tracing_subscriber::{
    Registry,
    filter::LevelFilter,
    layer::{Context, Filter},
};

use crate::config::{LogDirectives, Setting};

/// The targets of the spans of requests and calls.
const REQUEST_TARGETS: [&str; 2] = ["marty_runtime::http", "marty_runtime::grpc"];

/// The target of what is logged about changes of what is, and always is.
pub(crate) const AUDIT_TARGET: &str = "marty_runtime::admin::audit";

/// The directives of one log. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Levels(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    configured: LogDirectives,
    current: RwLock<Current>,
}

#[derive(Debug)]
struct Current {
    directives: LogDirectives,
    until: Option<SystemTime>,
    /// How often they were changed, so that a change outlives the end of an earlier one.
    changes: u64,
}

/// What is logged now.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) filter: String,
    configured: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
}

impl Levels {
    pub(super) fn new(configured: LogDirectives) -> Self {
        let current = Current {
            directives: configured.clone(),
            until: None,
            changes: 0,
        };
        Self(Arc::new(Shared {
            configured,
            current: RwLock::new(current),
        }))
    }

    fn current(&self) -> RwLockReadGuard<'_, Current> {
        let current = self.0.current.read();
        current.unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn report(&self) -> Report {
        let current = self.current();
        let time = |time: SystemTime| humantime::format_rfc3339_seconds(time).to_string();
        Report {
            filter: text(&current.directives),
            configured: text(&self.0.configured),
            until: current.until.map(time),
        }
    }

    /// Logs by `directives` from now on, for `time` if it is given. Returns what they were before.
    ///
    /// # Panics
    ///
    /// Outside an executor, if there is a time.
    pub(crate) fn change(&self, directives: LogDirectives, time: Option<Duration>) -> String {
        let until = time.map(|time| SystemTime::now() + time);
        let (before, change) = self.set(directives, until);
        if let Some(time) = time {
            let levels = self.clone();
            tokio::spawn(async move {
                tokio::time::sleep(time).await;
                levels.fall_back(change);
            });
        }
        before
    }

    /// Returns the directives before, and the number of this change.
    fn set(&self, directives: LogDirectives, until: Option<SystemTime>) -> (String, u64) {
        let mut current = self
            .0
            .current
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let before = text(&current.directives);
        *current = Current {
            directives,
            until,
            changes: current.changes + 1,
        };
        let changes = current.changes;
        // The cache is filled by reading.
        drop(current);
        rebuild_interest_cache();
        (before, changes)
    }

    /// Logs as configured again, unless there was a further change.
    fn fall_back(&self, change: u64) {
        if self.current().changes == change {
            let (from, _) = self.set(self.0.configured.clone(), None);
            let to = text(&self.0.configured);
            tracing::warn!(target: AUDIT_TARGET, from, to, "log level fell back");
        }
    }

    fn wants(&self, metadata: &Metadata<'_>) -> bool {
        // Lines of every level carry the fields of their request's span.
        (metadata.is_span() && REQUEST_TARGETS.contains(&metadata.target()))
            || metadata.target() == AUDIT_TARGET
            || self
                .current()
                .directives
                .targets()
                .would_enable(metadata.target(), metadata.level())
    }
}

fn text(directives: &LogDirectives) -> String {
    directives.text().unwrap_or_default()
}

/// What the directives ask for, and the spans of requests whatever they ask for.
impl<S> Filter<S> for Levels {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        self.wants(metadata)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.wants(metadata) {
            Interest::always()
        } else {
            Interest::never()
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        let current = self.current();
        let wanted = Filter::<Registry>::max_level_hint(current.directives.targets());
        wanted.map(|wanted| wanted.max(LevelFilter::INFO))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, MutexGuard};

    use tracing::{Event, Level, Subscriber};
    use tracing_subscriber::{Layer, layer::SubscriberExt};

    use super::*;

    fn directives(text: &str) -> LogDirectives {
        Setting::parse(text).unwrap()
    }

    /// The levels of what is logged.
    #[derive(Clone, Default)]
    struct Logged(Arc<Mutex<Vec<Level>>>);

    impl<S: Subscriber> Layer<S> for Logged {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            self.0.lock().unwrap().push(*event.metadata().level());
        }
    }

    impl Logged {
        fn taken(&self) -> Vec<Level> {
            std::mem::take(&mut *self.0.lock().unwrap())
        }
    }

    fn log_two() {
        tracing::info!("one");
        tracing::debug!("two");
    }

    /// Callsites are shared by all tests of the process: two that change what they are worth would disturb each other.
    fn alone() -> MutexGuard<'static, ()> {
        static ALONE: Mutex<()> = Mutex::new(());
        ALONE.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[test]
    fn logs_by_other_directives_once_they_were_changed() {
        let _alone = alone();
        let (levels, logged) = (Levels::new(directives("info")), Logged::default());
        let subscriber = Registry::default().with(logged.clone().with_filter(levels.clone()));
        tracing::subscriber::with_default(subscriber, || {
            log_two();
            assert_eq!(logged.taken(), [Level::INFO]);
            assert_eq!(levels.change(directives("debug"), None), "info");
            log_two();
            assert_eq!(logged.taken(), [Level::INFO, Level::DEBUG]);
            assert_eq!(levels.change(directives("off"), None), "debug");
            log_two();
            assert!(logged.taken().is_empty());
        });
    }

    #[tokio::test(start_paused = true)]
    async fn falls_back_after_its_time_unless_it_was_changed_again() {
        let minute = Duration::from_mins(1);
        let levels = Levels::new(directives("info"));
        levels.change(directives("debug"), Some(minute));
        tokio::time::sleep(minute / 2).await;
        assert_eq!(levels.report().filter, "debug");
        levels.change(directives("trace"), Some(minute));
        tokio::time::sleep(minute * 3 / 4).await;
        assert_eq!(levels.report().filter, "trace");
        assert!(levels.report().until.is_some());
        tokio::time::sleep(minute / 2).await;
        assert_eq!(levels.report().filter, "info");
        assert_eq!(levels.report().until, None);
    }

    #[test]
    fn wants_the_spans_of_requests_whatever_the_directives_ask_for() {
        let _alone = alone();
        let levels = Levels::new(directives("off"));
        let subscriber = Registry::default().with(Logged::default().with_filter(levels));
        tracing::subscriber::with_default(subscriber, || {
            let request = tracing::info_span!(target: "marty_runtime::http", "request");
            assert!(!request.is_disabled());
            assert!(tracing::info_span!("other").is_disabled());
        });
    }
}
