//! The executor's own figures: tokio's workers, tasks and queue, as far as tokio counts them without unstable features.

use prometheus::{
    core::{Collector, Desc},
    proto::{Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType},
};
use tokio::runtime::{Handle, RuntimeMetrics};

use crate::names;

/// Asks the executor anew on every scrape.
pub(super) struct Executor {
    metrics: RuntimeMetrics,
    descs: Vec<Desc>,
}

impl Executor {
    /// The executor that runs the caller; none where there is none.
    ///
    /// # Errors
    ///
    /// Never in practice: only if a name or a label were none.
    pub(super) fn current() -> Option<Result<Self, prometheus::Error>> {
        let handle = Handle::try_current().ok()?;
        let exported = [
            &names::TOKIO_WORKERS,
            &names::TOKIO_ALIVE_TASKS,
            &names::TOKIO_GLOBAL_QUEUE_DEPTH,
            &names::TOKIO_WORKER_BUSY_SECONDS,
        ];
        let descs = exported.into_iter().map(desc).collect::<Result<_, _>>();
        Some(descs.map(|descs| Self {
            metrics: handle.metrics(),
            descs,
        }))
    }

    fn busy_seconds(&self) -> Vec<Metric> {
        let workers = 0..self.metrics.num_workers();
        let sample = |worker: usize| {
            let mut label = LabelPair::default();
            label.set_name(names::label::WORKER.to_owned());
            label.set_value(worker.to_string());
            let mut counter = Counter::default();
            counter.set_value(
                self.metrics
                    .worker_total_busy_duration(worker)
                    .as_secs_f64(),
            );
            let mut metric = Metric::default();
            metric.set_label(vec![label]);
            metric.set_counter(counter);
            metric
        };
        workers.map(sample).collect()
    }
}

impl Collector for Executor {
    fn desc(&self) -> Vec<&Desc> {
        self.descs.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let gauge = |metric, value| family(metric, MetricType::GAUGE, vec![gauge(value)]);
        vec![
            gauge(&names::TOKIO_WORKERS, self.metrics.num_workers()),
            gauge(&names::TOKIO_ALIVE_TASKS, self.metrics.num_alive_tasks()),
            gauge(
                &names::TOKIO_GLOBAL_QUEUE_DEPTH,
                self.metrics.global_queue_depth(),
            ),
            family(
                &names::TOKIO_WORKER_BUSY_SECONDS,
                MetricType::COUNTER,
                self.busy_seconds(),
            ),
        ]
    }
}

fn desc(metric: &names::Metric) -> Result<Desc, prometheus::Error> {
    let labels = metric.labels.iter().map(|label| (*label).to_owned());
    Desc::new(
        metric.name.to_owned(),
        metric.help.to_owned(),
        labels.collect(),
        std::collections::HashMap::new(),
    )
}

#[expect(
    clippy::cast_precision_loss,
    reason = "no executor has 2^53 tasks or workers"
)]
fn gauge(value: usize) -> Metric {
    let mut gauge = Gauge::default();
    gauge.set_value(value as f64);
    let mut metric = Metric::default();
    metric.set_gauge(gauge);
    metric
}

fn family(metric: &names::Metric, kind: MetricType, samples: Vec<Metric>) -> MetricFamily {
    let mut family = MetricFamily::default();
    family.set_name(metric.name.to_owned());
    family.set_help(metric.help.to_owned());
    family.set_field_type(kind);
    family.set_metric(samples);
    family
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(name: &str) -> f64 {
        let families = Executor::current().unwrap().unwrap().collect();
        let family = families
            .iter()
            .find(|family| family.name() == name)
            .unwrap();
        let [metric] = family.get_metric() else {
            panic!("{family:?}")
        };
        match family.get_field_type() {
            MetricType::COUNTER => metric.get_counter().get_value(),
            _ => metric.get_gauge().get_value(),
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn counts_tasks_and_the_time_of_workers() {
        assert!((value("tokio_workers") - 1.0).abs() < f64::EPSILON);
        let before = value("tokio_alive_tasks");
        let task = tokio::spawn(std::future::pending::<()>());
        assert!(value("tokio_alive_tasks") > before);
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        // A worker counts its time when it next looks for work.
        while value("tokio_worker_busy_seconds_total") <= 0.0 {
            tokio::spawn(async { tokio::task::yield_now().await })
                .await
                .unwrap();
        }
    }

    #[test]
    fn exports_nothing_where_nothing_is_executed() {
        assert!(Executor::current().is_none());
    }
}
