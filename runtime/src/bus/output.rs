//! What handlers publish as part of their event: it is there once the event is done, and never without that.
//!
//! It holds that until the transport writes it, together with how far the partition is. It must not write it.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{PublishError, error::PublishKind, transport::Spot};
use crate::event::{Attributes, Event, Keyring, Record, Text, encode};

/// As many records of a partition wait at most to be written.
const MOST: usize = 1000;

/// And so many bytes.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// Who publishes: makes records of events.
pub(crate) struct Emitter {
    pub(super) service: Arc<str>,
    pub(super) source: Text,
    pub(super) keys: Keyring,
    /// How large a record may be.
    pub(super) largest: usize,
}

/// A record that waits to be written.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) topic: Arc<str>,
    pub(crate) event: &'static str,
    pub(crate) record: Record,
}

/// What one attempt to handle an event publishes.
#[derive(Clone)]
pub(super) struct Outputs {
    emitter: Arc<Emitter>,
    /// Nothing once the attempt is over.
    written: Arc<Mutex<Option<Vec<Output>>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Outputs {
    pub(super) fn new(emitter: &Arc<Emitter>) -> Self {
        Self {
            emitter: Arc::clone(emitter),
            written: Arc::new(Mutex::new(Some(Vec::new()))),
        }
    }

    pub(super) fn add<E: Event>(&self, event: &E) -> Result<(), PublishError> {
        let attributes = Attributes::new(self.emitter.source.clone());
        let record = encode(event, &attributes, &self.emitter.keys);
        let record = record.map_err(PublishError::encode)?;
        let topic = E::TOPIC.name(&self.emitter.service);
        let size = record.size();
        // Once the event is done it is too late to say so: nothing else of its member would be written any more.
        if size > self.emitter.largest {
            let topic = (*topic).into();
            return Err(PublishKind::TooLarge { topic, size }.into());
        }
        let output = Output {
            topic,
            event: E::TYPE,
            record,
        };
        let mut written = lock(&self.written);
        let written = written.as_mut().ok_or(PublishKind::NoTransaction)?;
        written.push(output);
        Ok(())
    }

    /// The attempt is over: what it has published, and no more of it.
    pub(super) fn take(&self) -> Vec<Output> {
        lock(&self.written).take().unwrap_or_default()
    }
}

/// An attempt that runs. With it ends what can be published, also where it is cut off.
pub(super) struct Open(pub(super) Outputs);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.take();
    }
}

/// How far a partition is, and what there is to be written with that.
#[derive(Debug)]
pub(crate) struct Settled {
    pub(crate) spot: Spot,
    pub(crate) position: i64,
    pub(crate) outputs: Vec<Output>,
}

/// Adds what came later to what was settled before.
pub(crate) fn absorb(settled: &mut Vec<Settled>, later: Vec<Settled>) {
    for one in later {
        match settled.iter_mut().find(|known| known.spot == one.spot) {
            Some(known) => {
                known.position = one.position;
                known.outputs.extend(one.outputs);
            }
            None => settled.push(one),
        }
    }
}

/// How many of the first of `settled` go into one transaction: those that come to `most` bytes at most, and at least one.
#[cfg(feature = "kafka")]
pub(crate) fn portion(settled: &[Settled], most: usize) -> usize {
    let mut bytes = 0;
    let fit = settled.iter().take_while(|one| {
        let sizes = one.outputs.iter().map(|output| output.record.size());
        bytes += sizes.sum::<usize>();
        bytes <= most
    });
    fit.count().max(1).min(settled.len())
}

/// What of a partition waits to be written.
#[derive(Default)]
pub(super) struct Pending {
    outputs: Vec<Output>,
    bytes: usize,
}

impl Pending {
    pub(super) fn extend(&mut self, outputs: Vec<Output>) {
        let bytes = outputs.iter().map(|output| output.record.size());
        self.bytes += bytes.sum::<usize>();
        self.outputs.extend(outputs);
    }

    pub(super) const fn is_full(&self) -> bool {
        self.outputs.len() >= MOST || self.bytes >= MOST_BYTES
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.outputs.is_empty()
    }

    pub(super) fn take(&mut self) -> Vec<Output> {
        self.bytes = 0;
        std::mem::take(&mut self.outputs)
    }
}

impl fmt::Debug for Outputs {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Outputs")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::business::ErrorClass as _;

    #[derive(Event)]
    #[event(type = "lamp.lit", topic = domain("lamp"), key = number)]
    struct LampLit {
        number: u32,
    }

    fn outputs(largest: usize) -> Outputs {
        Outputs::new(&Arc::new(Emitter {
            service: "home".into(),
            source: "/home".to_owned().into(),
            keys: Keyring::none(),
            largest,
        }))
    }

    #[test]
    fn what_is_larger_than_a_topic_takes_is_refused_at_once() {
        let fitting = outputs(usize::MAX);
        fitting.add(&LampLit { number: 1 }).unwrap();
        let size = fitting.take()[0].record.size();
        outputs(size).add(&LampLit { number: 1 }).unwrap();
        let small = outputs(size - 1);
        let error = small.add(&LampLit { number: 1 }).unwrap_err();
        assert!(
            error.class() == "too_large" && !error.is_retryable(),
            "{error}"
        );
        assert!(small.take().is_empty());
    }

    #[test]
    fn what_comes_after_the_attempt_is_refused() {
        let outputs = outputs(usize::MAX);
        let late = outputs.clone();
        outputs.add(&LampLit { number: 1 }).unwrap();
        let taken = outputs.take();
        assert_eq!(taken.len(), 1);
        assert_eq!(&*taken[0].topic, "domain.lamp.events");
        let error = late.add(&LampLit { number: 2 }).unwrap_err();
        assert!(!error.is_retryable(), "{error}");
    }

    #[cfg(feature = "kafka")]
    #[test]
    fn a_transaction_takes_what_fits_and_at_least_one_partition() {
        let settled: Vec<Settled> = [0, 40, 60, 0, 1]
            .into_iter()
            .map(|size| Settled {
                spot: Spot {
                    topic: "a".into(),
                    partition: 0,
                },
                position: 1,
                outputs: vec![Output {
                    topic: "b".into(),
                    event: "lamp.lit.v1",
                    record: Record::with_capacity(0, 0, std::time::SystemTime::UNIX_EPOCH)
                        .with_value(&vec![0; size]),
                }],
            })
            .collect();
        let portions = [1, 40, 99, 100, 101, usize::MAX].map(|most| portion(&settled, most));
        assert_eq!(portions, [1, 2, 2, 4, 5, 5]);
        assert_eq!(portion(&settled[2..], 1), 1);
        assert_eq!(portion(&[], 1), 0);
    }

    #[test]
    fn what_comes_later_goes_behind_what_was_before() {
        let settled = |partition, position| Settled {
            spot: Spot {
                topic: "a".into(),
                partition,
            },
            position,
            outputs: vec![Output {
                topic: "b".into(),
                event: "lamp.lit.v1",
                record: Record::with_capacity(0, 0, std::time::SystemTime::UNIX_EPOCH),
            }],
        };
        let mut all = vec![settled(0, 5), settled(1, 7)];
        absorb(&mut all, vec![settled(1, 9), settled(2, 1)]);
        let found: Vec<_> = all
            .iter()
            .map(|one| (one.spot.partition, one.position, one.outputs.len()))
            .collect();
        assert_eq!(found, [(0, 5, 1), (1, 9, 2), (2, 1, 1)]);
    }
}
