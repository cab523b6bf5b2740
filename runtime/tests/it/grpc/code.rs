//! The seventeen codes, by every way a status can come.

use marty_runtime::tonic::{Code, Status};

use super::{
    active,
    caller::Caller,
    calls, ended, live,
    probe::Ask,
    raw::{self, call},
};

/// Every code as the specification of gRPC names it.
const CODES: [(Code, &str); 17] = [
    (Code::Ok, "OK"),
    (Code::Cancelled, "CANCELLED"),
    (Code::Unknown, "UNKNOWN"),
    (Code::InvalidArgument, "INVALID_ARGUMENT"),
    (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"),
    (Code::NotFound, "NOT_FOUND"),
    (Code::AlreadyExists, "ALREADY_EXISTS"),
    (Code::PermissionDenied, "PERMISSION_DENIED"),
    (Code::ResourceExhausted, "RESOURCE_EXHAUSTED"),
    (Code::FailedPrecondition, "FAILED_PRECONDITION"),
    (Code::Aborted, "ABORTED"),
    (Code::OutOfRange, "OUT_OF_RANGE"),
    (Code::Unimplemented, "UNIMPLEMENTED"),
    (Code::Internal, "INTERNAL"),
    (Code::Unavailable, "UNAVAILABLE"),
    (Code::DataLoss, "DATA_LOSS"),
    (Code::Unauthenticated, "UNAUTHENTICATED"),
];

/// Calls `method` once for each code, and finds each counted once.
#[track_caller]
fn check(method: &str, call: impl Fn(&Caller, Code) -> Code) {
    let live = live();
    let caller = Caller::new(live.grpc);
    for (code, _) in CODES {
        assert_eq!(call(&caller, code), code);
    }
    for (_, name) in CODES {
        live.await_value(&calls(method, name), 1.0);
    }
    live.await_value(&active(method), 0.0);
    let all = ended(&live, method);
    assert!((all - 17.0).abs() < f64::EPSILON, "{all}");
    live.stop().unwrap();
}

fn code(ended: Result<(), Status>) -> Code {
    ended.map_or_else(|status| status.code(), |()| Code::Ok)
}

#[test]
fn counts_each_code_of_a_unary_call() {
    check("Unary", |caller, asked| {
        code(caller.unary(Ask::fail(asked)).map(|_| ()))
    });
}

#[test]
fn counts_each_code_in_a_head_that_is_all() {
    check("Plain", |caller, asked| {
        let asked = (asked as i32).to_string();
        let address = caller.address;
        caller.runtime.block_on(async {
            let mut raw = raw::connect(address).await;
            let answer = raw.send(call("Plain", &[("x-code", &asked)]), None).await;
            assert!(answer.trailers.is_none() && answer.body.is_empty());
            Code::from_bytes(answer.code().unwrap().as_bytes())
        })
    });
}

#[test]
fn counts_each_code_in_trailers_without_a_message() {
    check("Download", |caller, asked| {
        let (replies, ended) = caller.download(Ask::fail(asked));
        assert!(replies.is_empty());
        code(ended)
    });
}

#[test]
fn counts_each_code_in_the_middle_of_a_stream() {
    check("Download", |caller, asked| {
        let (replies, ended) = caller.download(Ask::fail(asked).after(3));
        assert_eq!(replies.len(), 3);
        code(ended)
    });
}

#[test]
fn counts_each_code_of_a_client_s_stream_and_of_one_both_ways() {
    check("Upload", |caller, asked| {
        code(
            caller
                .upload(vec![Ask::text("a"), Ask::fail(asked)])
                .map(|_| ()),
        )
    });
    check("Chat", |caller, asked| {
        code(caller.chat(vec![Ask::text("a"), Ask::fail(asked)]).1)
    });
}

#[test]
fn takes_an_answer_without_a_status_for_unknown() {
    let live = live();
    let caller = Caller::new(live.grpc);
    let answer = caller.runtime.block_on(async {
        let mut raw = raw::connect(live.grpc).await;
        raw.send(call("Silent", &[]), None).await
    });
    assert_eq!(answer.code(), Some("2"));
    super::ended_once(&live, "Silent", "UNKNOWN");
    live.stop().unwrap();
}
