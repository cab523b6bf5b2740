//! Puts the log together and makes it the process's.

use std::{
    io::{self, IsTerminal},
    panic,
    sync::{Arc, OnceLock},
    time::Duration,
};

use tracing::Subscriber;
use tracing_subscriber::{
    Layer, Registry,
    fmt::{MakeWriter, writer::BoxMakeWriter},
    layer::SubscriberExt,
};

use super::{
    count::{CountEvents, dropped},
    filter::Levels,
    json::JsonLines,
    panic as panics,
    place::TextLines,
    queue::Queue,
    repeat::{Admitted, Repeats},
    text::TextFields,
};
use crate::{
    ServiceInfo,
    config::{Config, LogFormat, Setting},
    trace::{self, Listeners, TraceLayer},
};

/// What the process has to write before it ends.
static QUEUE: OnceLock<Queue> = OnceLock::new();

/// What the process withholds, and has to say so of before it ends.
static REPEATS: OnceLock<Arc<Repeats>> = OnceLock::new();

/// What the process logs, once the log is ours.
static LEVELS: OnceLock<Levels> = OnceLock::new();

/// How long the end of the process waits for the log.
const FLUSH_TIME: Duration = Duration::from_millis(200);

/// Logs to the standard output from now on, panics included, and counts those. A log that the process has already stays.
/// Says whether it is this one.
pub(crate) fn install(info: ServiceInfo, config: &Config) -> bool {
    let text = match config.log_format {
        LogFormat::Text => true,
        LogFormat::Json => false,
        LogFormat::Auto => io::stdout().is_terminal(),
    };
    let writer = writer();
    let levels = Levels::new(config.log.clone());
    let repeats = Arc::new(Repeats::new(config.log_repeats));
    let listeners = trace::begin(info, config);
    let installed = if text {
        tracing::subscriber::set_global_default(text_lines(&levels, writer, &repeats, listeners))
    } else {
        let lines = json_lines((info, config), &levels, writer, &repeats, listeners);
        tracing::subscriber::set_global_default(lines)
    };
    if installed.is_ok() {
        LEVELS.get_or_init(|| levels);
        panic::set_hook(Box::new(panics::log));
        // Without a thread it is said at the end alone.
        let _ = repeats.start();
        let _ = REPEATS.set(repeats);
        trace::complain();
    }
    installed.is_ok()
}

/// What the process logs, if it is this log that does.
pub(crate) fn levels() -> Option<&'static Levels> {
    LEVELS.get()
}

/// Waits until every line is written, but no longer than a moment: whoever reads the log may not read any more.
pub(crate) fn flush() {
    if let Some(repeats) = REPEATS.get() {
        repeats.tell();
    }
    if let Some(queue) = QUEUE.get() {
        queue.flush(FLUSH_TIME);
    }
}

/// The way to the standard output: through the queue, or straight where the system has no thread to give.
fn writer() -> BoxMakeWriter {
    match Queue::start(io::stdout(), dropped()) {
        Ok(queue) => {
            let queue = QUEUE.get_or_init(|| queue);
            BoxMakeWriter::new(|| queue.clone())
        }
        Err(_) => BoxMakeWriter::new(io::stdout),
    }
}

fn json_lines<W>(
    (info, config): (ServiceInfo, &Config),
    levels: &Levels,
    writer: W,
    repeats: &Arc<Repeats>,
    (traces, sends): Listeners,
) -> impl Subscriber + use<W>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let lines = JsonLines::new(writer, info, config).and_then(sends);
    let lines = CountEvents.and_then(Admitted::new(lines, Arc::clone(repeats)));
    Registry::default()
        .with(lines.with_filter(levels.clone()))
        .with(traces.filtered())
}

fn text_lines<W>(
    levels: &Levels,
    writer: W,
    repeats: &Arc<Repeats>,
    (traces, sends): Listeners,
) -> impl Subscriber + use<W>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .fmt_fields(TextFields)
        .with_writer(writer)
        .map_event_format(TextLines);
    let lines = Admitted::new(lines.and_then(sends), Arc::clone(repeats));
    Registry::default()
        .with(CountEvents.and_then(lines).with_filter(levels.clone()))
        .with(traces.filtered())
}

