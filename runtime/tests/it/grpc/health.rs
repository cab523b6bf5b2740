//! The health and the reflection service.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use marty_runtime::{
    CheckError,
    tonic::{Code, codegen::tokio_stream},
};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};

use super::{caller::Caller, live, service};
use crate::support::Live;

fn of(service: &str) -> HealthCheckRequest {
    HealthCheckRequest {
        service: service.to_owned(),
    }
}

#[test]
fn health_says_what_readiness_says() {
    let up = Arc::new(AtomicBool::new(true));
    let asked = Arc::clone(&up);
    let live = Live::start(service(|_| {}).check("database", move || {
        let up = asked.load(Relaxed);
        async move { up.then_some(()).ok_or_else(|| CheckError::new("down")) }
    }));
    let caller = Caller::new(live.grpc);
    let mut client = HealthClient::new(caller.channel.clone());
    caller.runtime.block_on(async {
        for name in ["", "test.v1.Probe"] {
            let answer = client.check(of(name)).await.unwrap();
            assert_eq!(answer.into_inner().status(), ServingStatus::Serving);
        }
        let unknown = client.check(of("made.up")).await.unwrap_err();
        assert_eq!(unknown.code(), Code::NotFound);
        let mut watched = client
            .watch(of("test.v1.Probe"))
            .await
            .unwrap()
            .into_inner();
        let first = watched.message().await.unwrap().unwrap();
        assert_eq!(first.status(), ServingStatus::Serving);
        up.store(false, Relaxed);
        let second = watched.message().await.unwrap().unwrap();
        assert_eq!(second.status(), ServingStatus::NotServing);
    });
    live.stop().unwrap();
}

#[test]
fn health_is_not_serving_while_the_service_drains_and_keeps_it_no_longer() {
    let live = Live::start(service(|config| {
        config.drain_grace = std::time::Duration::from_millis(800);
    }));
    let caller = Caller::new(live.grpc);
    let mut client = HealthClient::new(caller.channel.clone());
    let mut watched = caller.runtime.block_on(async {
        let mut watched = client.watch(of("")).await.unwrap().into_inner();
        let first = watched.message().await.unwrap().unwrap();
        assert_eq!(first.status(), ServingStatus::Serving);
        watched
    });
    let (stopped, ()) = live.stop_while(|| {
        caller.runtime.block_on(async {
            let last = watched.message().await.unwrap().unwrap();
            assert_eq!(last.status(), ServingStatus::NotServing);
            let answer = client.check(of("test.v1.Probe")).await.unwrap();
            assert_eq!(answer.into_inner().status(), ServingStatus::NotServing);
            assert!(watched.message().await.unwrap().is_none());
        });
    });
    stopped.unwrap();
}

#[test]
fn reflection_lists_the_services() {
    let live = live();
    let caller = Caller::new(live.grpc);
    let mut client = ServerReflectionClient::new(caller.channel.clone());
    let names = caller.runtime.block_on(async {
        let list = ServerReflectionRequest {
            message_request: Some(MessageRequest::ListServices(String::new())),
            ..ServerReflectionRequest::default()
        };
        let asks = tokio_stream::iter([list]);
        let mut answers = client
            .server_reflection_info(asks)
            .await
            .unwrap()
            .into_inner();
        match answers.message().await.unwrap().unwrap().message_response {
            Some(MessageResponse::ListServicesResponse(list)) => {
                list.service.into_iter().map(|service| service.name)
            }
            other => panic!("{other:?}"),
        }
    });
    let mut names: Vec<_> = names.collect();
    names.sort();
    assert_eq!(
        names,
        [
            "grpc.health.v1.Health",
            "grpc.reflection.v1.ServerReflection",
            "test.v1.Probe",
        ]
    );
    live.await_value(
        "rpc_server_call_duration_seconds_count{rpc_method=\"grpc.reflection.v1.ServerReflection/ServerReflectionInfo\",rpc_response_status_code=\"OK\"}",
        1.0,
    );
    live.stop().unwrap();
}
