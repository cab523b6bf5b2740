//! Memory stays what it is, however many requests come.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Child, Stdio},
    thread,
    time::Instant,
};

use serde_json::Value;

use crate::{
    process::hello,
    support::{connect, get},
};

/// How many requests come; more by hand: `MARTY_LEAK_REQUESTS=1000000 cargo test --release -p marty-runtime --test it leak -- --nocapture`.
const REQUESTS: &str = "MARTY_LEAK_REQUESTS";

/// By how much memory may differ between two readings of a process that keeps nothing, in KiB: the allocator's, not the service's.
const SLACK: u64 = 1024;

const CONNECTIONS: u32 = 4;

/// How many requests are on their way at once on each connection.
const TOGETHER: u32 = 50;

/// A process whose log is read and forgotten.
struct Hello {
    child: Child,
    http: SocketAddr,
    admin: SocketAddr,
}

impl Hello {
    fn start() -> Self {
        let mut command = hello();
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        let mut log = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        log.read_line(&mut line).unwrap();
        let started: Value = serde_json::from_str(&line).unwrap();
        let address = |name| started[name].as_str().unwrap().parse().unwrap();
        let (http, admin) = (address("http_addr"), address("admin_addr"));
        thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Self { child, http, admin }
    }

    /// Its resident memory, in KiB.
    fn resident(&self) -> u64 {
        let status = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(status).unwrap();
        let mut lines = status.lines();
        let line = lines.find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Drop for Hello {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A connection that is kept, and what its answers look like.
struct Kept {
    stream: TcpStream,
    requests: Vec<u8>,
    answers: Vec<u8>,
}

impl Kept {
    fn open(address: SocketAddr) -> Self {
        const REQUEST: &[u8] = b"GET /hello HTTP/1.1\r\nhost: test\r\n\r\n";
        let mut stream = connect(address);
        stream.write_all(REQUEST).unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"hello\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            answer.push(byte[0]);
        }
        Self {
            stream,
            requests: REQUEST.repeat(TOGETHER as usize),
            // All answers are as long as the first: dates and ids are.
            answers: vec![0; answer.len() * TOGETHER as usize],
        }
    }

    fn exchange(&mut self) {
        self.stream.write_all(&self.requests).unwrap();
        self.stream.read_exact(&mut self.answers).unwrap();
        assert!(self.answers.ends_with(b"hello\n"));
    }
}

/// Sends that many requests, over all connections.
fn send(connections: &mut [Kept], requests: u32) {
    thread::scope(|scope| {
        for kept in connections {
            scope.spawn(|| (0..requests / CONNECTIONS / TOGETHER).for_each(|_| kept.exchange()));
        }
    });
}

#[test]
fn memory_stays_what_it_is_after_many_requests() {
    let requests = std::env::var(REQUESTS).map_or(50_000, |text| text.parse().unwrap());
    let hello = Hello::start();
    let mut connections: Vec<_> = (0..CONNECTIONS).map(|_| Kept::open(hello.http)).collect();
    send(&mut connections, requests / 10);
    get(hello.admin, "/metrics");
    let (warm, begun) = (hello.resident(), Instant::now());
    println!("{} requests: {warm} KiB", requests / 10);
    for tenth in 2..=10 {
        send(&mut connections, requests / 10);
        get(hello.admin, "/metrics");
        println!(
            "{} requests: {} KiB",
            requests / 10 * tenth,
            hello.resident()
        );
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{:.0} requests a second",
        f64::from(requests) * 0.9 / seconds
    );
    let resident = hello.resident();
    assert!(
        resident <= warm + SLACK,
        "{warm} KiB after {} requests, {resident} KiB after {requests}",
        requests / 10
    );
}
