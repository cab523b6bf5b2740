//! One series for each set of labels, whatever the labels are.

use std::collections::BTreeMap;

use marty_runtime::{
    axum::Router,
    metric::{CounterFamily, LabelValue, Labels, Open},
};
use proptest::{collection::vec, prelude::*};

use crate::{
    exposition::read,
    support::{Live, get, get_with, service},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, LabelValue)]
enum Channel {
    A,
    Ab,
    #[label("b,")]
    B,
}

#[derive(Clone, PartialEq, Eq, Hash, Labels)]
struct Sale {
    first: Open<200>,
    channel: Channel,
    second: Open<200>,
    paid: bool,
}

type Key = (String, Channel, String, bool);

/// Texts that are alike once they are put together, or quoted carelessly.
fn text() -> impl Strategy<Value = String> {
    "[ab,\"\\\\\n=}]{0,3}"
}

fn key() -> impl Strategy<Value = Key> {
    let channel = prop_oneof![Just(Channel::A), Just(Channel::Ab), Just(Channel::B)];
    (text(), channel, text(), any::<bool>())
}

/// What a scrape says of the family, by what the labels are.
fn scraped(live: &Live, accept: &str, open_metrics: bool) -> BTreeMap<Vec<String>, f64> {
    let answer = get_with(live.admin, "/metrics", &format!("accept: {accept}\r\n"));
    let mut scrape = read(&answer.body, open_metrics).unwrap();
    let name = if open_metrics { "sales" } else { "sales_total" };
    let samples = scrape.remove(name).unwrap_or_default().samples;
    let count = samples.len();
    let by_labels: BTreeMap<Vec<String>, f64> = samples
        .into_iter()
        .map(|sample| {
            let values = sample.labels.into_iter().map(|(_, value)| value);
            (values.collect(), sample.value)
        })
        .collect();
    assert_eq!(by_labels.len(), count, "two series have the same labels");
    by_labels
}

#[test]
fn any_sequence_of_labels_gives_one_series_for_each_that_differ() {
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(64)
    };
    proptest!(config, |(keys in vec(key(), 0..60))| {
        let family: &'static CounterFamily<Sale> =
            Box::leak(Box::new(CounterFamily::counter("sales_total", "Sales.")));
        let live = Live::start(service(Router::new()).metric(family));
        let mut expected = BTreeMap::new();
        for (first, channel, second, paid) in &keys {
            let labels = Sale {
                first: Open::new(first),
                channel: *channel,
                second: Open::new(second),
                paid: *paid,
            };
            family.get(&labels).inc();
            let shown = [first.clone(), channel.as_label().into_owned(), second.clone(), paid.to_string()];
            *expected.entry(shown.to_vec()).or_insert(0.0) += 1.0;
        }
        for (accept, open_metrics) in [("text/plain", false), ("application/openmetrics-text", true)] {
            prop_assert_eq!(&scraped(&live, accept, open_metrics), &expected);
        }
        live.stop().unwrap();
    });
}

#[test]
fn what_is_more_than_a_family_takes_shares_one_series() {
    static SALES: CounterFamily<Sale> = CounterFamily::counter("sales_total", "Sales.");
    let live = Live::start(service(Router::new()).metric(&SALES));
    for number in 0..3000_u32 {
        let letters = |number: u32| -> String {
            let digits = number.to_string();
            digits
                .bytes()
                .map(|digit| char::from(digit + b'a' - b'0'))
                .collect()
        };
        let labels = Sale {
            first: Open::new(&letters(number % 150)),
            channel: Channel::A,
            second: Open::new(&letters(number / 150)),
            paid: true,
        };
        SALES.get(&labels).inc();
    }
    let scrape = read(&get(live.admin, "/metrics").body, false).unwrap();
    let samples = &scrape["sales_total"].samples;
    assert_eq!(samples.len(), 1001);
    let all: f64 = samples.iter().map(|sample| sample.value).sum();
    assert!((all - 3000.0).abs() < f64::EPSILON, "{all}");
    assert_eq!(
        live.value("marty_metric_overflow_total{metric=\"sales_total\"}"),
        Some(2000.0)
    );
    live.stop().unwrap();
}
