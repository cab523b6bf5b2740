//! Which methods metrics know.

use std::convert::Infallible;

use marty_runtime::{
    axum::{
        Router,
        http::{Request, Response},
    },
    tonic::{
        Request as Call, Status, body::Body, codegen::InterceptedService, server::NamedService,
    },
};

use super::{
    active,
    caller::Caller,
    calls, live,
    probe::{self, Ask, Probe},
    raw::{self, framed, request},
};
use crate::support::{Live, get, service as plain_service};

/// Numbers that look random and are the same every time.
fn noise() -> impl Iterator<Item = u64> {
    std::iter::successors(Some(7_u64), |seed| {
        Some(
            seed.wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407),
        )
    })
    .map(|seed| seed >> 33)
}

/// Calls 10,000 methods that there are not, each in one of the forms, and a hundred at once.
fn call_anything(live: &Live) {
    let caller = Caller::new(live.grpc);
    let paths: Vec<String> = noise().take(10_000).map(made_up).collect();
    caller.runtime.block_on(async {
        let mut raw = raw::connect(live.grpc).await;
        for paths in paths.chunks(100) {
            let mut answers = Vec::new();
            for path in paths {
                answers.push((path, raw.begin(request(path, &[]), None).await.0));
            }
            for (path, answer) in answers {
                let answer = raw::read(answer.await.unwrap()).await;
                assert_ne!(answer.code(), Some("0"), "{path}");
            }
        }
    });
}

fn made_up(number: u64) -> String {
    match number % 4 {
        0 => format!("/test.v1.Probe/M{number}"),
        1 => format!("/made.up.S{number}/Unary"),
        2 => format!("/{number}"),
        _ => format!("/test.v1.Probe/Unary/{number}"),
    }
}

#[test]
fn callers_make_up_no_names() {
    let live = live();
    call_anything(&live);
    let other = |code: &str| {
        format!(
            "rpc_server_call_duration_seconds_count{{rpc_method=\"_OTHER\",rpc_response_status_code=\"{code}\"}}"
        )
    };
    live.await_value(&other("UNIMPLEMENTED"), 10_000.0);
    let series = |metric: &str| live.value(&format!("marty_metric_series{{metric=\"{metric}\"}}"));
    assert_eq!(series("rpc_server_call_duration_seconds"), Some(1.0));
    assert_eq!(series("rpc_server_active_calls"), Some(1.0));
    live.await_value("rpc_server_active_calls{rpc_method=\"_OTHER\"}", 0.0);
    live.stop().unwrap();
}

/// Refuses whoever does not say the word, whatever is called.
fn guard(call: Call<()>) -> Result<Call<()>, Status> {
    if call.metadata().contains_key("x-word") {
        Ok(call)
    } else {
        Err(Status::unauthenticated("no word"))
    }
}

#[test]
fn a_service_without_a_descriptor_makes_its_own_methods_known() {
    let guarded = InterceptedService::new(Probe, guard);
    let live = Live::start(plain_service(Router::new()).grpc(guarded));
    call_anything(&live);
    let series = |metric: &str| live.value(&format!("marty_metric_series{{metric=\"{metric}\"}}"));
    // Refused by the guard, or unknown.
    assert_eq!(series("rpc_server_call_duration_seconds"), Some(2.0));
    let caller = Caller::new(live.grpc);
    caller.runtime.block_on(async {
        let mut raw = raw::connect(live.grpc).await;
        for _ in 0..3 {
            let request = request("/test.v1.Probe/Unary", &[("x-word", "please")]);
            let answer = raw.send(request, Some(framed(&Ask::text("a")))).await;
            assert_eq!(answer.code(), Some("0"));
        }
    });
    // The first has made the name known.
    live.await_value(&calls("Unary", "OK"), 2.0);
    live.await_value(&active("Unary"), 0.0);
    assert_eq!(series("rpc_server_call_duration_seconds"), Some(4.0));
    live.stop().unwrap();
}

#[test]
fn a_descriptor_closes_the_names_and_need_not_be_shown() {
    let hidden = plain_service(Router::new()).grpc(Probe);
    let live = Live::start(hidden.descriptor(probe::descriptor()));
    let caller = Caller::new(live.grpc);
    caller.unary(Ask::text("a")).unwrap();
    // Known without having been learnt.
    live.await_value(&calls("Unary", "OK"), 1.0);
    caller.runtime.block_on(async {
        let mut raw = raw::connect(live.grpc).await;
        for version in ["v1", "v1alpha"] {
            let path = format!("/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo");
            let answer = raw.send(request(&path, &[]), None).await;
            assert_eq!(answer.code(), Some("12"), "{path}");
        }
    });
    live.stop().unwrap();
}

/// Another service of the same name.
#[derive(Clone)]
struct Twin;

impl NamedService for Twin {
    const NAME: &'static str = Probe::NAME;
}

impl tower::Service<Request<Body>> for Twin {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        std::future::ready(Ok(Status::unimplemented("").into_http()))
    }
}

#[tokio::test]
async fn refuses_two_services_of_one_name_and_what_is_no_descriptor() {
    let twins = super::service(|_| {}).grpc(Twin);
    assert_eq!(
        twins.start().await.unwrap_err().to_string(),
        "there are two gRPC services named `test.v1.Probe`"
    );
    let nonsense = super::service(|_| {}).reflection(b"nonsense");
    assert_eq!(
        nonsense.start().await.unwrap_err().to_string(),
        "cannot read the descriptor of a gRPC service"
    );
}

#[test]
fn counts_every_message_and_its_bytes() {
    let live = live();
    let caller = Caller::new(live.grpc);
    let text = "x".repeat(100_000);
    let asks = vec![Ask::text(&text), Ask::text(""), Ask::text("abc")];
    let (replies, ended) = caller.chat(asks.clone());
    ended.unwrap();
    let (asks, replies): (Vec<_>, Vec<_>) = (
        asks.iter().map(prost::Message::encoded_len).collect(),
        replies.iter().map(prost::Message::encoded_len).collect(),
    );
    assert_eq!(asks, [100_004, 0, 5]);
    let sample = |size: &str, part: &str| {
        format!("rpc_server_{size}_size_bytes_{part}{{rpc_method=\"test.v1.Probe/Chat\"}}")
    };
    for (size, messages) in [("request", asks), ("response", replies)] {
        let sum = u32::try_from(messages.iter().sum::<usize>()).unwrap();
        live.await_value(&sample(size, "count"), 3.0);
        live.await_value(&sample(size, "sum"), f64::from(sum));
    }
    assert!(
        !get(live.admin, "/metrics")
            .body
            .contains("http_server_request_duration_seconds_count")
    );
    live.stop().unwrap();
}