/// The log of a service that logs warnings only, so that benchmarks measure what a service does with a request that says nothing.
#[doc(hidden)]
pub fn log_for_benchmarks<W>(writer: W, traces: TraceLayer) -> impl Subscriber + Send + Sync
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let mut config = Config::for_tests();
    config.log = Setting::parse("warn").unwrap_or_default();
    let repeats = Arc::new(Repeats::new(config.log_repeats));
    let this = (crate::service_info!(), &config);
    let levels = Levels::new(config.log.clone());
    json_lines(this, &levels, writer, &repeats, (traces, None))
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, PoisonError};

    use axum::http::HeaderMap;
    use serde_json::Value;

    use super::*;
    use crate::{
        config::Sampling,
        trace::{Begin, Kind},
    };

    #[derive(Clone, Default)]
    struct Captured(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Captured {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    fn levels(log: &str) -> Levels {
        Levels::new(Setting::parse(log).unwrap())
    }

    fn config(log: &str) -> Config {
        let mut config = Config::for_tests();
        config.log = Setting::parse(log).unwrap();
        config
    }

    fn repeats() -> Arc<Repeats> {
        Arc::new(Repeats::new(10))
    }

    fn lines(log: &str, write: impl FnOnce()) -> Vec<Value> {
        let captured = Captured::default();
        let writer = captured.clone();
        let info = ServiceInfo::new("user-service", "1.2.3");
        let traces = (TraceLayer::silent(Sampling::default()), None);
        let config = config(log);
        let writer = move || writer.clone();
        let subscriber = json_lines((info, &config), &levels(log), writer, &repeats(), traces);
        tracing::subscriber::with_default(subscriber, write);
        captured
            .text()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    #[test]
    fn writes_one_object_a_line_with_all_members() {
        let found = lines("info", || {
            tracing::warn!(user = 17, ratio = f64::NAN, "line\none \"quoted\"");
        });
        let [line] = &found[..] else {
            panic!("{found:?}")
        };
        assert_eq!(line["level"], "warn");
        assert_eq!(line["message"], "line\none \"quoted\"");
        assert_eq!(line["target"], "marty_runtime::logging::install::tests");
        assert_eq!(line["service"], "user-service");
        assert_eq!(line["version"], "1.2.3");
        assert_eq!(line["environment"], "test");
        assert!(line["instance"].is_string());
        assert_eq!(line["user"], 17);
        assert_eq!(line["ratio"], "NaN");
        assert!(humantime::parse_rfc3339(line["timestamp"].as_str().unwrap()).is_ok());
    }

    #[test]
    fn scrubs_fields_and_leaves_the_types_of_others() {
        let found = lines("info", || {
            let span = tracing::info_span!("login", password = "hunter2");
            span.in_scope(|| {
                tracing::info!(
                    n = 17,
                    ok = true,
                    ratio = 0.5,
                    pin = 4839,
                    paid = 4_111_111_111_111_111_u64,
                    "of ada@example.com"
                );
            });
        });
        let [line] = &found[..] else {
            panic!("{found:?}")
        };
        assert_eq!(line["message"], "of [email]");
        assert_eq!(line["password"], "[secret]");
        assert_eq!(
            (&line["pin"], &line["paid"]),
            (&"[secret]".into(), &"[card]".into())
        );
        assert_eq!(
            (&line["n"], &line["ok"], &line["ratio"]),
            (&17.into(), &true.into(), &0.5.into())
        );
    }

    #[test]
    fn carries_the_fields_of_the_spans_around_an_event() {
        let found = lines("info", || {
            let outer = tracing::info_span!("outer", correlation_id = "order-17", depth = 1);
            let inner = outer
                .in_scope(|| tracing::info_span!("inner", depth = 2, late = tracing::field::Empty));
            inner.record("late", true);
            inner.in_scope(|| tracing::info!("inside"));
            tracing::info!("outside");
        });
        let [inside, outside] = &found[..] else {
            panic!("{found:?}")
        };
        assert_eq!(inside["correlation_id"], "order-17");
        assert_eq!(inside["depth"], 2);
        assert_eq!(inside["late"], true);
        assert_eq!(outside.get("correlation_id"), None);
    }

    #[test]
    fn carries_the_ids_of_the_innermost_span_around_an_event() {
        let found = lines("info", || {
            let mut caller = HeaderMap::new();
            let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
            caller.insert("traceparent", parent.parse().unwrap());
            let request = Begin::server("GET /", &caller).span(|| tracing::info_span!("request"));
            let inside = || {
                tracing::info!(trace_id = "mine", "request");
                tracing::info_span!("inner").in_scope(|| tracing::info!("inner"));
                // No span of this level is asked for, nor traced.
                tracing::debug_span!("hidden").in_scope(|| tracing::info!("hidden"));
            };
            request.in_scope(inside);
            tracing::info!("outside");
        });
        let [request, inner, hidden, outside] = &found[..] else {
            panic!("{found:?}")
        };
        for line in [request, inner, hidden] {
            assert_eq!(line["trace_id"], "0af7651916cd43dd8448eb211c80319c");
        }
        let ids = [request, inner, hidden].map(|line| line["span_id"].as_str().unwrap());
        assert!(
            ids.iter()
                .all(|id| id.len() == 16 && *id != "b7ad6b7169203331")
        );
        assert_ne!(ids[0], ids[1]);
        assert_eq!(ids[0], ids[2]);
        assert_eq!(request["field.trace_id"], "mine");
        assert_eq!(
            (outside.get("trace_id"), outside.get("span_id")),
            (None, None)
        );
    }

    #[test]
    fn lets_no_field_replace_a_member() {
        let found = lines("info", || {
            let span = tracing::info_span!("request", message = "of the span");
            span.in_scope(|| tracing::info!(level = "low", service = "other", "said"));
        });
        let [line] = &found[..] else {
            panic!("{found:?}")
        };
        assert_eq!(
            (&line["level"], &line["field.level"]),
            (&"info".into(), &"low".into())
        );
        assert_eq!(
            (&line["service"], &line["field.service"]),
            (&"user-service".into(), &"other".into())
        );
        assert_eq!(
            (&line["message"], &line["field.message"]),
            (&"said".into(), &"of the span".into())
        );
    }

    #[test]
    fn logs_what_the_directives_ask_for() {
        let found = lines("warn,chatty=debug", || {
            tracing::info!("dropped");
            tracing::debug!(target: "chatty", "kept");
        });
        assert_eq!(found.len(), 1);
        assert_eq!(found[0]["message"], "kept");
    }

    #[test]
    fn writes_text_with_level_spans_and_fields() {
        let captured = Captured::default();
        let writer = captured.clone();
        let levels = levels("info,chatty=debug");
        let traces = (TraceLayer::silent(Sampling::default()), None);
        let subscriber = text_lines(&levels, move || writer.clone(), &repeats(), traces);
        let ids = tracing::subscriber::with_default(subscriber, || {
            let begin = Begin::new(Kind::Internal, "request");
            let span = begin.span(|| tracing::info_span!("request", correlation_id = "order-17"));
            span.in_scope(|| tracing::warn!(user = 17, "said"));
            tracing::debug!("dropped");
            tracing::debug!(target: "chatty", "kept");
            let context = span.context().unwrap();
            (context.trace_id(), context.span_id())
        });
        let text = captured.text();
        let lines: Vec<&str> = text.lines().collect();
        let [said, kept] = lines[..] else {
            panic!("{text}")
        };
        let (timestamp, said) = said.split_once(' ').unwrap();
        assert!(humantime::parse_rfc3339(timestamp).is_ok(), "{timestamp}");
        assert_eq!(
            said.trim_start(),
            format!(
                "WARN request{{correlation_id=\"order-17\"}}: marty_runtime::logging::install::tests: said user=17 \
                 trace_id={} span_id={}",
                ids.0, ids.1
            )
        );
        assert!(kept.ends_with("DEBUG chatty: kept"), "{kept}");
    }
}
