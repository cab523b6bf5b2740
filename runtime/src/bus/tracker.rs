//! The ack tracker: how far a partition is finished with, whatever order its records end in.

use std::{collections::VecDeque, time::SystemTime};

/// Which records of one partition are finished with, during one assignment.
///
/// The position only passes a record once it and all before it are done. What was handed out in an earlier epoch counts for
/// nothing: the partition may be another member's by then, or its offsets may stand for other records.
#[derive(Debug)]
pub(crate) struct Tracker {
    epoch: u64,
    open: VecDeque<Slot>,
    position: Option<i64>,
    last: Option<i64>,
}

#[derive(Debug)]
struct Slot {
    offset: i64,
    time: SystemTime,
    done: bool,
}

/// What is handed in for a record that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    epoch: u64,
    offset: i64,
}

impl Tracker {
    /// A partition of which nothing was delivered.
    pub(crate) const fn new(epoch: u64) -> Self {
        Self {
            epoch,
            open: VecDeque::new(),
            position: None,
            last: None,
        }
    }

    /// A record is handed out. Offsets that go back are those of a topic that was made anew, or of a reset: an epoch of its own.
    pub(crate) fn begin(&mut self, offset: i64, time: SystemTime) -> Ticket {
        if self.last.is_some_and(|last| offset <= last) {
            *self = Self::new(self.epoch + 1);
        }
        // Offsets have gaps, where records were compacted away or a transaction ended: the next one delivered is what counts.
        self.position.get_or_insert(offset);
        self.last = Some(offset);
        self.open.push_back(Slot {
            offset,
            time,
            done: false,
        });
        Ticket {
            epoch: self.epoch,
            offset,
        }
    }

    /// A record is done: handled, skipped on purpose, or acknowledged as a dead letter.
    pub(crate) fn done(&mut self, ticket: Ticket) {
        if ticket.epoch != self.epoch {
            return;
        }
        // Mostly it is the first: without lanes records end in their order.
        let is_first = self
            .open
            .front()
            .is_some_and(|slot| slot.offset == ticket.offset);
        let search = || {
            self.open
                .binary_search_by_key(&ticket.offset, |slot| slot.offset)
        };
        let Ok(place) = (if is_first { Ok(0) } else { search() }) else {
            return;
        };
        if let Some(slot) = self.open.get_mut(place) {
            slot.done = true;
        }
        while let Some(slot) = self.open.front().filter(|slot| slot.done) {
            self.position = Some(slot.offset + 1);
            self.open.pop_front();
        }
    }

    /// The offset to go on with: all records before it are done. Nothing, if none was delivered.
    pub(crate) const fn position(&self) -> Option<i64> {
        self.position
    }

    /// The time of the first record that is not done.
    pub(crate) fn oldest(&self) -> Option<SystemTime> {
        self.open.front().map(|slot| slot.time)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashSet};

    use proptest::prelude::*;

    use super::*;

    fn at(offset: i64) -> SystemTime {
        SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(offset.unsigned_abs())
    }

    #[test]
    fn the_position_waits_for_the_slowest() {
        let mut tracker = Tracker::new(0);
        assert_eq!(tracker.position(), None);
        let tickets: Vec<Ticket> = [5, 6, 9]
            .map(|offset| tracker.begin(offset, at(offset)))
            .into();
        assert_eq!(tracker.position(), Some(5));
        tracker.done(tickets[1]);
        tracker.done(tickets[2]);
        assert_eq!(
            (tracker.position(), tracker.oldest()),
            (Some(5), Some(at(5)))
        );
        tracker.done(tickets[0]);
        assert_eq!((tracker.position(), tracker.oldest()), (Some(10), None));
    }

    #[test]
    fn offsets_that_go_back_begin_an_epoch() {
        let mut tracker = Tracker::new(0);
        let before = tracker.begin(100, at(100));
        let after = tracker.begin(3, at(3));
        tracker.done(before);
        assert_eq!(tracker.position(), Some(3));
        tracker.done(after);
        assert_eq!(tracker.position(), Some(4));
    }

    /// What may happen to a partition.
    #[derive(Clone, Debug)]
    enum Step {
        Deliver(u8),
        /// The record at this place among those under way is done.
        Finish(usize),
        /// The position is stored with the broker.
        Commit,
        /// The assignment ends without a commit, and the next one goes on from what was stored.
        Crash,
        /// It ends with a commit.
        Revoke,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (1_u8..4).prop_map(Step::Deliver),
            6 => any::<usize>().prop_map(Step::Finish),
            2 => Just(Step::Commit),
            1 => Just(Step::Crash),
            1 => Just(Step::Revoke),
        ]
    }

    proptest! {
        /// A log with gaps, read by one assignment after the other, with acknowledgements that come late and in any order.
        #[test]
        fn nothing_is_committed_that_was_not_done(steps in proptest::collection::vec(step(), 1..200)) {
            let log: Vec<i64> = (0..400).filter(|offset| offset % 7 != 3).collect();
            let mut tracker = Tracker::new(0);
            let mut epoch = 0;
            let (mut committed, mut next) = (0_i64, 0_usize);
            let mut done: HashSet<i64> = HashSet::new();
            // Of all epochs: handlers that were cut off may still report.
            let mut under_way: Vec<(u64, Ticket, i64)> = Vec::new();
            for step in steps {
                match step {
                    Step::Deliver(count) => for _ in 0..count {
                        let Some(offset) = log.get(next) else { break };
                        under_way.push((epoch, tracker.begin(*offset, at(*offset)), *offset));
                        next += 1;
                    },
                    Step::Finish(which) => if !under_way.is_empty() {
                        let (of, ticket, offset) = under_way.swap_remove(which % under_way.len());
                        if of == epoch {
                            done.insert(offset);
                        }
                        tracker.done(ticket);
                    },
                    Step::Commit | Step::Revoke | Step::Crash => {
                        if !matches!(step, Step::Crash) && let Some(position) = tracker.position() {
                            prop_assert!(position >= committed, "went back from {committed} to {position}");
                            committed = position;
                        }
                        if !matches!(step, Step::Commit) {
                            epoch += 1;
                            tracker = Tracker::new(epoch);
                            next = log.partition_point(|offset| *offset < committed);
                        }
                    }
                }
                let lost: BTreeSet<i64> = log
                    .iter()
                    .copied()
                    .filter(|offset| *offset < committed && !done.contains(offset))
                    .collect();
                prop_assert!(lost.is_empty(), "committed {committed} past {lost:?}");
            }
            // Once all is done, the position is past all that was delivered.
            let rest: Vec<_> = under_way.iter().filter(|(of, ..)| *of == epoch).collect();
            for (_, ticket, _) in rest {
                tracker.done(*ticket);
            }
            if let Some(position) = tracker.position() {
                let delivered = next.checked_sub(1).and_then(|last| log.get(last));
                prop_assert_eq!(Some(position - 1), delivered.copied());
            }
        }
    }
}
