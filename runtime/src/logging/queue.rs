//! The lines that wait to be written, so that nobody waits for whoever reads the log.

use std::{
    io::{self, Write},
    mem,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use crate::metric::Counter;

/// How many bytes may wait: some thousand lines, which an idle reader catches up with in no time.
const ROOM: usize = 1024 * 1024;

/// How long the thread rests when it has written: to be woken for each line of many would cost more than to make them.
const REST: Duration = Duration::from_millis(2);

/// Lines on their way to a thread that writes them. One that finds no room is dropped and counted.
#[derive(Clone)]
pub(super) struct Queue(Arc<Shared>);

struct Shared {
    lines: Mutex<Lines>,
    changed: Condvar,
    dropped: Counter,
}

#[derive(Default)]
struct Lines {
    waiting: Vec<u8>,
    count: u64,
    state: State,
    /// Whether somebody waits until everything is written.
    flushing: bool,
}

/// What the thread does.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    WaitsForLines,
    /// It is at lines that it has taken.
    Writes,
    /// It takes further lines when its rest is over, unless there are many or somebody waits.
    Rests,
}

impl Lines {
    fn can_rest(&self) -> bool {
        !self.flushing && self.waiting.len() < ROOM / 2
    }
}

impl Queue {
    /// Writes to `out` from now on, on a thread of its own.
    pub(super) fn start(out: impl Write + Send + 'static, dropped: Counter) -> io::Result<Self> {
        let queue = Self(Arc::new(Shared {
            lines: Mutex::default(),
            changed: Condvar::new(),
            dropped,
        }));
        let writer = queue.clone();
        thread::Builder::new()
            .name("marty-log".to_owned())
            .spawn(move || writer.write_to(out))?;
        Ok(queue)
    }

    /// Waits until everything is written, but no longer than `time`. Says whether it is.
    pub(super) fn flush(&self, time: Duration) -> bool {
        let busy = |lines: &mut Lines| lines.state == State::Writes || !lines.waiting.is_empty();
        let mut lines = self.lines();
        lines.flushing = true;
        self.0.changed.notify_all();
        let waited = self.0.changed.wait_timeout_while(lines, time, busy);
        let (mut lines, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        lines.flushing = false;
        !timeout.timed_out()
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_to(&self, mut out: impl Write) {
        let mut taken = Vec::new();
        loop {
            let count = self.take(&mut taken);
            // A log that cannot be written has nowhere else to say so.
            if out.write_all(&taken).and_then(|()| out.flush()).is_err() {
                self.0.dropped.add(count);
            }
            self.rest();
        }
    }

    fn rest(&self) {
        let mut lines = self.lines();
        lines.state = State::Rests;
        self.0.changed.notify_all();
        let can_rest = |lines: &mut Lines| lines.can_rest();
        let rested = self.0.changed.wait_timeout_while(lines, REST, can_rest);
        drop(rested.unwrap_or_else(PoisonError::into_inner));
    }

    /// Waits for lines, and leaves the emptied memory of the last in their place. Says how many there are.
    fn take(&self, taken: &mut Vec<u8>) -> u64 {
        taken.clear();
        let none = |lines: &mut Lines| lines.waiting.is_empty();
        let mut lines = self.lines();
        lines.state = State::WaitsForLines;
        let waited = self.0.changed.wait_while(lines, none);
        let mut lines = waited.unwrap_or_else(PoisonError::into_inner);
        mem::swap(&mut lines.waiting, taken);
        lines.state = State::Writes;
        mem::take(&mut lines.count)
    }
}

/// Takes whole lines, each in one call, as both formats write them.
impl Write for Queue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut lines = self.lines();
        if lines.waiting.len() + line.len() > ROOM {
            self.0.dropped.inc();
        } else {
            lines.waiting.extend_from_slice(line);
            lines.count += 1;
            if lines.state == State::WaitsForLines || !lines.can_rest() {
                self.0.changed.notify_all();
            }
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;
    use crate::metric::Instrument;

    const PATIENCE: Duration = Duration::from_secs(20);

    /// Writes only as often as it is let, and tells what.
    struct Reader {
        let_in: Receiver<()>,
        read: Sender<Vec<u8>>,
    }

    impl Write for Reader {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.let_in.recv().map_err(io::Error::other)?;
            self.read.send(bytes.to_owned()).map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn queue() -> (Queue, Counter, Sender<()>, Receiver<Vec<u8>>) {
        let (open, let_in) = channel();
        let (read, seen) = channel();
        let dropped = Counter::create(());
        let queue = Queue::start(Reader { let_in, read }, dropped.clone()).unwrap();
        (queue, dropped, open, seen)
    }

    #[test]
    fn takes_lines_whether_or_not_anybody_reads_and_counts_what_has_no_room() {
        let (mut queue, dropped, open, seen) = queue();
        let line = [b'x'; 1000];
        for _ in 0..5000 {
            queue.write_all(&line).unwrap();
        }
        assert!(!queue.flush(Duration::ZERO));
        // What waits, and what the thread has taken meanwhile, is bounded each.
        let least = 5000 - 2 * ROOM as u64 / 1000;
        assert!((least..5000).contains(&dropped.value()));
        drop(seen);
        drop(open);
    }

    #[test]
    fn writes_lines_in_their_order_and_says_when_all_are_written() {
        let (mut queue, dropped, open, seen) = queue();
        (0..100).for_each(|_| open.send(()).unwrap());
        let mut expected = Vec::new();
        for number in 0..100 {
            let line = format!("{number}\n");
            queue.write_all(line.as_bytes()).unwrap();
            expected.extend(line.into_bytes());
        }
        assert!(queue.flush(PATIENCE));
        let read: Vec<u8> = seen.try_iter().flatten().collect();
        assert_eq!(read, expected);
        assert_eq!(dropped.value(), 0);
    }

    #[test]
    fn counts_lines_that_cannot_be_written() {
        let (mut queue, dropped, open, _seen) = queue();
        drop(open);
        queue.write_all(b"one\n").unwrap();
        queue.write_all(b"two\n").unwrap();
        assert!(queue.flush(PATIENCE));
        assert_eq!(dropped.value(), 2);
    }
}
