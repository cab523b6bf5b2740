//! Calls from one service to another.

use std::{future::ready, net::SocketAddr, time::Duration};

use hyper::{body::Incoming, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use marty_runtime::{
    axum,
    client::GrpcChannel,
    tonic::{Code, GrpcMethod, Request, Response, Status, client::Grpc},
};
use tokio::{net::TcpListener, runtime::Builder};
use tonic_prost::ProstCodec;

use super::{
    live,
    probe::{Act, Ask, Reply},
};

/// What a generated client does.
async fn unary(channel: GrpcChannel, ask: Ask) -> Result<Response<Reply>, Status> {
    let mut grpc = Grpc::new(channel);
    grpc.ready().await.unwrap();
    let mut ask = Request::new(ask);
    ask.extensions_mut()
        .insert(GrpcMethod::new("test.v1.Probe", "Unary"));
    let path = "/test.v1.Probe/Unary".parse().unwrap();
    grpc.unary(ask, path, ProstCodec::<Ask, Reply>::default())
        .await
}

/// Calls what there is not.
pub(crate) fn call_something(address: SocketAddr) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let answer = runtime.block_on(async {
        let channel = GrpcChannel::new(&format!("http://{address}")).unwrap();
        let mut grpc = Grpc::new(channel);
        grpc.ready().await.unwrap();
        let codec = ProstCodec::<Ask, Reply>::default();
        let ask = Request::new(Ask::fail(Code::Aborted));
        grpc.unary(ask, "/test.v1.Probe/Unary".parse().unwrap(), codec)
            .await
    });
    assert_eq!(answer.unwrap_err().code(), Code::Aborted);
}

fn made(method: &str, code: &str) -> String {
    format!(
        "rpc_client_call_duration_seconds_count{{rpc_method=\"{method}\",server_address=\"127.0.0.1\",rpc_response_status_code=\"{code}\"}}"
    )
}

#[cfg(feature = "http")]
#[test]
fn takes_the_ids_of_a_request_along() {
    use marty_runtime::axum::{Router, routing::get as on_get};

    use crate::support::{Live, get_with, service};

    let called = live();
    let address = format!("http://{}", called.grpc);
    let relay = on_get(async move || {
        let channel = GrpcChannel::new(&address).unwrap();
        let reply = unary(channel, Ask::text("relayed")).await.unwrap();
        let seen = reply.metadata().get("x-seen").unwrap().to_str().unwrap();
        let place = reply.metadata().get("x-seen-traceparent").unwrap();
        let trace = place.to_str().unwrap().split('-').nth(1).unwrap();
        format!("{seen} {trace} {}", reply.get_ref().text)
    });
    let calling = Live::start(service(Router::new().route("/relay", relay)));
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let ids =
        format!("x-correlation-id: order-17\r\ntraceparent: 00-{trace}-b7ad6b7169203331-01\r\n");
    let answer = get_with(calling.http, "/relay", &ids);
    assert_eq!(answer.body, format!("order-17 {trace} relayed"));
    calling.await_value(&made("test.v1.Probe/Unary", "OK"), 1.0);
    calling.stop().unwrap();
    called.stop().unwrap();
}

#[test]
fn counts_how_calls_end_as_their_callers_see_it() {
    let called = live();
    let address = format!("http://{}", called.grpc);
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let code = |address: &str, ask| {
        runtime.block_on(async {
            let channel = GrpcChannel::new(address).unwrap();
            let channel = channel.with_deadline(Duration::from_millis(300));
            unary(channel, ask).await.unwrap_err().code()
        })
    };
    assert_eq!(code(&address, Ask::fail(Code::NotFound)), Code::NotFound);
    assert_eq!(code(&address, Ask::new(Act::Hang)), Code::DeadlineExceeded);
    assert_eq!(code(&gone, Ask::text("")), Code::Unavailable);
    for code in ["NOT_FOUND", "DEADLINE_EXCEEDED", "UNAVAILABLE"] {
        called.await_value(&made("test.v1.Probe/Unary", code), 1.0);
    }
    // The deadline went along.
    called.await_value(&super::calls("Unary", "DEADLINE_EXCEEDED"), 1.0);
    called.stop().unwrap();
}

#[test]
fn counts_what_no_generated_client_calls_together() {
    let called = live();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let channel = GrpcChannel::new(&format!("http://{}", called.grpc)).unwrap();
        for number in 0..20 {
            let mut grpc = Grpc::new(channel.clone());
            grpc.ready().await.unwrap();
            let path = format!("/made.up/M{number}").parse().unwrap();
            let codec = ProstCodec::<Ask, Reply>::default();
            let answer = grpc.unary(Request::new(Ask::text("")), path, codec).await;
            assert_eq!(answer.unwrap_err().code(), Code::Unimplemented);
        }
    });
    called.await_value(&made("_OTHER", "UNIMPLEMENTED"), 20.0);
    called.stop().unwrap();
}

/// Answers every request over HTTP/2 with `status`, as a proxy does that has nobody behind it.
async fn answer_all(listener: TcpListener, status: u16) {
    let answer = move |_: axum::http::Request<Incoming>| {
        let body = axum::body::Body::from("<html>nobody is there</html>");
        let answer = axum::http::Response::builder().status(status).body(body);
        ready(answer)
    };
    while let Ok((stream, _)) = listener.accept().await {
        let connection = http2::Builder::new(TokioExecutor::new())
            .serve_connection(TokioIo::new(stream), service_fn(answer));
        tokio::spawn(connection);
    }
}

#[test]
fn takes_the_status_of_http_where_no_grpc_server_has_answered() {
    let called = live();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        for (status, code) in [(401, Code::Unauthenticated), (403, Code::PermissionDenied)] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = format!("http://{}", listener.local_addr().unwrap());
            tokio::spawn(answer_all(listener, status));
            let channel = GrpcChannel::new(&address).unwrap();
            let answer = unary(channel, Ask::text("")).await;
            assert_eq!(answer.unwrap_err().code(), code);
        }
    });
    called.await_value(&made("test.v1.Probe/Unary", "PERMISSION_DENIED"), 1.0);
    called.stop().unwrap();
}

#[tokio::test]
async fn refuses_what_is_no_address() {
    let error = GrpcChannel::new("http://me:hunter2@users:8080").unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    for address in ["", "users", "https://users:8080", "http://"] {
        let error = GrpcChannel::new(address).unwrap_err();
        assert!(error.to_string().starts_with(&format!("`{address}` is no")));
    }
}
