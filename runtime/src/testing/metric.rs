//! A service's metrics, read without a socket, and what a test says of them.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    eventually::eventually,
    fail,
    sample::{Sample, listed, samples, suffixes},
};
use crate::{
    admin::Admin,
    metric::{Exemplars, Format, encode},
};

/// How alike a name has to be to one that there is to be taken for it.
const ALIKE: f64 = 0.7;

/// The metrics of one service, as a scrape would show them now.
///
/// Samples are called what they are called in a scrape: a counter ends in `_total`, a histogram has `_count`, `_sum` and `_bucket`.
/// Labels choose: a sample counts if it has all that are named, and what is chosen is added up, as `sum` does in `PromQL`. Labels that
/// the metric has and no sample yet give 0; a name that nothing has is an error of the test, which fails and says what there is.
///
/// The HTTP metrics are the service's own. A family that is declared as a `static` belongs to the process: where several
/// tests of one process write to the same series, each sees what all of them did.
///
/// ```
/// use marty_runtime::axum::{Router, routing::get};
/// use marty_runtime::metric::CounterFamily;
/// use marty_runtime::{Config, Service, testing};
///
/// static GREETINGS: CounterFamily = marty_runtime::counter!("greetings", "Greetings given.");
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let greet = async || GREETINGS.with(&(), |greetings| greetings.inc());
/// let service = Service::new(marty_runtime::service_info!(), Config::for_tests())
///     .http(Router::new().route("/greeting", get(greet)))
///     .metric(&GREETINGS);
/// let service = testing::start(service).await?;
///
/// let before = service.metrics().read();
/// service.get("/greeting").await?;
/// service.get("/nowhere").await?;
/// before.assert_delta("greetings_total", [], 1.0);
/// before.assert_delta("http_server_request_duration_seconds_count", [], 2.0);
/// before.assert_delta("http_server_request_duration_seconds_count", [("http_route", "unmatched")], 1.0);
/// service.stop().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Metrics {
    shown: Arc<Admin>,
}

impl Metrics {
    pub(super) const fn new(shown: Arc<Admin>) -> Self {
        Self { shown }
    }

    /// What every sample is now. Health checks are not asked.
    #[must_use]
    pub fn read(&self) -> Reading {
        Reading {
            metrics: self.clone(),
            samples: self.samples(),
        }
    }

    /// The value now. See [`Reading::value`].
    ///
    /// # Panics
    ///
    /// If no metric has such a sample or such a label.
    #[must_use]
    #[track_caller]
    pub fn value<'a>(
        &self,
        name: &str,
        labels: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> f64 {
        self.read().value(name, labels)
    }

    /// What `/metrics` answers now in the text format, but that health checks are not asked.
    #[must_use]
    pub fn scrape(&self) -> String {
        encode(
            &self.shown.registry.gather(),
            Format::Text,
            &Exemplars::default(),
        )
    }

    pub(super) fn samples(&self) -> Vec<Sample> {
        samples(&self.shown.registry.gather())
    }

    /// The labels of the samples called `name`.
    #[track_caller]
    fn labels_of(&self, name: &str) -> Vec<&'static str> {
        let mut known = BTreeSet::new();
        for (metric, kind, labels) in self.shown.registry.declared() {
            for suffix in suffixes(kind) {
                let sample = format!("{metric}{suffix}");
                if sample == name {
                    let bound = (*suffix == "_bucket").then_some("le");
                    return labels.iter().copied().chain(bound).collect();
                }
                known.insert(sample);
            }
        }
        fail(&nothing_is_called(name, &known))
    }
}

/// What to say of a name that nothing has: which names are like it.
fn nothing_is_called(name: &str, known: &BTreeSet<String>) -> String {
    let score = |candidate: &String| strsim::jaro_winkler(name, candidate);
    let mut alike: Vec<_> = known
        .iter()
        .map(|candidate| (score(candidate), candidate))
        .collect();
    alike.sort_by(|one, other| other.0.total_cmp(&one.0));
    let like = |at_least| {
        let alike = alike.iter().filter(move |(score, _)| *score >= at_least);
        alike.take(4).map(|(_, candidate)| format!("`{candidate}`"))
    };
    let nearest: Vec<_> = like(ALIKE).collect();
    if nearest.is_empty() {
        let all: Vec<_> = known.iter().map(String::as_str).collect();
        return format!(
            "there is no sample `{name}`, and none like it; there are:\n  {}",
            all.join("\n  ")
        );
    }
    format!(
        "there is no sample `{name}`; the nearest are {}",
        nearest.join(", ")
    )
}

/// What every sample was at one time.
#[derive(Clone, Debug)]
pub struct Reading {
    metrics: Metrics,
    samples: Vec<Sample>,
}

impl Reading {
    /// The sum of the samples called `name` that have all of `labels`; 0, if there are none yet.
    ///
    /// # Panics
    ///
    /// If no metric has such a sample or such a label.
    #[must_use]
    #[track_caller]
    pub fn value<'a>(
        &self,
        name: &str,
        labels: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> f64 {
        let labels = self.wanted(name, labels);
        sum(&self.samples, name, &labels)
    }

