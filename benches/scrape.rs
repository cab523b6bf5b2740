//! What a scrape of 10,000 series costs: gathered and written by marty, and by the `prometheus` crate's registry and encoder.
//!
//! Both have the same families, labels and values. A histogram's series are those that Prometheus stores: one for each bucket, the
//! sum and the count.

#![expect(
    clippy::expect_used,
    reason = "a benchmark that cannot begin has nothing better to do"
)]

use std::sync::LazyLock;

use divan::{Bencher, black_box};
use marty_runtime::{
    Config, Service,
    metric::{CounterFamily, HistogramFamily, LabelValues, Labels, bucket},
    testing::{self, TestService},
};
use prometheus::{
    Encoder, HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry, TextEncoder,
};
use tokio::runtime::{Builder, Runtime};

/// Families, and series of each.
const COUNTERS: (usize, usize) = (10, 1000);

/// Families, and histograms of each, which have 17 series: 14 buckets, that of everything, the sum and the count.
const HISTOGRAMS: (usize, usize) = (6, 98);

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
});

fn main() {
    divan::main();
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Place(usize);

impl Labels for Place {
    const NAMES: &'static [&'static str] = &["region", "place"];

    fn values(&self, values: &mut LabelValues) {
        let [region, place] = place(self.0);
        values.push(region);
        values.push(place);
    }
}

fn place(number: usize) -> [String; 2] {
    [
        format!("region-{}", number % 7),
        format!("place \"{number}\""),
    ]
}

fn name(kind: &str, number: usize) -> &'static str {
    Box::leak(format!("{kind}_{number}_total").into_boxed_str())
}

fn start(service: impl FnOnce(Service) -> Service) -> TestService {
    let bare = Service::new(marty_runtime::service_info!(), Config::for_tests());
    RUNTIME
        .block_on(testing::start(service(bare)))
        .expect("a service")
}

fn values(count: usize) -> impl Iterator<Item = (usize, u32)> {
    (0..count).zip((0..1000).cycle())
}

mod counters {
    use super::{
        Bencher, COUNTERS, CounterFamily, Encoder, IntCounterVec, Opts, Place, Registry,
        TextEncoder, black_box, name, place, start, values,
    };

    #[divan::bench]
    fn marty(bencher: Bencher<'_, '_>) {
        let service = start(|service| {
            (0..COUNTERS.0).fold(service, |service, number| {
                let family = CounterFamily::<Place>::counter(name("things", number), "Things.");
                let family: &'static _ = Box::leak(Box::new(family));
                for (series, value) in values(COUNTERS.1) {
                    family.get(&Place(series)).add(u64::from(value));
                }
                service.metric(family)
            })
        });
        bencher.bench_local(|| black_box(service.metrics().scrape()));
    }

    #[divan::bench]
    fn prometheus(bencher: Bencher<'_, '_>) {
        let registry = Registry::new();
        for number in 0..COUNTERS.0 {
            let options = Opts::new(name("things", number), "Things.");
            let family = IntCounterVec::new(options, &["region", "place"]).expect("counters");
            for (series, value) in values(COUNTERS.1) {
                family
                    .with_label_values(&place(series))
                    .inc_by(u64::from(value));
            }
            registry.register(Box::new(family)).expect("a new name");
        }
        bencher.bench_local(|| {
            let mut text = Vec::new();
            let written = TextEncoder::new().encode(&registry.gather(), &mut text);
            black_box((written, text))
        });
    }
}

mod histograms {
    use super::{
        Bencher, Encoder, HISTOGRAMS, HistogramFamily, HistogramOpts, HistogramVec, Place,
        Registry, TextEncoder, black_box, bucket, name, place, start, values,
    };

    #[divan::bench]
    fn marty(bencher: Bencher<'_, '_>) {
        let service = start(|service| {
            (0..HISTOGRAMS.0).fold(service, |service, number| {
                let name = name("waits", number);
                let family = HistogramFamily::<Place>::histogram(name, "Waits.", &bucket::LATENCY);
                let family: &'static _ = Box::leak(Box::new(family));
                for (series, value) in values(HISTOGRAMS.1) {
                    family.get(&Place(series)).observe(f64::from(value) / 100.0);
                }
                service.metric(family)
            })
        });
        bencher.bench_local(|| black_box(service.metrics().scrape()));
    }

    #[divan::bench]
    fn prometheus(bencher: Bencher<'_, '_>) {
        let registry = Registry::new();
        for number in 0..HISTOGRAMS.0 {
            let options = HistogramOpts::new(name("waits", number), "Waits.");
            let options = options.buckets(bucket::LATENCY.to_vec());
            let family = HistogramVec::new(options, &["region", "place"]).expect("histograms");
            for (series, value) in values(HISTOGRAMS.1) {
                family
                    .with_label_values(&place(series))
                    .observe(f64::from(value) / 100.0);
            }
            registry.register(Box::new(family)).expect("a new name");
        }
        bencher.bench_local(|| {
            let mut text = Vec::new();
            let written = TextEncoder::new().encode(&registry.gather(), &mut text);
            black_box((written, text))
        });
    }
}
