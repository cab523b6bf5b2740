//! TLS to collectors and to other services, against servers with certificates that nobody else trusts.

use std::{
    error::Error,
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
        mpsc,
    },
    thread,
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    runtime::Builder,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer},
};

/// An authority that nobody trusts without being told to.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    /// A server named `localhost`, with the certificate of this authority, that speaks `protocol`.
    fn server(&self, protocol: &str) -> ServerConfig {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider);
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let certificates = vec![certificate.der().clone()];
        let mut config = builder
            .with_no_client_auth()
            .with_single_cert(certificates, PrivateKeyDer::from(key))
            .unwrap();
        config.alpn_protocols.push(protocol.into());
        config
    }
}

/// TLS in front of a service that has none. It counts the connections that were made.
struct Front {
    port: u16,
    made: Arc<AtomicUsize>,
}

impl Front {
    fn of(service: SocketAddr, authority: &Authority, protocol: &str) -> Self {
        let acceptor = TlsAcceptor::from(Arc::new(authority.server(protocol)));
        let made = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&made);
        let (tell, told) = mpsc::channel();
        let serve = async move {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            tell.send(listener.local_addr().unwrap().port()).unwrap();
            while let Ok((client, _)) = listener.accept().await {
                let (acceptor, counter) = (acceptor.clone(), Arc::clone(&counter));
                tokio::spawn(async move {
                    // A client that does not trust us leaves here.
                    let Ok(mut client) = acceptor.accept(client).await else {
                        return;
                    };
                    counter.fetch_add(1, Relaxed);
                    let mut service = TcpStream::connect(service).await.unwrap();
                    let _ = copy_bidirectional(&mut client, &mut service).await;
                });
            }
        };
        thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(serve);
        });
        Self {
            port: told.recv().unwrap(),
            made,
        }
    }

    fn url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    fn connections(&self) -> usize {
        self.made.load(Relaxed)
    }
}

/// A file that is gone with its owner.
struct File(PathBuf);

impl File {
    fn with(text: &str) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Relaxed);
        let name = format!("marty-tls-{}-{number}.pem", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, text).unwrap();
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn chain(error: &dyn Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", chain(source)),
        None => error.to_string(),
    }
}

const UNTRUSTED: &str = "invalid peer certificate: UnknownIssuer";

#[cfg(all(feature = "http", feature = "http-client"))]
mod http {
    use marty_runtime::{
        axum::{Router, body::to_bytes, routing::get},
        client::HttpClient,
    };

    use super::*;
    use crate::support::{Live, service};

    #[test]
    fn requests_go_only_to_whom_is_trusted() {
        let routes = Router::new().route("/told", get(async || "in private"));
        let live = Live::start(service(routes));
        let (authority, other) = (Authority::new("ours"), Authority::new("theirs"));
        let front = Front::of(live.http, &authority, "http/1.1");
        live.block_on(async {
            let system = HttpClient::new(&front.url()).unwrap();
            let stranger = system.clone().with_authorities(other.pem().as_bytes());
            for client in [system, stranger.unwrap()] {
                let error = client.get("/told").await.unwrap_err();
                assert!(chain(&error).contains(UNTRUSTED), "{}", chain(&error));
            }
            assert_eq!(front.connections(), 0);
            let client = HttpClient::new(&front.url()).unwrap();
            let client = client.with_authorities(authority.pem().as_bytes()).unwrap();
            let answer = client.get("/told").await.unwrap();
            let body = to_bytes(answer.into_body(), 100).await.unwrap();
            assert_eq!(body, "in private");
            assert_eq!(front.connections(), 1);
        });
        live.stop().unwrap();
    }

    #[test]
    fn no_certificate_is_no_authority() {
        let client = HttpClient::new("https://users").unwrap();
        let error = client.with_authorities(b"trust me").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the certificates of authorities are no certificates in PEM"
        );
    }
}

