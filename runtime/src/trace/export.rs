//! The thread that sends telemetry. It has a runtime of its own: whatever becomes of the collector, no request waits for it, and
//! whatever the service's threads are at, it can be sent.

use std::{fmt, io, thread, time::Duration};

use tokio::{
    runtime::Builder,
    select,
    sync::watch,
    time::{Instant, sleep, sleep_until, timeout_at},
};

use super::{
    TARGET,
    count::Reason,
    log::LogEvent,
    otlp::{Sender, Signal},
    queue::Queue,
    random,
    record::EndedSpan,
    sending,
};
use crate::config::Telemetry;

/// The first wait before what was refused for the moment is sent again. Every further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(250);

/// The longest that a collector's wish for rest is granted.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// How much longer than the deadline somebody waits for the thread to say that it has given up.
const LAST_WORD: Duration = Duration::from_millis(50);

/// What is sent, and the thread that does it.
#[derive(Debug)]
pub(super) struct Exporter {
    pub(super) spans: Option<Queue<EndedSpan>>,
    pub(super) logs: Option<Queue<LogEvent>>,
    closing: watch::Sender<Option<Instant>>,
    ended: watch::Receiver<Option<bool>>,
}

impl Exporter {
    /// Sends the items of both queues from now on.
    pub(super) fn start(
        spans: Option<Queue<EndedSpan>>,
        logs: Option<Queue<LogEvent>>,
        telemetry: Telemetry,
        resource: Vec<(String, String)>,
    ) -> io::Result<Self> {
        let (closing, closes) = watch::channel(None);
        let (end, ended) = watch::channel(None);
        let sends = (spans.clone(), logs.clone());
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let work = move || {
            sending::begin();
            let complete = runtime.block_on(run(sends, &telemetry, &resource, closes));
            let _ = end.send(Some(complete));
            // Something may still resolve a name.
            runtime.shutdown_background();
        };
        thread::Builder::new()
            .name("marty-telemetry".to_owned())
            .spawn(work)?;
        Ok(Self {
            spans,
            logs,
            closing,
            ended,
        })
    }

    /// Sends what waits, until `deadline`, and nothing more after. Says whether all was tried; what was not is counted as lost.
    pub(super) async fn flush(&self, deadline: Instant) -> bool {
        if let Some(spans) = &self.spans {
            spans.close();
        }
        if let Some(logs) = &self.logs {
            logs.close();
        }
        let _ = self.closing.send(Some(deadline));
        let mut ended = self.ended.clone();
        let ended = ended.wait_for(Option::is_some);
        let ended = timeout_at(deadline + LAST_WORD, ended).await;
        let complete = ended.map(|ended| ended.map(|complete| *complete));
        if let Ok(Err(_)) = complete {
            // The thread broke off without a word, and counts nothing any more.
            abandon(self.spans.as_ref(), self.logs.as_ref());
        }
        matches!(complete, Ok(Ok(Some(true))))
    }
}

type Queues = (Option<Queue<EndedSpan>>, Option<Queue<LogEvent>>);

/// Sends until both queues are closed and empty, or the deadline comes. Says whether it was the former.
async fn run(
    (spans, logs): Queues,
    telemetry: &Telemetry,
    resource: &[(String, String)],
    mut closes: watch::Receiver<Option<Instant>>,
) -> bool {
    let sender = |endpoint| {
        let way = (telemetry.protocol, endpoint);
        Sender::new(way, &telemetry.headers.0, resource)
    };
    let of_spans = telemetry.traces.as_ref().map(sender);
    let of_logs = telemetry.logs.as_ref().map(sender);
    let sending = async {
        tokio::join!(
            send_all(spans.as_ref(), of_spans, telemetry, closes.clone()),
            send_all(logs.as_ref(), of_logs, telemetry, closes.clone()),
        )
    };
    let given_up = async {
        let mut closes = closes.clone();
        let deadline = closes.wait_for(Option::is_some).await;
        match deadline.as_deref() {
            Ok(Some(deadline)) => sleep_until(*deadline).await,
            // Nobody will ever ask for an end.
            _ => std::future::pending().await,
        }
    };
    let complete = select! {
        _ = sending => true,
        () = given_up => false,
    };
    closes.mark_unchanged();
    abandon(spans.as_ref(), logs.as_ref());
    complete
}

/// Counts what has not arrived as lost.
fn abandon(spans: Option<&Queue<EndedSpan>>, logs: Option<&Queue<LogEvent>>) {
    if let Some(spans) = spans {
        spans.abandon();
    }
    if let Some(logs) = logs {
        logs.abandon();
    }
}

