//! Puts the log together and makes it the process's.

use std::{
    io::{self, IsTerminal},
    panic::{self, PanicHookInfo},
    sync::OnceLock,
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
    queue::Queue,
};
use crate::{
    ServiceInfo,
    config::{Config, LogFormat},
    metric::Counter,
    unwind::PANICS,
};

/// What the process has to write before it ends.
static QUEUE: OnceLock<Queue> = OnceLock::new();

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
    let installed = if text {
        tracing::subscriber::set_global_default(text_lines(&levels, writer))
    } else {
        tracing::subscriber::set_global_default(json_lines(info, config, &levels, writer))
    };
    if installed.is_ok() {
        LEVELS.get_or_init(|| levels);
        panic::set_hook(Box::new(log_panic));
    }
    installed.is_ok()
}

/// What the process logs, if it is this log that does.
pub(crate) fn levels() -> Option<&'static Levels> {
    LEVELS.get()
}

/// Waits until every line is written, but no longer than a moment: whoever reads the log may not read any more.
pub(crate) fn flush() {
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
    info: ServiceInfo,
    config: &Config,
    levels: &Levels,
    writer: W,
) -> impl Subscriber + use<W>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let lines = CountEvents.and_then(JsonLines::new(writer, info, config));
    Registry::default().with(lines.with_filter(levels.clone()))
}

fn text_lines<W>(levels: &Levels, writer: W) -> impl Subscriber + use<W>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(writer);
    Registry::default().with(CountEvents.and_then(lines).with_filter(levels.clone()))
}

/// Runs where the panic happens, inside the request's span: the line carries its correlation id.
fn log_panic(info: &PanicHookInfo<'_>) {
    PANICS.with(&(), Counter::inc);
    let message = info.payload_as_str().unwrap_or("panic without a text");
    let location = info.location().map(ToString::to_string);
    tracing::error!(location, error = message, "panicked");
    // It may be the last that the process does.
    flush();
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex, PoisonError};

    use serde_json::Value;

    use super::*;
    use crate::config::Setting;

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

    fn lines(log: &str, write: impl FnOnce()) -> Vec<Value> {
        let captured = Captured::default();
        let writer = captured.clone();
        let info = ServiceInfo::new("user-service", "1.2.3");
        let subscriber = json_lines(info, &config(log), &levels(log), move || writer.clone());
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
        let subscriber = text_lines(&levels("info,chatty=debug"), move || writer.clone());
        tracing::subscriber::with_default(subscriber, || {
            let span = tracing::info_span!("request", correlation_id = "order-17");
            span.in_scope(|| tracing::warn!(user = 17, "said"));
            tracing::debug!("dropped");
            tracing::debug!(target: "chatty", "kept");
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
            "WARN request{correlation_id=\"order-17\"}: marty_runtime::logging::install::tests: said user=17"
        );
        assert!(kept.ends_with("DEBUG chatty: kept"), "{kept}");
    }
}
