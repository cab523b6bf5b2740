//! Readiness: the state of the service and what its checks last said.

use std::{
    borrow::Cow,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, timeout},
};

use super::{
    Check,
    check::{FAILED, Failure},
    report::{Answer, Report, State},
};
use crate::{
    metric::{Collect, Counter, GaugeFamily, LabelValues, Labels},
    names,
};

/// How long an answer of the checks is repeated, so that no number of callers can burden a dependency.
const FRESH: Duration = Duration::from_secs(1);

/// How long a scrape waits for the answers of a round. One that takes longer shows in the next scrape.
const SCRAPE_WAITS: Duration = Duration::from_millis(100);

/// The health of one service.
#[derive(Debug)]
pub(crate) struct Health {
    state: watch::Sender<State>,
    checks: Vec<Check>,
    latest: Mutex<watch::Receiver<Option<Ended>>>,
    fresh: Duration,
    up: Arc<GaugeFamily<CheckLabels>>,
    panics: Counter,
}

/// A round of the checks that has ended.
#[derive(Clone, Debug)]
struct Ended {
    at: Instant,
    answers: Vec<Answer>,
}

impl Health {
    pub(crate) fn new(checks: Vec<Check>, panics: Counter) -> Self {
        let up = Arc::new(GaugeFamily::of(&names::MARTY_HEALTH_CHECK_UP));
        Self {
            state: watch::Sender::new(State::Starting),
            checks,
            latest: Mutex::new(watch::channel(None).1),
            fresh: FRESH,
            up,
            panics,
        }
    }

    pub(crate) const fn up(&self) -> &Arc<GaugeFamily<CheckLabels>> {
        &self.up
    }

    pub(crate) fn state(&self) -> State {
        *self.state.borrow()
    }

    pub(crate) fn enter(&self, state: State) {
        self.state.send_replace(state);
    }

    /// Waits until the service has come as far as `state`.
    #[cfg(feature = "grpc")]
    pub(crate) async fn reached(&self, state: State) {
        // The sender is here as long as somebody can wait.
        let _ = self.state.subscribe().wait_for(|now| *now >= state).await;
    }

    /// What the checks say, at most a second ago. Callers that come meanwhile wait for the same answer.
    pub(crate) async fn report(self: &Arc<Self>) -> Report {
        let mut round = self.round();
        // A round ends without answers only where its executor ends.
        let ended = round.wait_for(Option::is_some).await;
        let ended = ended.ok().and_then(|ended| ended.clone());
        let checks = ended.map_or_else(|| self.unanswered(), |ended| ended.answers);
        let state = self.state();
        Report {
            ready: state == State::Ready && checks.iter().all(|answer| answer.up),
            state,
            checks,
        }
    }

    /// Brings the gauge up to date for a scrape. It waits for slow checks only as long as nothing is known of them.
    pub(crate) async fn refresh(self: &Arc<Self>) {
        let known = self.up.series() > 0;
        let mut round = self.round();
        let ended = round.wait_for(Option::is_some);
        if known {
            let _ = timeout(SCRAPE_WAITS, ended).await;
        } else {
            let _ = ended.await;
        }
    }

    /// The round that runs, or whose answers are fresh; otherwise one that begins now. It goes on when its callers leave.
    fn round(self: &Arc<Self>) -> watch::Receiver<Option<Ended>> {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let serves = match &*latest.borrow() {
            Some(ended) => ended.at.elapsed() < self.fresh,
            None => latest.has_changed().is_ok(),
        };
        if !serves {
            let before = latest.borrow().clone();
            let (end, round) = watch::channel(None);
            *latest = round;
            let health = Arc::clone(self);
            tokio::spawn(async move {
                let before = before.map_or_else(Vec::new, |ended| ended.answers);
                let answers = health.ask(&before).await;
                let at = Instant::now();
                end.send_replace(Some(Ended { at, answers }));
            });
        }
        latest.clone()
    }

    fn unanswered(&self) -> Vec<Answer> {
        let unanswered = |check: &Check| Answer {
            name: check.name.clone(),
            up: false,
            reason: Some(FAILED),
        };
        self.checks.iter().map(unanswered).collect()
    }

    /// Asks all checks at once and returns their answers in the order in which they were added.
    async fn ask(&self, before: &[Answer]) -> Vec<Answer> {
        let mut running = JoinSet::new();
        for (place, check) in self.checks.iter().cloned().enumerate() {
            let panics = self.panics.clone();
            running.spawn(async move { (place, check.run(&panics).await) });
        }
        let mut answers = self.unanswered();
        while let Some(joined) = running.join_next().await {
            let Ok((place, outcome)) = joined else {
                continue;
            };
            if let Some(answer) = answers.get_mut(place) {
                self.record(answer, outcome, before.get(place));
            }
        }
        answers
    }

