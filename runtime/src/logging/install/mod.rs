//! Puts the log together and makes it the process's.

use std::{
    io::{self, IsTerminal},
    panic,
    sync::{Arc, OnceLock},
};

use tracing::Subscriber;
use tracing_subscriber::{
    Layer, Registry,
    fmt::{MakeWriter, writer::BoxMakeWriter},
    layer::SubscriberExt,
};

use super::{
    admitted::Admitted,
    count::{CountEvents, dropped},
    filter::Levels,
    flush::{QUEUE, REPEATS},
    json::JsonLines,
    panic as panics,
    place::TextLines,
    queue::Queue,
    repeat::Repeats,
    text::TextFields,
};
use crate::{
    ServiceInfo,
    config::{Config, LogFormat, Setting},
    trace::{self, Listeners, TraceLayer},
};

/// What the process logs, once the log is ours.
static LEVELS: OnceLock<Levels> = OnceLock::new();

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
mod tests;