async fn send_all<T: Signal>(
    queue: Option<&Queue<T>>,
    sender: Option<Sender>,
    telemetry: &Telemetry,
    closes: watch::Receiver<Option<Instant>>,
) {
    if let (Some(queue), Some(sender)) = (queue, sender) {
        let (delay, timeout) = (telemetry.delay, telemetry.timeout);
        let sending = Sending {
            queue,
            sender,
            timeout,
            closes,
            failing: false,
            rests: None,
        };
        sending.run(delay).await;
    }
}

/// The sending of one kind of signal.
struct Sending<'queue, T> {
    queue: &'queue Queue<T>,
    sender: Sender,
    timeout: Duration,
    closes: watch::Receiver<Option<Instant>>,
    /// Whether the last export failed: the log is told of a change, and not of every batch.
    failing: bool,
    /// Until when the collector asked to be left alone.
    rests: Option<Instant>,
}

impl<T: Signal> Sending<'_, T> {
    async fn run(mut self, delay: Duration) {
        loop {
            let last = self.queue.filled(delay).await;
            loop {
                self.rest().await;
                let batch = self.queue.take();
                if batch.is_empty() {
                    break;
                }
                self.export(batch).await;
                self.queue.sent();
            }
            if last {
                return;
            }
        }
    }

    /// Leaves the collector alone as long as it asked for, or until the service ends.
    async fn rest(&mut self) {
        if let Some(until) = self.rests.take() {
            select! {
                () = sleep_until(until) => {}
                _ = self.closes.wait_for(Option::is_some) => {}
            }
        }
    }

    async fn export(&mut self, batch: Vec<T>) {
        let count = batch.len() as u64;
        let message = self.sender.encode(batch);
        match self.send(&message).await {
            Ok(rejected) => {
                self.queue.lose(Reason::ExportFailed, rejected.min(count));
                if self.failing {
                    tracing::info!(target: TARGET, signal = T::NAME, "telemetry is sent again");
                }
                self.failing = false;
            }
            Err(reason) => {
                self.queue.lose(Reason::ExportFailed, count);
                if !self.failing {
                    let reason = reason.to_string();
                    tracing::warn!(target: TARGET, signal = T::NAME, error = reason, "telemetry cannot be sent");
                }
                self.failing = true;
            }
        }
    }

    /// Sends a message, again if it was refused for the moment, until the time for an export is over or the service ends.
    async fn send(&mut self, message: &[u8]) -> Result<u64, Failure> {
        let deadline = Instant::now() + self.timeout;
        let mut backoff = FIRST_WAIT;
        loop {
            let sent = timeout_at(deadline, self.sender.send::<T>(message)).await;
            let refused = match sent {
                Ok(Ok(rejected)) => return Ok(rejected),
                Ok(Err(refused)) => refused,
                Err(_) => return Err(Failure(format!("no answer within {:?}", self.timeout))),
            };
            let asked = refused.wait.map(|wait| wait.min(LONGEST_WAIT));
            let wait = asked.unwrap_or_else(|| jittered(backoff));
            let (now, ending) = (Instant::now(), self.closes.borrow().is_some());
            if !refused.passes || ending || now + wait >= deadline {
                self.rests = asked.map(|wait| now + wait);
                return Err(Failure(refused.to_string()));
            }
            select! {
                () = sleep(wait) => backoff *= 2,
                _ = self.closes.changed() => {}
            }
        }
    }
}

/// Between a half and the whole of `wait`, so that services which lost the same collector do not come back all at once.
fn jittered(wait: Duration) -> Duration {
    let share = u32::try_from(random::next() >> 54).unwrap_or_default();
    wait / 2 + wait / 2 * share / 1024
}

/// Why an export was given up.
struct Failure(String);

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        names,
        trace::{Kind, SpanId, TraceContext, TraceId, count::Lost, record::Recording},
    };

    fn ended() -> EndedSpan {
        Recording::new("work".into(), Kind::Internal).end(TraceContext {
            trace_id: TraceId::random(),
            span_id: SpanId::random(),
            sampled: true,
            state: None,
        })
    }

    #[tokio::test]
    async fn counts_what_waited_for_a_thread_that_broke_off() {
        let lost = Lost::of(&names::MARTY_SPANS_DROPPED);
        let queue = Queue::new(10, lost.clone());
        (0..3).for_each(|_| queue.push(ended(), 1));
        let exporter = Exporter {
            spans: Some(queue),
            logs: None,
            closing: watch::channel(None).0,
            // Its sender is gone.
            ended: watch::channel(None).1,
        };
        assert!(!exporter.flush(Instant::now()).await);
        assert_eq!(lost.count(Reason::Shutdown), 3);
    }

    #[test]
    fn waits_differ_and_stay_within_bounds() {
        let waits: Vec<Duration> = (0..100).map(|_| jittered(FIRST_WAIT)).collect();
        assert!(
            waits
                .iter()
                .all(|wait| (FIRST_WAIT / 2..=FIRST_WAIT).contains(wait))
        );
        assert!(waits.iter().any(|wait| *wait != waits[0]));
    }
}