    /// Takes an answer down, and logs it if it is another than before.
    fn record(&self, answer: &mut Answer, outcome: Result<(), Failure>, before: Option<&Answer>) {
        let check = &*answer.name;
        let gauge = self.up.get(&CheckLabels(answer.name.clone()));
        match outcome {
            Ok(()) => {
                gauge.set(1.0);
                (answer.up, answer.reason) = (true, None);
                if before.is_some_and(|before| !before.up) {
                    tracing::info!(check, "readiness check passes again");
                }
            }
            Err(Failure { reason, error }) => {
                gauge.set(0.0);
                answer.reason = Some(reason);
                if before.is_none_or(|before| before.reason != answer.reason) {
                    tracing::warn!(check, reason, error, "readiness check did not pass");
                }
            }
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct CheckLabels(Cow<'static, str>);

impl Labels for CheckLabels {
    const NAMES: &'static [&'static str] = names::MARTY_HEALTH_CHECK_UP.labels;

    fn values(&self, values: &mut LabelValues) {
        values.push(self.0.clone());
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::pending,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use tracing_subscriber::layer::SubscriberExt;

    use super::*;
    use crate::{health::CheckError, metric::Instrument};

    const HOUR: Duration = Duration::from_hours(1);

    /// Checks of which one answers `good` times, and hangs from then on.
    fn hanging_after(good: usize, fresh: Duration) -> (Arc<Health>, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&asked);
        let database = Check::new("database", move || {
            let before = counted.fetch_add(1, Ordering::Relaxed);
            async move {
                if before < good {
                    Ok(())
                } else {
                    pending().await
                }
            }
        });
        let cache = Check::new("cache", async || Ok(()));
        let mut health = Health::new(vec![database, cache], Counter::create(()));
        health.fresh = fresh;
        (Arc::new(health), asked)
    }

    fn polled_once(health: &Arc<Health>) -> impl Future<Output = Report> {
        let health = Arc::clone(health);
        let mut report = Box::pin(async move { health.report().await });
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(report.as_mut().poll(&mut context).is_pending());
        report
    }

    #[tokio::test]
    async fn asks_a_check_that_hangs_once_for_all_who_wait() {
        let (health, asked) = hanging_after(0, HOUR);
        let begun = Instant::now();
        let mut waiting: Vec<_> = (0..5).map(|_| polled_once(&health)).collect();
        waiting.push(polled_once(&health));
        for report in waiting {
            assert_eq!(report.await.checks[0].reason, Some("timed out"));
        }
        assert!(!health.report().await.ready);
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        let ended = health.latest.lock().unwrap().borrow().clone().unwrap();
        assert!(
            ended.at - begun >= FRESH,
            "answers are as old as their end, not their question"
        );
    }

    #[tokio::test]
    async fn keeps_the_round_of_a_caller_that_left() {
        let (health, asked) = hanging_after(0, HOUR);
        drop(polled_once(&health));
        tokio::task::yield_now().await;
        let next = polled_once(&health);
        assert!(!next.await.checks[0].up);
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn scrapes_the_last_answers_while_a_check_hangs() {
        let (health, asked) = hanging_after(1, Duration::ZERO);
        let database = health.up.get(&CheckLabels("database".into()));
        assert!(health.report().await.checks[0].up);
        health.refresh().await;
        assert_eq!(asked.load(Ordering::Relaxed), 2);
        assert!((database.value() - 1.0).abs() < f64::EPSILON);
        // The report joins the round that the scrape began.
        assert!(!health.report().await.checks[0].up);
        assert_eq!(asked.load(Ordering::Relaxed), 2);
        assert!(database.value().abs() < f64::EPSILON);
    }

    /// The levels of what is logged.
    #[derive(Clone, Default)]
    struct Logged(Arc<Mutex<Vec<tracing::Level>>>);

    impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Logged {
        fn on_event(
            &self,
            event: &tracing::Event<'_>,
            _: tracing_subscriber::layer::Context<'_, S>,
        ) {
            self.0.lock().unwrap().push(*event.metadata().level());
        }
    }

    #[tokio::test]
    async fn logs_an_answer_only_when_it_is_another() {
        let script = Mutex::new([true, false, false, true, true, false].into_iter());
        let check = Check::new("database", move || {
            let passes = script.lock().unwrap().next().unwrap();
            async move {
                passes
                    .then_some(())
                    .ok_or_else(|| CheckError::new("refused"))
            }
        });
        let mut health = Health::new(vec![check], Counter::create(()));
        health.fresh = Duration::ZERO;
        let health = Arc::new(health);
        let logged = Logged::default();
        let subscriber = tracing_subscriber::registry().with(logged.clone());
        let logging = tracing::subscriber::set_default(subscriber);
        for _ in 0..6 {
            health.report().await;
        }
        drop(logging);
        let expected = [
            tracing::Level::WARN,
            tracing::Level::INFO,
            tracing::Level::WARN,
        ];
        assert_eq!(*logged.0.lock().unwrap(), expected);
    }

    #[tokio::test]
    async fn has_the_answers_for_the_first_scrape() {
        let (health, _) = hanging_after(1, HOUR);
        health.refresh().await;
        assert_eq!(health.up.series(), 2);
    }
}