    /// By how much the value is larger now than it was in this reading.
    ///
    /// A request is counted when its answer has ended, which a client may see a moment before: [`Reading::await_delta`] waits for
    /// what is still to be counted.
    ///
    /// # Panics
    ///
    /// If no metric has such a sample or such a label.
    #[must_use]
    #[track_caller]
    pub fn delta<'a>(
        &self,
        name: &str,
        labels: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> f64 {
        let labels = self.wanted(name, labels);
        self.change(&self.metrics.samples(), name, &labels)
    }

    /// Sees to it that the value is larger now by `expected`, exactly but for the last digits.
    ///
    /// # Panics
    ///
    /// If it is not: the message lists the samples of that name, before and now. And if no metric has such a sample or such a label.
    #[track_caller]
    pub fn assert_delta<'a>(
        &self,
        name: &str,
        labels: impl IntoIterator<Item = (&'a str, &'a str)>,
        expected: f64,
    ) {
        let labels = self.wanted(name, labels);
        let now = self.metrics.samples();
        if !is(self.change(&now, name, &labels), expected) {
            fail(&self.other_than(expected, &now, name, &labels));
        }
    }

    /// Waits until the value is larger by `expected`, for ten seconds at most. It sleeps for none of them: other tasks run, and
    /// the value is read again.
    ///
    /// A client that has read its answer may be ahead of the count, and one that has left certainly is:
    ///
    /// ```
    /// use marty_runtime::axum::{Router, routing::get};
    /// use marty_runtime::{Config, Service, testing};
    /// use std::{future::pending, io::Write, net::TcpStream};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let service = Service::new(marty_runtime::service_info!(), Config::for_tests())
    ///     .http(Router::new().route("/never", get(pending::<()>)));
    /// let service = testing::start(service).await?;
    ///
    /// let before = service.metrics().read();
    /// let mut client = TcpStream::connect(service.http_addr())?;
    /// client.write_all(b"GET /never HTTP/1.1\r\nhost: test\r\n\r\n")?;
    /// before.await_delta("http_server_active_requests", [], 1.0).await;
    /// drop(client);
    /// let left = [("http_route", "/never"), ("http_response_status_code", "499")];
    /// before.await_delta("http_server_request_duration_seconds_count", left, 1.0).await;
    /// service.stop().await;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If it is not by then: the message lists the samples of that name, before and now. And if no metric has such a sample or such a
    /// label.
    pub async fn await_delta<'a>(
        &self,
        name: &str,
        labels: impl IntoIterator<Item = (&'a str, &'a str)>,
        expected: f64,
    ) {
        let labels = self.wanted(name, labels);
        let look = || {
            let change = self.change(&self.metrics.samples(), name, &labels);
            is(change, expected).then_some(())
        };
        if eventually(look).await.is_none() {
            let now = self.metrics.samples();
            fail(&self.other_than(expected, &now, name, &labels));
        }
    }

    /// The labels, once they and the name are known to be some that can be asked for.
    #[track_caller]
    fn wanted<'a>(
        &self,
        name: &str,
        labels: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Vec<(&'a str, &'a str)> {
        let known = self.metrics.labels_of(name);
        let labels: Vec<_> = labels.into_iter().collect();
        for (label, _) in &labels {
            assert!(
                known.contains(label),
                "`{name}` has no label `{label}`, but {known:?}; its samples:{}",
                listed(called(&self.samples, name))
            );
        }
        labels
    }

    fn change(&self, now: &[Sample], name: &str, labels: &[(&str, &str)]) -> f64 {
        sum(now, name, labels) - sum(&self.samples, name, labels)
    }

    fn other_than(
        &self,
        expected: f64,
        now: &[Sample],
        name: &str,
        labels: &[(&str, &str)],
    ) -> String {
        let change = self.change(now, name, labels);
        let shown = |samples| match listed(called(samples, name)) {
            nothing if nothing.is_empty() => "\n  nothing".to_owned(),
            lines => lines,
        };
        let (before, now) = (shown(&self.samples), shown(now));
        format!(
            "`{name}` with {labels:?} has changed by {change} and not by {expected}\nbefore:{before}\nnow:{now}"
        )
    }
}

fn called<'a>(samples: &'a [Sample], name: &str) -> impl Iterator<Item = &'a Sample> {
    samples.iter().filter(move |sample| sample.name == name)
}

fn sum(samples: &[Sample], name: &str, labels: &[(&str, &str)]) -> f64 {
    let chosen = called(samples, name).filter(|sample| sample.has(labels));
    chosen.map(|sample| sample.value).sum()
}

/// Whether two values differ by no more than adding them up in another order would make.
fn is(value: f64, expected: f64) -> bool {
    (value - expected).abs() <= 1e-9 * expected.abs().max(1.0)
}
