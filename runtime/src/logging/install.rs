//! Puts the log together and makes it the process's.

use std::{
    io::{self, IsTerminal},
    panic::{self, PanicHookInfo},
};

use tracing::Subscriber;
use tracing_subscriber::{Layer, Registry, fmt::MakeWriter, layer::SubscriberExt};

use super::{count::CountEvents, json::JsonLines};
use crate::{
    ServiceInfo,
    config::{Config, LogFormat},
};

/// Logs to the standard output from now on, panics included. A log that the process has already stays.
pub(crate) fn install(info: ServiceInfo, config: &Config) {
    let text = match config.log_format {
        LogFormat::Text => true,
        LogFormat::Json => false,
        LogFormat::Auto => io::stdout().is_terminal(),
    };
    let installed = if text {
        tracing::subscriber::set_global_default(text_lines(config, io::stdout))
    } else {
        tracing::subscriber::set_global_default(json_lines(info, config, io::stdout))
    };
    if installed.is_ok() {
        panic::set_hook(Box::new(log_panic));
    }
}

fn json_lines<W>(info: ServiceInfo, config: &Config, writer: W) -> impl Subscriber + use<W>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let lines = CountEvents.and_then(JsonLines::new(writer, info, config));
    Registry::default().with(lines.with_filter(config.log.targets().clone()))
}

fn text_lines<W>(config: &Config, writer: W) -> impl Subscriber + use<W>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(writer);
    Registry::default().with(
        CountEvents
            .and_then(lines)
            .with_filter(config.log.targets().clone()),
    )
}

/// Runs where the panic happens, inside the request's span: the line carries its correlation id.
fn log_panic(info: &PanicHookInfo<'_>) {
    let message = info.payload_as_str().unwrap_or("panic without a text");
    let location = info.location().map(ToString::to_string);
    tracing::error!(location, error = message, "panicked");
}
