//! The runtime over real sockets: scrapes, hostile clients, health and shutdown.

mod exposition;
mod health;
mod hostile;
mod process;
mod readme;
mod scrape;
mod shutdown;
mod support;
