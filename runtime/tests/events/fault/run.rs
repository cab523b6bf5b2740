//! How many events a row has, how long its storms are and what is random in it. All rows take that from here.

use std::{
    fmt::Write as _,
    fs::OpenOptions,
    io::Write as _,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

/// One run of a row.
pub(crate) struct Run {
    /// What topics and groups of this run are called after.
    pub(crate) name: String,
    /// How many events there are.
    pub(crate) events: u32,
    /// How long what is to last a while lasts.
    pub(crate) storm: Duration,
    random: Mutex<u64>,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) handled: usize,
    /// Events that were handled more than once, each time but the first.
    pub(crate) duplicates: usize,
    pub(crate) letters: usize,
}

pub(crate) fn is_full() -> bool {
    std::env::var("MARTY_FAULTS").is_ok_and(|form| form == "full")
}

/// As long as a row waits for anything.
pub(crate) fn patience() -> Duration {
    Duration::from_secs(if is_full() { 300 } else { 90 })
}

impl Run {
    fn new(row: &str, seed: u64) -> Self {
        let full = is_full();
        let (events, storm) = if full { (20_000, 60) } else { (1_200, 8) };
        let words: Vec<&str> = row.split_whitespace().collect();
        Self {
            name: format!("{}-{seed:x}", words.join("-")),
            events,
            storm: Duration::from_secs(storm),
            random: Mutex::new(seed),
        }
    }

    /// Anything below `end`, by the seed.
    pub(crate) fn below(&self, end: u32) -> u32 {
        let mut state = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        // SplitMix64, as Sebastiano Vigna published it.
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        u32::try_from(mixed % u64::from(end)).unwrap()
    }

    /// So many events as are a part of all, by the seed: between `from` and `to` hundredths.
    pub(crate) fn part(&self, from: u32, to: u32) -> u32 {
        self.events * (from + self.below(to - from)) / 100
    }

    pub(crate) fn coin(&self) -> bool {
        self.below(2) == 1
    }
}

/// Runs a row: once in the short form; ten times in full, or once with the seed that is to be tried again.
pub(crate) async fn row(name: &'static str, body: impl AsyncFn(&Run) -> Outcome) {
    let given = std::env::var("MARTY_SEED").ok();
    let given: Option<u64> = given.map(|seed| seed.parse().unwrap());
    let turns = if is_full() && given.is_none() { 10 } else { 1 };
    for _ in 0..turns {
        let seed = given.unwrap_or_else(random);
        tell(&format!("{name}: MARTY_SEED={seed}"));
        let (run, begun) = (Run::new(name, seed), Instant::now());
        let outcome = body(&run).await;
        report(name, seed, &run, &outcome, begun.elapsed());
    }
}

/// A seed that fits where it is part of a name.
fn random() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    u64::from(since.unwrap().subsec_nanos()) << 8 | u64::from(std::process::id() & 0xff)
}

/// Adds a line to the table, where there is one.
fn report(name: &str, seed: u64, run: &Run, outcome: &Outcome, took: Duration) {
    let Outcome {
        handled,
        duplicates,
        letters,
    } = outcome;
    let mut line = format!("{name}\t{seed}\t{}\t{handled}", run.events);
    write!(line, "\t{duplicates}\t{letters}\t{:.1}", took.as_secs_f64()).unwrap();
    tell(&line);
    if let Some(table) = std::env::var_os("MARTY_FAULTS_TABLE") {
        let mut file = OpenOptions::new().append(true).open(table).unwrap();
        writeln!(file, "{line}").unwrap();
    }
}

#[expect(
    clippy::print_stdout,
    reason = "what a test says is shown if it fails, and only what is printed is taken for that"
)]
fn tell(line: &str) {
    println!("{line}");
}
