//! Keeps what fails over and over from filling the log: each call site may warn and complain so often in a second, and no more.
//!
//! It counts what it withholds, and a thread says so when the second is over. It must not look at what is logged.

use std::{
    io, ptr,
    sync::{
        Arc, Condvar, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use tracing::{Level, Metadata};

use super::count::suppressed;

/// How many call sites are told apart. Those of a program are finite, and only those that fail are here.
const PLACES: usize = 512;

/// How many places a call site is looked for in before it is let pass.
const TRIES: usize = 8;

/// How long a call site is counted together.
const PERIOD: Duration = Duration::from_secs(1);

/// The target of the lines that say what was withheld; they are never withheld themselves.
pub(super) const TARGET: &str = "marty_runtime::log";

/// How often each call site has warned or complained in this period.
pub(super) struct Repeats {
    limit: u32,
    began: Instant,
    places: Box<[Place]>,
    /// Whether anything is withheld that nobody has said so of.
    owes: AtomicBool,
    waits: Mutex<()>,
    wakes: Condvar,
}

#[derive(Default)]
struct Place {
    /// The address of the call site's metadata; zero for none.
    site: AtomicUsize,
    metadata: OnceLock<&'static Metadata<'static>>,
    /// The period in the upper half, and how many events it has had in the lower.
    seen: AtomicU64,
    withheld: AtomicU64,
}

impl Repeats {
    /// Lets `limit` events of a call site pass in each period; all, if it is zero.
    pub(super) fn new(limit: u32) -> Self {
        let places = if limit == 0 { 0 } else { PLACES };
        Self {
            limit,
            began: Instant::now(),
            places: (0..places).map(|_| Place::default()).collect(),
            owes: AtomicBool::new(false),
            waits: Mutex::default(),
            wakes: Condvar::new(),
        }
    }

    /// Says what is withheld from now on, each time when the period is over.
    pub(super) fn start(self: &Arc<Self>) -> io::Result<()> {
        let repeats = Arc::clone(self);
        let tell = move || {
            loop {
                repeats.wait();
                thread::sleep(PERIOD);
                repeats.tell();
            }
        };
        let thread = thread::Builder::new().name("marty-log-repeats".to_owned());
        thread.spawn(tell).map(drop)
    }

    fn wait(&self) {
        let guard = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        let nothing = |(): &mut ()| !self.owes.load(Relaxed);
        drop(self.wakes.wait_while(guard, nothing));
    }

    /// Says of every call site how much of it was withheld since the last time.
    pub(super) fn tell(&self) {
        if !self.owes.swap(false, Relaxed) {
            return;
        }
        for place in &self.places {
            if let Some(metadata) = place.metadata.get()
                && let count @ 1.. = place.withheld.swap(0, Relaxed)
            {
                tell(metadata, count);
            }
        }
    }

    /// Whether an event of that call site is written.
    pub(super) fn admits_now(&self, metadata: &'static Metadata<'static>) -> bool {
        self.admits(metadata, self.began.elapsed())
    }

    /// The same, `elapsed` after the beginning.
    fn admits(&self, metadata: &'static Metadata<'static>, elapsed: Duration) -> bool {
        if self.limit == 0 || *metadata.level() > Level::WARN || metadata.target() == TARGET {
            return true;
        }
        let Some(place) = self.place(metadata) else {
            return true;
        };
        // It begins anew after some hundred years.
        let period = (elapsed.as_secs() / PERIOD.as_secs()) & u64::from(u32::MAX);
        let count = |seen: u64| {
            let count = if seen >> 32 == period {
                seen & u64::from(u32::MAX)
            } else {
                0
            };
            Some(period << 32 | (count + 1).min(u64::from(u32::MAX)))
        };
        let before = place.seen.fetch_update(Relaxed, Relaxed, count);
        let before = before.unwrap_or_default();
        let is_new = before >> 32 != period;
        if is_new || before & u64::from(u32::MAX) < u64::from(self.limit) {
            return true;
        }
        self.withhold(place, *metadata.level());
        false
    }

    fn withhold(&self, place: &Place, level: Level) {
        suppressed(level);
        place.withheld.fetch_add(1, Relaxed);
        if !self.owes.swap(true, Relaxed) {
            // Whoever is about to wait has to see it, or be woken.
            drop(self.waits.lock().unwrap_or_else(PoisonError::into_inner));
            self.wakes.notify_all();
        }
    }

    /// The place of a call site, taken if it has none; nothing, if there is none left near it.
    fn place(&self, metadata: &'static Metadata<'static>) -> Option<&Place> {
        let site = ptr::from_ref(metadata).addr();
        // The lowest bits are the same for all.
        let first = site / align_of::<Metadata<'_>>();
        let mut near = (first..first + TRIES).filter_map(|place| self.places.get(place % PLACES));
        near.find(|place| {
            let taken = place.site.compare_exchange(0, site, Relaxed, Relaxed);
            let is_own = taken.is_ok_and(|_| place.metadata.set(metadata).is_ok());
            is_own || taken == Err(site)
        })
    }
}

fn tell(metadata: &Metadata<'_>, count: u64) {
    let (file, line) = (metadata.file().unwrap_or("?"), metadata.line().unwrap_or(0));
    let site = format!("{file}:{line}");
    if *metadata.level() == Level::ERROR {
        tracing::error!(target: TARGET, call_site = site, of_target = metadata.target(), suppressed = count, "suppressed {count} alike");
    } else {
        tracing::warn!(target: TARGET, call_site = site, of_target = metadata.target(), suppressed = count, "suppressed {count} alike");
    }
}

#[cfg(test)]
mod tests {
    use tracing::{Event, Subscriber};
    use tracing_subscriber::{
        Layer,
        layer::{Context, SubscriberExt},
    };

    use super::*;

    /// The metadata of the first event that `log` writes.
    fn site(log: impl FnOnce()) -> &'static Metadata<'static> {
        #[derive(Clone, Default)]
        struct Site(Arc<OnceLock<&'static Metadata<'static>>>);

        impl<S: Subscriber> Layer<S> for Site {
            fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
                let _ = self.0.set(event.metadata());
            }
        }

        let site = Site::default();
        let subscriber = tracing_subscriber::registry().with(site.clone());
        tracing::subscriber::with_default(subscriber, log);
        site.0.get().unwrap()
    }

    #[test]
    fn each_period_begins_anew_and_each_call_site_has_its_own() {
        let (one, other) = (
            site(|| tracing::warn!("one")),
            site(|| tracing::error!("other")),
        );
        let repeats = Repeats::new(2);
        let admitted = |site, at: u64, count: usize| {
            let admits = |_: &usize| repeats.admits(site, Duration::from_millis(at));
            (0..count).filter(admits).count()
        };
        assert_eq!(admitted(one, 0, 5), 2);
        assert_eq!(admitted(other, 999, 1), 1);
        assert_eq!(admitted(one, 999, 5), 0);
        assert_eq!(admitted(one, 1000, 5), 2);
        assert_eq!(admitted(other, 1000, 5), 2);
        assert_eq!(admitted(one, 90_000, 1), 1);
    }

    #[test]
    fn threads_share_a_limit() {
        let site = site(|| tracing::warn!("shared"));
        let repeats = Repeats::new(10);
        let admitted = AtomicU64::new(0);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..10_000 {
                        let admits = repeats.admits(site, Duration::ZERO);
                        admitted.fetch_add(u64::from(admits), Relaxed);
                    }
                });
            }
        });
        assert_eq!(admitted.into_inner(), 10);
        let withheld: u64 = repeats
            .places
            .iter()
            .map(|place| place.withheld.load(Relaxed))
            .sum();
        assert_eq!(withheld, 39_990);
    }
}
