//! A service in its own runtime, and a client that sends bytes as they are.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use marty_runtime::{Config, Error, Running, Service, axum::Router};
use tokio::runtime::Runtime;

/// Longer than anything takes that works.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Live {
    pub(crate) http: SocketAddr,
    pub(crate) admin: SocketAddr,
    #[cfg(feature = "grpc")]
    pub(crate) grpc: SocketAddr,
    running: Running,
    runtime: Runtime,
}

pub(crate) fn service(routes: Router) -> Service {
    with_config(routes, |_| {})
}

pub(crate) fn with_config(routes: Router, change: impl FnOnce(&mut Config)) -> Service {
    let mut config = Config::for_tests();
    change(&mut config);
    let service = Service::new(marty_runtime::service_info!(), config);
    #[cfg(feature = "http")]
    let service = service.http(routes);
    #[cfg(not(feature = "http"))]
    assert!(!routes.has_routes(), "nobody serves them");
    service
}

impl Live {
    pub(crate) fn start(service: Service) -> Self {
        let runtime = Runtime::new().unwrap();
        let running = runtime.block_on(service.start()).unwrap();
        Self {
            http: running.http_addr(),
            admin: running.admin_addr(),
            #[cfg(feature = "grpc")]
            grpc: running.grpc_addr(),
            running,
            runtime,
        }
    }

    /// Waits for what happens in the service's process.
    pub(crate) fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    pub(crate) fn stop(self) -> Result<(), Error> {
        self.runtime.block_on(self.running.stop())
    }

    /// Begins to stop, and lets the caller watch.
    pub(crate) fn stop_while<T>(self, watch: impl FnOnce() -> T) -> (Result<(), Error>, T) {
        let Self {
            running, runtime, ..
        } = self;
        let stopping = runtime.spawn(running.stop());
        let seen = watch();
        (runtime.block_on(stopping).unwrap(), seen)
    }

    /// The value of the sample that begins with `sample`, labels and all.
    pub(crate) fn value(&self, sample: &str) -> Option<f64> {
        let scrape = get(self.admin, "/metrics").body;
        let line = scrape.lines().find_map(|line| line.strip_prefix(sample))?;
        line.trim().parse().ok()
    }

    /// Scrapes until `sample` has the value.
    #[track_caller]
    pub(crate) fn await_value(&self, sample: &str, expected: f64) {
        let begun = std::time::Instant::now();
        while self.value(sample) != Some(expected) {
            assert!(
                begun.elapsed() < PATIENCE,
                "{sample} is {:?}",
                self.value(sample)
            );
            std::thread::yield_now();
        }
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .filter(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .next()
    }
}

pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Sends `bytes` and reads to the end, which the bytes have to ask for.
pub(crate) fn send(address: SocketAddr, bytes: &[u8]) -> Answer {
    let mut stream = connect(address);
    stream.write_all(bytes).unwrap();
    receive(stream)
}

pub(crate) fn receive(mut stream: TcpStream) -> Answer {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("no head in {text:?}"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer {
        status,
        head: head.to_owned(),
        body: body.to_owned(),
    }
}

pub(crate) fn get(address: SocketAddr, path: &str) -> Answer {
    get_with(address, path, "")
}

/// `headers` are whole lines.
pub(crate) fn get_with(address: SocketAddr, path: &str, headers: &str) -> Answer {
    let request =
        format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n{headers}\r\n");
    send(address, request.as_bytes())
}
