//! What telemetry takes of a service's throughput: whole processes, bare axum against a service of ours with all of its telemetry, and
//! bare tonic against the same.
//!
//! Servers are pinned to the first core, whoever asks to the second; services log to `/dev/null` and send their traces, sampled as by
//! default, to a collector beside the client. Rounds of a pair take turns, so that what else the machine is at hits both alike.
//! A round's rate is that of requests by the seconds the server's threads ran, beside that by the clock: the latter alone says nothing
//! where the client, or another process, is what takes longest.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark that cannot begin has nothing better to do, and says what it found"
)]

mod call;
mod load;
mod serve;
mod server;

use load::Load;
use server::Server;

/// Requests of each service, over all rounds.
const REQUESTS: u32 = 100_000;
const ROUNDS: u32 = 10;

/// How many requests are on their way at once.
const TOGETHER: u32 = 32;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("serve") => serve::run(arguments.get(1).expect("a kind")),
        Some("pinned") => {
            compare("http", ["bare-axum", "marty-http"]);
            compare("grpc", ["bare-tonic", "marty-grpc"]);
        }
        _ => server::pin_self(),
    }
}

fn compare(protocol: &str, kinds: [&str; 2]) {
    let collector = call::collector();
    let [bare, marty] = kinds.map(|kind| Server::start(kind, collector));
    let mut loads = [&bare, &marty].map(|server| Load::new(protocol, server.address));
    let mut rounds = Vec::new();
    for round in 0..=ROUNDS {
        let [bare, marty] =
            [(&bare, 0), (&marty, 1)].map(|(server, load)| measure(server, &mut loads[load]));
        // The first finds nothing warm.
        if round > 0 {
            rounds.push([bare, marty]);
        }
    }
    for (kind, server, index) in [(kinds[0], &bare, 0), (kinds[1], &marty, 1)] {
        let cpu = median(rounds.iter().map(|round| round[index].0));
        let clock = median(rounds.iter().map(|round| round[index].1));
        println!(
            "{kind:<12} {cpu:>8.0} requests by CPU second, {clock:>8.0} by the clock's, {:>6} KiB resident",
            server.resident()
        );
    }
    let cpu = median(rounds.iter().map(|[bare, marty]| marty.0 / bare.0));
    let clock = median(rounds.iter().map(|[bare, marty]| marty.1 / bare.1));
    println!("{protocol}: {cpu:.3} of the bare throughput by CPU, {clock:.3} by the clock\n");
}

/// Requests by second of the server's time, and by that of the clock.
fn measure(server: &Server, load: &mut Load) -> (f64, f64) {
    let requests = REQUESTS / ROUNDS;
    let (before, begun) = (server.busy(), std::time::Instant::now());
    load.send(requests);
    let clock = begun.elapsed().as_secs_f64();
    let busy = server.busy() - before;
    let requests = f64::from(requests);
    (requests / busy, requests / clock)
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
