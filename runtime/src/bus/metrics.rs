//! The families that the bus counts in. They are the process's, as those of transactions are.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use prometheus::proto;

use super::{PublishError, transport::Spot};
use crate::{
    business::ErrorClass as _,
    metric::{
        Collect, Counter, CounterFamily, GaugeFamily, Histogram, HistogramFamily, LabelValues,
        Labels, OfSeries, Reason,
    },
    names,
};

macro_rules! labels {
    ($($(#[$doc:meta])* $name:ident($($part:ident: $kind:ty),+) of $metric:ident;)+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Eq, Hash)]
            pub(crate) struct $name { $(pub(crate) $part: $kind),+ }

            impl Labels for $name {
                const NAMES: &'static [&'static str] = names::$metric.labels;

                fn values(&self, values: &mut LabelValues) {
                    $(values.push(self.$part.to_string());)+
                }
            }
        )+
    };
}

labels! {
    /// An operation of the client. All values are declared in the source: topics, and classes of errors.
    Operation(name: &'static str, topic: Arc<str>, error: &'static str) of MESSAGING_CLIENT_OPERATION_DURATION;
    /// A record that was sent.
    Sent(topic: Arc<str>, event: Arc<str>, error: &'static str) of MESSAGING_CLIENT_SENT_MESSAGES;
    /// A record that was received.
    Consumed(topic: Arc<str>, group: Arc<str>) of MESSAGING_CLIENT_CONSUMED_MESSAGES;
    /// An attempt.
    Attempt(topic: Arc<str>, group: Arc<str>, event: &'static str, outcome: &'static str) of MESSAGING_PROCESS_DURATION;
    /// An event that was handled.
    Handled(topic: Arc<str>, group: Arc<str>, event: &'static str) of MARTY_EVENT_END_TO_END;
    /// A further attempt.
    Retry(group: Arc<str>, event: &'static str, error: &'static str) of MARTY_EVENT_RETRIES;
    /// A dead letter.
    DeadLetter(group: Arc<str>, event: &'static str, reason: &'static str) of MARTY_EVENT_DEAD_LETTERED;
    /// An event that was handled before.
    Duplicate(group: Arc<str>, event: &'static str) of MARTY_EVENT_DUPLICATES;
    /// A change of the assignment.
    Rebalance(group: Arc<str>, kind: &'static str) of MARTY_KAFKA_CONSUMER_REBALANCES;
    /// A commit that failed.
    CommitFailure(group: Arc<str>, error: &'static str) of MARTY_KAFKA_COMMIT_FAILURES;
}

pub(crate) static OPERATION: HistogramFamily<Operation> = HistogramFamily::histogram(
    names::MESSAGING_CLIENT_OPERATION_DURATION.name,
    names::MESSAGING_CLIENT_OPERATION_DURATION.help,
    names::MESSAGING_CLIENT_OPERATION_DURATION.buckets,
);
pub(crate) static SENT: CounterFamily<Sent> = CounterFamily::counter(
    names::MESSAGING_CLIENT_SENT_MESSAGES.name,
    names::MESSAGING_CLIENT_SENT_MESSAGES.help,
);
pub(crate) static CONSUMED: CounterFamily<Consumed> = CounterFamily::counter(
    names::MESSAGING_CLIENT_CONSUMED_MESSAGES.name,
    names::MESSAGING_CLIENT_CONSUMED_MESSAGES.help,
);
pub(crate) static ATTEMPT: HistogramFamily<Attempt> = HistogramFamily::histogram(
    names::MESSAGING_PROCESS_DURATION.name,
    names::MESSAGING_PROCESS_DURATION.help,
    names::MESSAGING_PROCESS_DURATION.buckets,
);
pub(crate) static HANDLED: HistogramFamily<Handled> = HistogramFamily::histogram(
    names::MARTY_EVENT_END_TO_END.name,
    names::MARTY_EVENT_END_TO_END.help,
    names::MARTY_EVENT_END_TO_END.buckets,
);
pub(crate) static RETRIES: CounterFamily<Retry> = CounterFamily::counter(
    names::MARTY_EVENT_RETRIES.name,
    names::MARTY_EVENT_RETRIES.help,
);
pub(crate) static DEAD_LETTERS: CounterFamily<DeadLetter> = CounterFamily::counter(
    names::MARTY_EVENT_DEAD_LETTERED.name,
    names::MARTY_EVENT_DEAD_LETTERED.help,
);
pub(crate) static DUPLICATES: CounterFamily<Duplicate> = CounterFamily::counter(
    names::MARTY_EVENT_DUPLICATES.name,
    names::MARTY_EVENT_DUPLICATES.help,
);
pub(crate) static REBALANCES: CounterFamily<Rebalance> = CounterFamily::counter(
    names::MARTY_KAFKA_CONSUMER_REBALANCES.name,
    names::MARTY_KAFKA_CONSUMER_REBALANCES.help,
);
pub(crate) static COMMIT_FAILURES: CounterFamily<CommitFailure> = CounterFamily::counter(
    names::MARTY_KAFKA_COMMIT_FAILURES.name,
    names::MARTY_KAFKA_COMMIT_FAILURES.help,
);
pub(crate) static QUEUE_MESSAGES: GaugeFamily = GaugeFamily::gauge(
    names::MARTY_KAFKA_PRODUCER_QUEUE_MESSAGES.name,
    names::MARTY_KAFKA_PRODUCER_QUEUE_MESSAGES.help,
);
pub(crate) static QUEUE_BYTES: GaugeFamily = GaugeFamily::gauge(
    names::MARTY_KAFKA_PRODUCER_QUEUE_BYTES.name,
    names::MARTY_KAFKA_PRODUCER_QUEUE_BYTES.help,
);
pub(crate) static LAG_MESSAGES: Lag = Lag::new(&names::MARTY_KAFKA_CONSUMER_LAG_MESSAGES);
pub(crate) static LAG_SECONDS: Lag = Lag::new(&names::MARTY_KAFKA_CONSUMER_LAG_SECONDS);

/// What a service exports of them.
pub(crate) fn families() -> Vec<Arc<dyn Collect>> {
    vec![
        Arc::new(&OPERATION),
        Arc::new(&SENT),
        Arc::new(&CONSUMED),
        Arc::new(&ATTEMPT),
        Arc::new(&HANDLED),
        Arc::new(&RETRIES),
        Arc::new(&DEAD_LETTERS),
        Arc::new(&DUPLICATES),
        Arc::new(&REBALANCES),
        Arc::new(&COMMIT_FAILURES),
        Arc::new(&QUEUE_MESSAGES),
        Arc::new(&QUEUE_BYTES),
        Arc::new(&LAG_MESSAGES),
        Arc::new(&LAG_SECONDS),
    ]
}

/// The lag of every assigned partition. Unlike those of other families its series end: with the assignment.
pub(crate) struct Lag {
    metric: &'static names::Metric,
    values: Mutex<BTreeMap<(Spot, Arc<str>), f64>>,
}

impl Lag {
    const fn new(metric: &'static names::Metric) -> Self {
        Self {
            metric,
            values: Mutex::new(BTreeMap::new()),
        }
    }

    /// The partition is so far behind.
    pub(crate) fn set(&self, spot: &Spot, group: &Arc<str>, lag: f64) {
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        values.insert((spot.clone(), Arc::clone(group)), lag);
    }

    /// The partition is nothing of ours any more.
    pub(crate) fn remove(&self, spot: &Spot, group: &Arc<str>) {
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        values.remove(&(spot.clone(), Arc::clone(group)));
    }
}

impl Collect for Lag {
    fn name(&self) -> &'static str {
        self.metric.name
    }

    fn help(&self) -> &'static str {
        self.metric.help
    }

    fn kind(&self) -> names::Kind {
        self.metric.kind
    }

    fn labels(&self) -> &'static [&'static str] {
        self.metric.labels
    }

    fn series(&self) -> usize {
        let values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        values.len()
    }

    fn overflowed(&self) -> u64 {
        0
    }

    fn rejections(&self) -> Vec<(Reason, u64)> {
        Vec::new()
    }

    fn begin_known(&self) {}

    fn exemplars(&self) -> Vec<OfSeries> {
        Vec::new()
    }

    fn collect(&self) -> proto::MetricFamily {
        let values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        let metrics = values.iter().map(|((spot, group), lag)| {
            let texts = [
                spot.topic.to_string(),
                spot.partition.to_string(),
                group.to_string(),
            ];
            let pairs = self.metric.labels.iter().zip(texts).map(|(name, text)| {
                let mut pair = proto::LabelPair::default();
                pair.set_name((*name).to_owned());
                pair.set_value(text);
                pair
            });
            let mut gauge = proto::Gauge::default();
            gauge.set_value(*lag);
            let mut metric = proto::Metric::default();
            metric.set_gauge(gauge);
            metric.set_label(pairs.collect());
            metric
        });
        let mut family = proto::MetricFamily::default();
        family.set_name(self.metric.name.to_owned());
        family.set_help(self.metric.help.to_owned());
        family.set_field_type(proto::MetricType::GAUGE);
        family.set_metric(metrics.collect());
        family
    }
}

/// The series of one topic that are written for every record: looked up once.
#[derive(Debug)]
pub(crate) struct TopicSeries {
    pub(crate) consumed: Counter,
    /// What spans of this topic are called.
    pub(crate) span: Arc<str>,
    /// By the place of the event's handler.
    events: Vec<OnceLock<EventSeries>>,
}

/// The series of one event in a topic that are written where all goes well.
#[derive(Debug)]
pub(crate) struct EventSeries {
    pub(crate) ok: Histogram,
    pub(crate) handled: Histogram,
}

impl TopicSeries {
    /// The series of `topic` for a group with so many handlers.
    pub(crate) fn of(topic: &Arc<str>, group: &Arc<str>, handlers: usize) -> Self {
        let mut events = Vec::new();
        events.resize_with(handlers, OnceLock::new);
        Self {
            consumed: CONSUMED.get(&Consumed {
                topic: Arc::clone(topic),
                group: Arc::clone(group),
            }),
            span: format!("process {topic}").into(),
            events,
        }
    }

    /// Calls `write` with the series of the handler at `place`, which `begin` looks up the first time.
    pub(crate) fn with(
        &self,
        place: usize,
        begin: impl FnOnce() -> EventSeries,
        write: impl FnOnce(&EventSeries),
    ) {
        if let Some(series) = self.events.get(place) {
            write(series.get_or_init(begin));
        }
    }
}

/// Counts an event that is not handled again.
pub(crate) fn duplicate(group: &Arc<str>, event: &'static str) {
    let group = Arc::clone(group);
    DUPLICATES.with(&Duplicate { group, event }, Counter::inc);
}

/// Records how `send` to `topic` ended: an empty `error` is none.
pub(crate) fn sent(topic: &Arc<str>, event: &str, error: &'static str, took: Duration) {
    let (sent, operation) = labels_of(topic, event, error);
    SENT.with(&sent, Counter::inc);
    OPERATION.with(&operation, |histogram| {
        histogram.observe(took.as_secs_f64());
    });
}

/// Where events of one type go, with the series of those that arrive: looked up once.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) topic: Arc<str>,
    /// What spans of sending there are called.
    pub(crate) span: Arc<str>,
    pub(crate) event: &'static str,
    ok: OnceLock<(Counter, Histogram)>,
}

impl Route {
    pub(crate) fn new(topic: Arc<str>, event: &'static str) -> Self {
        Self {
            span: format!("send {topic}").into(),
            topic,
            event,
            ok: OnceLock::new(),
        }
    }

    /// Records how sending ended.
    pub(crate) fn sent(&self, error: Option<&PublishError>, took: Duration) {
        if let Some(error) = error {
            return sent(&self.topic, self.event, error.class(), took);
        }
        let (count, duration) = self.ok.get_or_init(|| {
            let (sent, operation) = labels_of(&self.topic, self.event, "");
            (SENT.get(&sent), OPERATION.get(&operation))
        });
        count.inc();
        duration.observe(took.as_secs_f64());
    }
}

fn labels_of(topic: &Arc<str>, event: &str, error: &'static str) -> (Sent, Operation) {
    let topic = || Arc::clone(topic);
    let sent = Sent {
        topic: topic(),
        event: event.into(),
        error,
    };
    let operation = Operation {
        name: "send",
        topic: topic(),
        error,
    };
    (sent, operation)
}
