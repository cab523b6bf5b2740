//! Collectors of every temper: one that takes what it gets, and others that do not.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use marty_runtime::axum;
use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::{
            ExportLogsServiceRequest, ExportLogsServiceResponse,
            logs_service_server::{LogsService, LogsServiceServer},
        },
        trace::v1::{
            ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
            trace_service_server::{TraceService, TraceServiceServer},
        },
    },
    common::v1::{KeyValue, any_value::Value},
    logs::v1::LogRecord,
    resource::v1::Resource,
    trace::v1::Span,
};
use tokio::{runtime::Builder, sync::oneshot};
use tonic::{Request, Response, Status, transport::Server, transport::server::TcpIncoming};

use crate::support::PATIENCE;

/// What a collector has taken.
#[derive(Default)]
pub(crate) struct Received {
    pub(crate) spans: Vec<Span>,
    pub(crate) logs: Vec<LogRecord>,
    pub(crate) resources: Vec<Resource>,
    pub(crate) headers: Vec<axum::http::HeaderMap>,
}

/// How a collector answers.
#[derive(Clone, Copy, Default)]
pub(crate) struct Temper {
    pub(crate) delay: Duration,
    /// How many spans of each export it does not take.
    pub(crate) rejects: i64,
    /// How many exports it refuses for the moment.
    pub(crate) refuses: usize,
}

/// A collector over gRPC, as OpenTelemetry defines it.
pub(crate) struct Collector {
    pub(crate) address: SocketAddr,
    received: Arc<Mutex<Received>>,
    end: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Collector {
    pub(crate) fn start() -> Self {
        Self::with(Temper::default())
    }

    pub(crate) fn with(temper: Temper) -> Self {
        let received = Arc::<Mutex<Received>>::default();
        let service = Taking {
            received: Arc::clone(&received),
            temper: Arc::new(Mutex::new(temper)),
        };
        let (end, ends) = oneshot::channel::<()>();
        let (tell, told) = mpsc::channel();
        let serve = async move {
            let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
            let incoming = TcpIncoming::bind(any).unwrap();
            tell.send(incoming.local_addr().unwrap()).unwrap();
            let serving = Server::builder()
                .add_service(TraceServiceServer::new(service.clone()))
                .add_service(LogsServiceServer::new(service))
                .serve_with_incoming(incoming);
            // It ends as a process that is killed does: at once.
            tokio::select! {
                served = serving => served.unwrap(),
                _ = ends => {}
            }
        };
        let thread = thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(serve);
        });
        Self {
            address: told.recv().unwrap(),
            received,
            end: Some(end),
            thread: Some(thread),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What has been received, once it is enough.
    #[track_caller]
    pub(crate) fn wait<T>(&self, enough: impl Fn(&Received) -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            if let Some(found) = enough(&self.received.lock().unwrap()) {
                return found;
            }
            assert!(begun.elapsed() < PATIENCE, "not received in time");
            thread::sleep(Duration::from_millis(2));
        }
    }

    pub(crate) fn spans(&self) -> Vec<Span> {
        self.received.lock().unwrap().spans.clone()
    }

    pub(crate) fn die(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.die();
    }
}

#[derive(Clone)]
struct Taking {
    received: Arc<Mutex<Received>>,
    temper: Arc<Mutex<Temper>>,
}

impl Taking {
    async fn answer(&self) -> Result<i64, Status> {
        let delay = self.temper.lock().unwrap().delay;
        tokio::time::sleep(delay).await;
        let mut temper = self.temper.lock().unwrap();
        if temper.refuses > 0 {
            temper.refuses -= 1;
            return Err(Status::unavailable("busy"));
        }
        Ok(temper.rejects)
    }
}

#[tonic::async_trait]
impl TraceService for Taking {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let rejected_spans = self.answer().await?;
        let mut received = self.received.lock().unwrap();
        let headers = request.metadata().clone().into_headers();
        received.headers.push(headers);
        for of_resource in request.into_inner().resource_spans {
            received.resources.extend(of_resource.resource);
            let scopes = of_resource.scope_spans.into_iter();
            received.spans.extend(scopes.flat_map(|scope| scope.spans));
        }
        Ok(Response::new(ExportTraceServiceResponse {
            partial_success: Some(ExportTracePartialSuccess {
                rejected_spans,
                error_message: String::new(),
            }),
        }))
    }
}

#[tonic::async_trait]
impl LogsService for Taking {
    async fn export(
        &self,
        request: Request<ExportLogsServiceRequest>,
    ) -> Result<Response<ExportLogsServiceResponse>, Status> {
        self.answer().await?;
        let mut received = self.received.lock().unwrap();
        for of_resource in request.into_inner().resource_logs {
            received.resources.extend(of_resource.resource);
            let scopes = of_resource.scope_logs.into_iter();
            received
                .logs
                .extend(scopes.flat_map(|scope| scope.log_records));
        }
        Ok(Response::new(ExportLogsServiceResponse::default()))
    }
}

/// Takes connections, and neither reads nor answers.
pub(crate) fn black_hole() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let mut held = Vec::new();
        held.extend(listener.incoming());
    });
    address
}

/// An address where nobody listens.
pub(crate) fn nobody() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap()
}

/// The value of an attribute, as text.
pub(crate) fn attribute(attributes: &[KeyValue], name: &str) -> Option<String> {
    let mut attributes = attributes.iter();
    let found = attributes.find(|attribute| attribute.key == name)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        Value::BoolValue(value) => Some(value.to_string()),
        Value::IntValue(value) => Some(value.to_string()),
        Value::DoubleValue(value) => Some(value.to_string()),
        other => panic!("{other:?}"),
    }
}
