//! The parts of a shutdown, in their order, each with the time that is kept for it.
//!
//! It holds when a part has to be done and reports how it ended. It must not know what the parts do.

use std::{fmt, future::Future, pin::Pin, time::Duration};

use tokio::time::{Instant, timeout_at};

/// One part of the shutdown.
pub(super) struct Phase {
    name: &'static str,
    slice: Slice,
    harmless: bool,
    run: Box<Run>,
}

type Run = dyn FnOnce(Turn) -> Pin<Box<dyn Future<Output = End> + Send>> + Send + Sync;

/// The time that is kept for a phase whatever those before it take. What they leave of theirs is its own, too.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slice {
    most: Duration,
    part: u32,
}

impl Slice {
    /// Nothing is kept: the phase takes what those after it leave.
    pub(super) const REST: Self = Self {
        most: Duration::ZERO,
        part: 1,
    };

    /// `most`, or of a short deadline one `part`th.
    pub(super) const fn new(most: Duration, part: u32) -> Self {
        Self { most, part }
    }

    fn of(self, whole: Duration) -> Duration {
        self.most
            .min(whole.checked_div(self.part).unwrap_or_default())
    }
}

/// What a phase is told when its turn comes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    /// When it has to be done. It sees to that itself; what it does not give up a while later is given up for it.
    pub(super) until: Instant,
    /// Whether somebody waits at a keyboard.
    pub(super) hurried: bool,
}

/// How a phase ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Done,
    /// There was nothing to do, and there is nothing to say.
    Skipped,
    /// Something was not done in time, and not waited for.
    CutOff,
}

impl From<bool> for End {
    fn from(done: bool) -> Self {
        if done { Self::Done } else { Self::CutOff }
    }
}

/// How long a phase may take to give up what is not done in time.
const GIVING_UP: Duration = Duration::from_secs(1);

impl Phase {
    /// A phase that `run` carries out.
    pub(super) fn new<F, Fut>(name: &'static str, slice: Slice, run: F) -> Self
    where
        F: FnOnce(Turn) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = End> + Send + 'static,
    {
        Self {
            name,
            slice,
            harmless: false,
            run: Box::new(|turn| Box::pin(run(turn))),
        }
    }

    /// To be cut off loses nothing of anybody's: the shutdown succeeds all the same.
    pub(super) fn harmless(mut self) -> Self {
        self.harmless = true;
        self
    }

    /// Says whether it was cut off, and somebody lost something.
    async fn take(self, turn: Turn) -> bool {
        let begun = Instant::now();
        let end = timeout_at(turn.until + GIVING_UP, (self.run)(turn)).await;
        let (phase, seconds) = (self.name, begun.elapsed().as_secs_f64());
        match end.unwrap_or(End::CutOff) {
            End::Skipped => false,
            End::Done => {
                tracing::info!(phase, seconds, "shutdown phase done");
                false
            }
            End::CutOff => {
                tracing::error!(phase, seconds, "shutdown phase cut off at its deadline");
                !self.harmless
            }
        }
    }
}

impl fmt::Debug for Phase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Phase")
            .field("name", &self.name)
            .field("slice", &self.slice)
            .finish_non_exhaustive()
    }
}

/// The time of a whole shutdown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Time {
    pub(super) deadline: Instant,
    /// How long it was from the beginning to the deadline.
    pub(super) whole: Duration,
    pub(super) hurried: bool,
}

/// The slice of whoever waits for the end of the shutdown, such as `main`.
const RETURN: Slice = Slice::new(Duration::from_millis(250), 8);

/// Carries out `phases` one after the other. Returns the name of the first that was cut off and not harmless.
pub(super) async fn carry_out(phases: Vec<Phase>, time: Time) -> Option<&'static str> {
    let kept: Duration = phases
        .iter()
        .map(|phase| phase.slice.of(time.whole))
        .chain([RETURN.of(time.whole)])
        .sum();
    let mut until = time.deadline - kept.min(time.whole);
    let mut cut_off = None;
    for phase in phases {
        until += phase.slice.of(time.whole);
        let turn = Turn {
            until: until.min(time.deadline),
            hurried: time.hurried,
        };
        let name = phase.name;
        if phase.take(turn).await {
            cut_off = cut_off.or(Some(name));
        }
    }
    cut_off
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tokio::time::{sleep, sleep_until};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn time(whole: Duration) -> Time {
        Time {
            deadline: Instant::now() + whole,
            whole,
            hurried: false,
        }
    }

    /// A phase that works for `work`, or until it has to be done, and tells when it ended.
    fn phase(
        name: &'static str,
        slice: Slice,
        work: Duration,
        ended: &Arc<Mutex<Vec<Duration>>>,
    ) -> Phase {
        let (ended, begun) = (Arc::clone(ended), Instant::now());
        Phase::new(name, slice, async move |turn: Turn| {
            let done = Instant::now() + work <= turn.until;
            sleep_until(turn.until.min(Instant::now() + work)).await;
            ended.lock().unwrap().push(begun.elapsed());
            done.into()
        })
    }

    #[tokio::test(start_paused = true)]
    async fn keeps_for_each_phase_its_slice_and_leaves_it_what_others_did_not_take() {
        let ended = Arc::default();
        let phases = vec![
            phase("requests", Slice::REST, 100 * SECOND, &ended),
            phase("tasks", Slice::new(5 * SECOND, 8), SECOND, &ended),
            phase("flush", Slice::new(2 * SECOND, 8), 100 * SECOND, &ended),
        ];
        let cut_off = carry_out(phases, time(40 * SECOND)).await;
        assert_eq!(cut_off, Some("requests"));
        // 250 ms are left to `main`; the tasks took one of their five seconds, and the flush has the others.
        let millis = |millis| Duration::from_millis(millis);
        assert_eq!(
            *ended.lock().unwrap(),
            [millis(32_750), millis(33_750), millis(39_750)]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn shares_a_short_deadline_out() {
        let ended = Arc::default();
        let phases = vec![
            phase("requests", Slice::REST, 100 * SECOND, &ended),
            phase("tasks", Slice::new(5 * SECOND, 4), 100 * SECOND, &ended),
        ];
        carry_out(phases, time(SECOND)).await;
        let millis = |millis| Duration::from_millis(millis);
        assert_eq!(*ended.lock().unwrap(), [millis(625), millis(875)]);
    }

    #[tokio::test(start_paused = true)]
    async fn gives_up_for_a_phase_that_does_not_and_goes_on() {
        let ended = Arc::default();
        let hangs = Phase::new("hangs", Slice::REST, async |_| {
            sleep(Duration::from_hours(1)).await;
            End::Done
        });
        let phases = vec![hangs, phase("next", Slice::REST, Duration::ZERO, &ended)];
        let begun = Instant::now();
        assert_eq!(carry_out(phases, time(10 * SECOND)).await, Some("hangs"));
        assert_eq!(begun.elapsed(), Duration::from_millis(9750) + GIVING_UP);
        assert_eq!(ended.lock().unwrap().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn forgives_a_harmless_phase() {
        let phases = vec![
            Phase::new("idle", Slice::REST, async |_| End::CutOff).harmless(),
            Phase::new("nothing", Slice::REST, async |_| End::Skipped),
        ];
        assert_eq!(carry_out(phases, time(SECOND)).await, None);
    }
}
