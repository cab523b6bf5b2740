//! What the process says of itself.

use marty_runtime::{Config, Service, bus::EventBus};

use crate::service::get;

/// The lines of the metric `name` that have every one of `labels`, each with its labels and its value.
pub(crate) async fn scrape(name: &str, labels: &[&str]) -> Vec<(String, f64)> {
    // Whichever bus a service has, it shows what all buses of the process count.
    let (bus, _memory) = EventBus::in_memory("scrape");
    let service =
        Service::new(marty_runtime::service_info!(), Config::for_tests()).events(&bus, []);
    let running = service.start().await.unwrap();
    let (_, scrape) = get(running.admin_addr(), "/metrics").await;
    running.stop().await.unwrap();
    let lines = scrape
        .lines()
        .filter_map(|line| line.strip_prefix(name)?.rsplit_once(' '));
    lines
        .filter(|(said, _)| said.is_empty() || said.starts_with('{'))
        .filter(|(said, _)| labels.iter().all(|label| said.contains(label)))
        .map(|(said, value)| (said.to_owned(), value.parse().unwrap()))
        .collect()
}
