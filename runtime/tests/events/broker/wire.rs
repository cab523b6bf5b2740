//! The few requests that the client has no call for, by Kafka's protocol: access rules, and who leads the controllers.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
};

/// Allows or denies.
#[derive(Clone, Copy)]
pub(crate) enum Rule {
    Deny = 2,
    Allow = 3,
}

/// What may be done with a topic.
#[derive(Clone, Copy)]
pub(crate) enum Act {
    Read = 3,
    Write = 4,
    Describe = 8,
}

const TOPIC: u8 = 2;
const LITERAL: u8 = 3;
/// In a filter: whatever it is.
const ANY: u8 = 1;
/// Where a filter may leave out a text.
const NONE: [u8; 2] = [0xff; 2];

/// Sends a request, and returns the answer behind its correlation id. `tagged` says whether its headers have tagged fields.
fn ask(broker: SocketAddr, (key, version): (i16, i16), tagged: bool, body: &[u8]) -> Vec<u8> {
    let mut request = Vec::new();
    request.extend(key.to_be_bytes());
    request.extend(version.to_be_bytes());
    request.extend(7_i32.to_be_bytes());
    request.extend(NONE);
    request.extend(tagged.then_some(0_u8));
    request.extend(body);
    let mut stream = TcpStream::connect(broker).unwrap();
    let length = u32::try_from(request.len()).unwrap();
    stream.write_all(&length.to_be_bytes()).unwrap();
    stream.write_all(&request).unwrap();
    let mut length = [0; 4];
    stream.read_exact(&mut length).unwrap();
    let mut answer = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap()];
    stream.read_exact(&mut answer).unwrap();
    answer.split_off(4 + usize::from(tagged))
}

fn text(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap();
    [&length.to_be_bytes(), text.as_bytes()].concat()
}

fn short(answer: &[u8], at: usize) -> i16 {
    i16::from_be_bytes([answer[at], answer[at + 1]])
}

fn long(answer: &[u8], at: usize) -> i32 {
    i32::from_be_bytes(answer[at..at + 4].try_into().unwrap())
}

/// Rules who may do what with `topic`, for everybody there is.
pub(crate) fn rule(broker: SocketAddr, topic: &str, rules: &[(Act, Rule)]) {
    let mut body = u32::try_from(rules.len()).unwrap().to_be_bytes().to_vec();
    for (act, rule) in rules {
        body.push(TOPIC);
        body.extend(text(topic));
        body.push(LITERAL);
        body.extend(text("User:ANONYMOUS"));
        body.extend(text("*"));
        body.extend([*act as u8, *rule as u8]);
    }
    let answer = ask(broker, (30, 1), false, &body);
    // Behind the throttle time and the number of results.
    assert_eq!(short(&answer, 8), 0, "{answer:?}");
    while !is_ruled(broker, topic) {}
}

/// Takes all rules of `topic` away.
pub(crate) fn unrule(broker: SocketAddr, topic: &str) {
    let body = [&1_u32.to_be_bytes(), &*filter(topic)].concat();
    let answer = ask(broker, (31, 1), false, &body);
    assert_eq!(short(&answer, 8), 0, "{answer:?}");
    while is_ruled(broker, topic) {}
}

/// Whether the broker, which hears of rules from its controller, knows one of `topic`.
fn is_ruled(broker: SocketAddr, topic: &str) -> bool {
    let answer = ask(broker, (29, 1), false, &filter(topic));
    assert_eq!(short(&answer, 4), 0, "{answer:?}");
    // Behind the message, which is none.
    long(&answer, 8) > 0
}

fn filter(topic: &str) -> Vec<u8> {
    let mut filter = vec![TOPIC];
    filter.extend(text(topic));
    filter.push(LITERAL);
    filter.extend([NONE, NONE].concat());
    filter.extend([ANY, ANY]);
    filter
}

/// The id of the node that is the active controller; below zero while there is none.
pub(crate) fn controller(broker: SocketAddr) -> i32 {
    const LOG: &str = "__cluster_metadata";
    // Lengths of compact forms count from one.
    let name = u8::try_from(LOG.len() + 1).unwrap();
    let mut body = vec![2, name];
    body.extend(LOG.as_bytes());
    body.push(2);
    body.extend(0_i32.to_be_bytes());
    body.extend([0, 0, 0]);
    let answer = ask(broker, (55, 0), true, &body);
    assert_eq!(short(&answer, 0), 0, "{answer:?}");
    // Behind the error: one topic, its name, one partition, its index and its error.
    let partition = 2 + 1 + usize::from(name) + 1;
    if short(&answer, partition + 4) == 0 {
        long(&answer, partition + 6)
    } else {
        -1
    }
}
