//! Puts the parts together for the process, and takes them apart at its end.

use std::{io, sync::OnceLock};

use tokio::time::Instant;

use super::{Listeners, TARGET, TraceLayer, count, export::Exporter, log::SendLogs, queue::Queue};
use crate::{ServiceInfo, config::Config};

/// What has to be sent before the process ends.
static EXPORTER: OnceLock<Exporter> = OnceLock::new();

/// Why nothing is sent although it should be.
static FAILURE: OnceLock<io::Error> = OnceLock::new();

/// Begins to send telemetry, if the configuration says where to.
pub(crate) fn begin(info: ServiceInfo, config: &Config) -> Listeners {
    let telemetry = &config.telemetry;
    let sampling = telemetry.sampling;
    if telemetry.traces.is_none() && telemetry.logs.is_none() {
        return (TraceLayer::silent(sampling), None);
    }
    let spans = telemetry
        .traces
        .as_ref()
        .map(|_| Queue::new(telemetry.queue, count::SPANS.clone()));
    let logs = telemetry
        .logs
        .as_ref()
        .map(|_| Queue::new(telemetry.queue, count::LOGS.clone()));
    let resource = resource(info, config);
    let exporter = match Exporter::start(spans, logs, telemetry.clone(), resource) {
        Ok(exporter) => EXPORTER.get_or_init(|| exporter),
        Err(error) => {
            // The log is not there yet, and the service is worth more than its traces.
            let _ = FAILURE.set(error);
            return (TraceLayer::silent(sampling), None);
        }
    };
    let layer = exporter.spans.clone().map_or_else(
        || TraceLayer::silent(sampling),
        |queue| TraceLayer::sending(sampling, queue),
    );
    (layer, exporter.logs.clone().map(SendLogs))
}

/// Says why nothing is sent although it should be, as soon as there is a log to say it in.
pub(crate) fn complain() {
    if let Some(error) = FAILURE.get() {
        tracing::error!(target: TARGET, error = %error, "telemetry is not sent: its thread did not start");
    }
}

/// Who sends: the service, its version, its instance, its environment, and what else was configured.
fn resource(info: ServiceInfo, config: &Config) -> Vec<(String, String)> {
    let own = [
        ("service.name", info.name),
        ("service.version", info.version),
        ("service.instance.id", &config.instance_id),
        ("deployment.environment.name", &config.environment),
        ("telemetry.sdk.name", "marty-runtime"),
        ("telemetry.sdk.language", "rust"),
        ("telemetry.sdk.version", env!("CARGO_PKG_VERSION")),
    ];
    let mut resource: Vec<(String, String)> = own
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let name = config.service_name.as_deref();
    let name = name.map(|name| ("service.name", name));
    for (name, value) in config.resource_attributes.iter().chain(name) {
        match resource.iter_mut().find(|(known, _)| known == name) {
            Some(place) => value.clone_into(&mut place.1),
            None => resource.push((name.to_owned(), value.to_owned())),
        }
    }
    resource
}

/// Sends what waits, until `deadline`. Says whether all was tried, or nothing if nothing is ever sent.
pub(crate) async fn flush(deadline: Instant) -> Option<bool> {
    let exporter = EXPORTER.get()?;
    Some(exporter.flush(deadline).await)
}

#[cfg(test)]
mod tests {
    use std::{
        fmt::{Debug, Write},
        sync::{Arc, Mutex},
    };

    use tracing::{Event, Subscriber, field::Field};
    use tracing_subscriber::{
        Layer,
        layer::{Context, SubscriberExt},
        registry,
    };

    use super::*;

    #[derive(Clone, Default)]
    struct Heard(Arc<Mutex<String>>);

    impl<S: Subscriber> Layer<S> for Heard {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            let mut heard = self.0.lock().unwrap();
            event.record(&mut |field: &Field, value: &dyn Debug| {
                let _ = write!(heard, "{field}={value:?} ");
            });
        }
    }

    #[test]
    fn says_that_nothing_is_sent() {
        let heard = Heard::default();
        let _ = FAILURE.set(io::Error::other("no threads left"));
        tracing::subscriber::with_default(registry().with(heard.clone()), complain);
        let heard = heard.0.lock().unwrap();
        assert!(heard.contains("error=no threads left"), "{heard}");
    }
}
