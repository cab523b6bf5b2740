//! Readiness: the state of the service and what its checks last said.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use serde::Serialize;
use tokio::{sync::Mutex, task::JoinSet, time::Instant};

use super::{Check, check::Failure};
use crate::{
    metric::{Counter, GaugeFamily, LabelValues, Labels},
    names,
};

/// How long an answer of the checks is repeated, so that no number of callers can burden a dependency.
const FRESH: Duration = Duration::from_secs(1);

/// Where the service is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    Starting,
    Ready,
    Draining,
}

/// The health of one service.
#[derive(Debug)]
pub(crate) struct Health {
    state: AtomicU8,
    checks: Vec<Check>,
    last: Mutex<Option<(Instant, Vec<Answer>)>>,
    up: Arc<GaugeFamily<CheckLabels>>,
    panics: Counter,
}

/// What `/readyz` says.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) ready: bool,
    state: State,
    checks: Vec<Answer>,
}

/// What one check said.
#[derive(Clone, Copy, Debug, Serialize)]
struct Answer {
    name: &'static str,
    up: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

impl Health {
    pub(crate) fn new(checks: Vec<Check>, panics: Counter) -> Self {
        let metric = &names::MARTY_HEALTH_CHECK_UP;
        let up = Arc::new(GaugeFamily::gauge(metric.name, metric.help));
        Self {
            state: AtomicU8::new(State::Starting as u8),
            checks,
            last: Mutex::new(None),
            up,
            panics,
        }
    }

    pub(crate) const fn up(&self) -> &Arc<GaugeFamily<CheckLabels>> {
        &self.up
    }

    pub(crate) fn state(&self) -> State {
        match self.state.load(Ordering::Acquire) {
            0 => State::Starting,
            1 => State::Ready,
            _ => State::Draining,
        }
    }

    pub(crate) fn enter(&self, state: State) {
        self.state.store(state as u8, Ordering::Release);
    }

    /// What the checks say, at most a second ago. Callers that come meanwhile wait for the same answer.
    pub(crate) async fn report(&self) -> Report {
        let mut last = self.last.lock().await;
        let fresh = last.take().filter(|(asked, _)| asked.elapsed() < FRESH);
        let (asked, checks) = match fresh {
            Some(fresh) => fresh,
            None => (Instant::now(), self.ask().await),
        };
        *last = Some((asked, checks.clone()));
        let state = self.state();
        Report {
            ready: state == State::Ready && checks.iter().all(|answer| answer.up),
            state,
            checks,
        }
    }

    /// Asks all checks at once and returns their answers in the order in which they were added.
    async fn ask(&self) -> Vec<Answer> {
        let mut running = JoinSet::new();
        for (place, check) in self.checks.iter().cloned().enumerate() {
            let panics = self.panics.clone();
            running.spawn(async move { (place, check.run(&panics).await) });
        }
        let mut answers: Vec<Answer> = self
            .checks
            .iter()
            .map(|check| Answer {
                name: check.name,
                up: false,
                reason: Some("failed"),
            })
            .collect();
        while let Some(joined) = running.join_next().await {
            let Ok((place, outcome)) = joined else {
                continue;
            };
            if let Some(answer) = answers.get_mut(place) {
                self.record(answer, outcome);
            }
        }
        answers
    }

    fn record(&self, answer: &mut Answer, outcome: Result<(), Failure>) {
        let gauge = self.up.get(&CheckLabels(answer.name));
        match outcome {
            Ok(()) => {
                gauge.set(1.0);
                (answer.up, answer.reason) = (true, None);
            }
            Err(Failure { reason, error }) => {
                gauge.set(0.0);
                answer.reason = Some(reason);
                tracing::warn!(
                    check = answer.name,
                    reason,
                    error,
                    "readiness check did not pass"
                );
            }
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct CheckLabels(&'static str);

impl Labels for CheckLabels {
    const NAMES: &'static [&'static str] = names::MARTY_HEALTH_CHECK_UP.labels;

    fn values(&self, values: &mut LabelValues) {
        values.push(self.0);
    }
}
