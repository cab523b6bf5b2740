//! Scrapes with whatever texts, before Prometheus's own readers of both formats.

use std::io::Write as _;
use std::process::{Command, Stdio};

use marty_runtime::axum::http::Request;
use marty_runtime::metric::{CounterFamily, GaugeFamily, HistogramFamily, LabelValues, Labels};
use marty_runtime::testing::{self, TestService};
use marty_runtime::{Config, Service};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use tokio::runtime::{Builder, Runtime};

use crate::server;

/// Families of each kind.
const FAMILIES: usize = 40;

/// Series of each family.
const SERIES: usize = 5;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Anything(String, String);

impl Labels for Anything {
    const NAMES: &'static [&'static str] = &["one", "other"];

    fn values(&self, values: &mut LabelValues) {
        values.push(self.0.clone());
        values.push(self.1.clone());
    }
}

/// Texts of every kind, the same every time.
struct Texts(TestRunner);

impl Texts {
    fn of(&mut self, pattern: &'static str) -> String {
        let tree = pattern.new_tree(&mut self.0).unwrap();
        tree.current()
    }

    /// A text that a format could stumble over.
    fn next(&mut self) -> String {
        let careless = self.of("[\"\\\\\n\r\t #{},= ae]{0,8}");
        careless + &self.of("(?s).{0,12}")
    }

    /// The same, but not empty: that a help is missing is a fault of its own.
    fn help(&mut self) -> &'static str {
        Box::leak(format!("{}x{}", self.next(), self.next()).into_boxed_str())
    }
}

fn name(kind: &str, number: usize, suffix: &str) -> &'static str {
    Box::leak(format!("{kind}_{number}{suffix}").into_boxed_str())
}

fn service(texts: &mut Texts) -> Service {
    let service = Service::new(marty_runtime::service_info!(), Config::for_tests());
    (0..FAMILIES).fold(service, |service, number| {
        let counter = CounterFamily::counter(name("sales", number, "_total"), texts.help());
        let gauge = GaugeFamily::gauge(name("stock", number, ""), texts.help());
        let buckets = &[0.001, 1.0, 1e9];
        let wait = name("wait", number, "_seconds");
        let histogram = HistogramFamily::histogram(wait, texts.help(), buckets);
        let (counter, gauge, histogram): (&'static _, &'static _, &'static _) = (
            Box::leak(Box::new(counter)),
            Box::leak(Box::new(gauge)),
            Box::leak(Box::new(histogram)),
        );
        let strange = [f64::NAN, f64::INFINITY, -0.0, 1e300, 1.5e-9];
        for value in strange.into_iter().take(SERIES) {
            let labels = Anything(texts.next(), texts.next());
            counter.get(&labels).add(3);
            gauge.get(&labels).set(value);
            histogram.get(&labels).observe(value);
        }
        service.metric(counter).metric(gauge).metric(histogram)
    })
}

fn start() -> (Runtime, TestService) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let service = service(&mut Texts(TestRunner::deterministic()));
    let service = runtime.block_on(testing::start(service)).unwrap();
    (runtime, service)
}

fn scrape(accept: &str) -> String {
    let (runtime, service) = start();
    let request = Request::get("/metrics").header("accept", accept);
    let request = request.body("").unwrap();
    let answer = runtime.block_on(service.admin().send(request)).unwrap();
    runtime.block_on(service.stop());
    answer.text().to_owned()
}

#[test]
fn promtool_accepts_the_text_format_whatever_texts_there_are() {
    let mut command = Command::new(server::program("prometheus", "promtool"));
    command.args(["check", "metrics"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let scrape = scrape("text/plain");
    child
        .stdin
        .take()
        .unwrap()
        .write_all(scrape.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    // Its opinions on names are of names that are others', and of those made up here.
    assert!(output.status.success(), "{said}");
}

/// The reader of OpenMetrics that a server has is reached through the making of blocks, which wants a time on every sample.
#[test]
fn prometheus_reads_openmetrics_whatever_texts_there_are() {
    let directory = tempfile::tempdir().unwrap();
    let (input, output) = (
        directory.path().join("scrape"),
        directory.path().join("data"),
    );
    let scrape = scrape("application/openmetrics-text");
    let (mut timed, mut samples) = (String::new(), 0);
    for line in scrape.split_terminator('\n') {
        timed.push_str(line);
        if !line.starts_with('#') {
            timed.push_str(" 1700000000");
            samples += 1;
        }
        timed.push('\n');
    }
    // Of each family's series, one sample of a counter and of a gauge, and six of a histogram with three bounds.
    assert!(samples >= FAMILIES * SERIES * 8, "{samples}");
    std::fs::write(&input, timed).unwrap();
    let promtool = server::program("prometheus", "promtool");
    let made = Command::new(promtool)
        .args(["tsdb", "create-blocks-from", "openmetrics"])
        .args([&input, &output])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "{said}");
    // A line for each block: its id, its times, how long it is, and then how many samples it has.
    let blocks = String::from_utf8_lossy(&made.stdout).into_owned();
    let counts = blocks.lines().skip(1).map(|line| {
        let count = line.split_whitespace().nth(4);
        count.unwrap().parse::<usize>().unwrap()
    });
    assert_eq!(counts.sum::<usize>(), samples, "{blocks}");
}
