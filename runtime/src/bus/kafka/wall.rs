//! The wall clock as librdkafka waits by it: it waits for a time of that clock, and where the clock is set back it does so for as
//! much longer as that was.
//!
//! It holds who notices. What wakes a client is up to who has it: it then waits by the clock as it is.

use std::{
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant, SystemTime},
};

/// How often the clock is looked at. As long may a client stand still.
const LOOK: Duration = Duration::from_secs(1);

/// What clocks are corrected by without being set; to wait so much longer does no harm.
const SLACK: Duration = Duration::from_millis(100);

/// The clock as it was looked at last.
#[derive(Debug)]
struct Wall {
    time: SystemTime,
    at: Instant,
}

impl Wall {
    fn new() -> Self {
        loop {
            let (before, time, at) = (Instant::now(), SystemTime::now(), Instant::now());
            // Who was not let run in between would see one clock later than the other.
            if at - before < SLACK / 2 {
                return Self { time, at };
            }
        }
    }

    /// Whether it was set back since it was looked at last.
    fn was_set_back(&mut self) -> bool {
        self.is_back(Self::new())
    }

    fn is_back(&mut self, now: Self) -> bool {
        let passed = now.at.saturating_duration_since(self.at);
        let expected = self.time + passed;
        *self = now;
        expected
            .duration_since(self.time)
            .is_ok_and(|back| back > SLACK)
    }
}

/// Calls `wake` whenever the clock was set back, again until that says that it did, and until what this answers is dropped. Where there is
/// no thread for that, nobody does.
pub(super) fn watch(wake: impl Fn() -> bool + Send + 'static) -> mpsc::Sender<()> {
    let (end, ended) = mpsc::channel();
    let watch = move || {
        let (mut wall, mut stands) = (Wall::new(), false);
        while ended.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
            stands |= wall.was_set_back();
            stands = stands && !wake();
        }
    };
    let thread = thread::Builder::new().name("kafka-clock".to_owned());
    if let Err(error) = thread.spawn(watch) {
        tracing::warn!(%error, "nobody looks at the clock");
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    #[test]
    fn only_a_clock_that_is_set_back_wakes() {
        let begun = Wall::new();
        let (time, at) = (begun.time, begun.at);
        let mut wall = begun;
        for (time, seconds, expected) in [
            (time + LOOK, 1, false),
            (time + 2 * LOOK - SLACK / 2, 2, false),
            (time + HOUR, 3, false),
            (time + HOUR + LOOK, 4, false),
            (time, 5, true),
            (time + LOOK, 6, false),
            (time - HOUR, 7, true),
        ] {
            let at = at + Duration::from_secs(seconds);
            assert_eq!(wall.is_back(Wall { time, at }), expected, "{seconds}");
        }
    }
}