#[cfg(feature = "grpc")]
mod grpc {
    use marty_runtime::{client::GrpcChannel, tonic::Code};

    use super::*;
    use crate::grpc::{ask_text as text, live, unary};

    #[test]
    fn calls_go_only_to_whom_is_trusted() {
        let live = live();
        let (authority, other) = (Authority::new("ours"), Authority::new("theirs"));
        let front = Front::of(live.grpc, &authority, "h2");
        live.block_on(async {
            let system = GrpcChannel::new(&front.url()).unwrap();
            let stranger = system.clone().with_authorities(other.pem().as_bytes());
            for channel in [system, stranger.unwrap()] {
                let status = unary(channel, text("hello")).await.unwrap_err();
                assert_eq!(status.code(), Code::Unavailable, "{status}");
                assert!(status.message().contains(UNTRUSTED), "{status}");
            }
            assert_eq!(front.connections(), 0);
            let channel = GrpcChannel::new(&front.url()).unwrap();
            let channel = channel.with_authorities(authority.pem().as_bytes());
            let answer = unary(channel.unwrap(), text("hello")).await.unwrap();
            assert_eq!(answer.get_ref().text, "hello");
            assert_eq!(front.connections(), 1);
        });
        live.stop().unwrap();
    }
}

#[cfg(all(feature = "http", feature = "otlp"))]
mod telemetry {
    use super::*;
    use crate::{
        collector::Collector,
        support::get,
        telemetry::{await_lost, await_spans, start, traced},
    };

    #[test]
    fn spans_go_to_a_collector_that_is_trusted() {
        let collector = Collector::start();
        let authority = Authority::new("ours");
        let front = Front::of(collector.address, &authority, "h2");
        let file = File::with(&authority.pem());
        let mut command = traced(&front.url());
        let process = start(command.env("OTEL_EXPORTER_OTLP_CERTIFICATE", &file.0));
        get(process.http, "/users/17");
        await_spans(&collector, &["GET /users/{id}", "load"]);
        assert!(front.connections() > 0);
    }

    /// Whether the log says in words why nothing arrives at a collector that is not trusted.
    #[track_caller]
    fn is_refused(protocol: &str, speaks: &str) {
        let collector = Collector::start();
        let front = Front::of(collector.address, &Authority::new("theirs"), speaks);
        let file = File::with(&Authority::new("ours").pem());
        let mut command = traced(&front.url());
        command
            .env("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
            .env("OTEL_EXPORTER_OTLP_TIMEOUT", "500")
            .env("OTEL_EXPORTER_OTLP_CERTIFICATE", &file.0);
        let mut process = start(&mut command);
        get(process.http, "/users/17");
        await_lost(&process, "export_failed", 1.0);
        let line = process.await_line("telemetry cannot be sent");
        let error = line["error"].as_str().unwrap();
        assert!(error.contains(UNTRUSTED), "{error}");
        assert_eq!(front.connections(), 0);
        assert!(collector.spans().is_empty());
    }

    #[test]
    fn no_span_goes_to_a_collector_that_is_not() {
        is_refused("grpc", "h2");
    }

    #[cfg(feature = "otlp-http")]
    #[test]
    fn no_span_goes_over_http_to_a_collector_that_is_not() {
        is_refused("http/protobuf", "http/1.1");
    }

    #[cfg(feature = "otlp-http")]
    #[test]
    fn spans_go_over_http_to_a_collector_that_is_trusted() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let authority = Authority::new("ours");
        let service = listener.local_addr().unwrap();
        let front = Front::of(service, &authority, "http/1.1");
        let file = File::with(&authority.pem());
        let mut command = traced(&front.url());
        command
            .env("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
            .env("OTEL_EXPORTER_OTLP_CERTIFICATE", &file.0);
        let process = start(&mut command);
        get(process.http, "/error");
        let (head, _) = crate::telemetry::take_one(&listener);
        assert!(head.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{head}");
        assert_eq!(front.connections(), 1);
    }
}
