//! How far each assigned partition is: asked of the brokers from a thread of its own, so that polling never waits for it. Another
//! wakes the client where the clock was set back, since the first may wait by it.

use std::{
    collections::BTreeMap,
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
    time::Duration,
};

use rdkafka::{
    consumer::{BaseConsumer, CommitMode, Consumer as _},
    error::KafkaResult,
    topic_partition_list::{Offset, TopicPartitionList},
};

use super::{
    super::{
        Group,
        transport::{Extent, Spot},
    },
    convert,
    feed::Feed,
    wall,
};

/// How often the lag is shown anew.
const INTERVAL: Duration = Duration::from_secs(5);

/// How long a broker may take to say; the lag stays as it was otherwise.
const PATIENCE: Duration = Duration::from_secs(1);

/// Shows the lag, and looks at the clock, until it is ended.
pub(super) struct Watch {
    end: mpsc::Sender<()>,
    _clock: mpsc::Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    pub(super) fn begin(consumer: &Arc<BaseConsumer<Feed>>, group: &Arc<Group>) -> Self {
        let (woken, of) = (Arc::downgrade(consumer), Arc::clone(group));
        let clock = wall::watch(move || {
            if let Some(consumer) = woken.upgrade() {
                wake(&consumer, &of);
            }
            true
        });
        let (end, ended) = mpsc::channel::<()>();
        let (consumer, group) = (Arc::clone(consumer), Arc::clone(group));
        let watch = move || {
            while ended.recv_timeout(INTERVAL) == Err(mpsc::RecvTimeoutError::Timeout) {
                show(&consumer, &group);
            }
        };
        let thread = thread::Builder::new()
            .name("kafka-lag".to_owned())
            .spawn(watch);
        Self {
            end,
            _clock: clock,
            thread: thread.ok(),
        }
    }

    pub(super) fn end(mut self) {
        let _ = self.end.send(());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Both threads of the client come back from where they wait: the one that does its work has a commit to do, and the one that polls
/// is told of it.
fn wake(consumer: &BaseConsumer<Feed>, group: &Group) {
    tracing::warn!(group = %group.name(), "the clock was set back");
    if let Err(error) = consumer.commit_consumer_state(CommitMode::Async) {
        tracing::debug!(group = %group.name(), %error, "nothing to commit");
    }
}

fn show(consumer: &BaseConsumer<Feed>, group: &Group) {
    let spots = group.spots();
    if spots.is_empty() {
        // Nothing else tells a member without partitions that brokers take it again.
        let topic = group.topics().first().map(|topic| &**topic);
        let refused = group.refusal.get().is_some();
        if refused && consumer.fetch_metadata(topic, PATIENCE).is_ok() {
            group.refusal.clear();
        }
        return;
    }
    match extents(consumer, &spots) {
        Ok(extents) => {
            group.refusal.clear();
            for extent in &extents {
                group.report(extent);
            }
        }
        Err(error) => tracing::debug!(group = %group.name(), %error, "lag not known"),
    }
}

/// Asks for all partitions at once: one request to each broker for their ends, one for what was stored, and one for their
/// beginnings where nothing was.
fn extents(consumer: &BaseConsumer<Feed>, spots: &[Spot]) -> KafkaResult<Vec<Extent>> {
    let ends = edges(consumer, spots, Offset::End)?;
    let stored = consumer.committed_offsets(convert::list(spots), PATIENCE)?;
    let mut begins = offsets(&stored);
    let untouched: Vec<Spot> = spots
        .iter()
        .filter(|spot| !begins.contains_key(*spot))
        .cloned()
        .collect();
    if !untouched.is_empty() {
        begins.extend(edges(consumer, &untouched, Offset::Beginning)?);
    }
    let known = spots.iter().filter_map(|spot| {
        Some(Extent {
            spot: spot.clone(),
            end: *ends.get(spot)?,
            begin: *begins.get(spot)?,
        })
    });
    Ok(known.collect())
}

/// One end of each partition. Kafka takes these two for times before the first and after the last record.
fn edges(
    consumer: &BaseConsumer<Feed>,
    spots: &[Spot],
    edge: Offset,
) -> KafkaResult<BTreeMap<Spot, i64>> {
    let mut list = convert::list(spots);
    list.set_all_offsets(edge)?;
    Ok(offsets(&consumer.offsets_for_times(list, PATIENCE)?))
}

fn offsets(list: &TopicPartitionList) -> BTreeMap<Spot, i64> {
    let spots = convert::spots(list).into_iter().zip(list.elements());
    let known = spots.filter_map(|(spot, element)| match element.offset() {
        Offset::Offset(offset) if element.error().is_ok() => Some((spot, offset)),
        _ => None,
    });
    known.collect()
}
