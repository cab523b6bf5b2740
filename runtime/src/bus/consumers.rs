//! What a group handles and how, put together before it begins, and the group while it runs.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::time::Instant;

use super::{
    ConsumeError, Duplicates, EventHandler, Group, Handler, Policy,
    broker::Consumer,
    duplicate::AnyDuplicates,
    error::ConsumeKind,
    group::Options,
    handler::{AnyHandler, Of, WithState},
    lane,
    later::Later,
    transport::Transport,
};
use crate::{
    event::{Event, Topic},
    metric::{Counter, Instrument as _},
};

/// The handlers of one group.
#[must_use = "handlers do nothing until the bus consumes for them"]
pub struct Consumers {
    group: Box<str>,
    topics: BTreeSet<TopicOf>,
    handlers: Vec<(&'static str, Arc<dyn AnyHandler>)>,
    options: Options,
    delays: Vec<Duration>,
    duplicates: Option<Arc<dyn AnyDuplicates>>,
    panics: Counter,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum TopicOf {
    Own,
    Named(Arc<str>),
}

impl Consumers {
    /// A group that handles nothing yet. All members of the same name share the work.
    pub fn new(group: &str) -> Self {
        Self {
            group: group.into(),
            topics: BTreeSet::new(),
            handlers: Vec::new(),
            options: Options {
                policy: Policy::default(),
                lanes: 1,
                skip_unknown: true,
                skip_tombstones: false,
                exactly_once: false,
            },
            delays: Vec::new(),
            duplicates: None,
            panics: Counter::create(()),
        }
    }

    /// Handles events `E` with `handler`, from the event's own topic.
    pub fn on<E: Event>(mut self, handler: impl Handler<E>) -> Self {
        let topic = match E::TOPIC {
            Topic::Service => TopicOf::Own,
            topic => TopicOf::Named(topic.name("")),
        };
        self.topics.insert(topic);
        self.handlers
            .push((E::TYPE, Arc::new(Of::<E, _>::new(handler))));
        self
    }

    /// Handles events `E` that `service` tells of itself.
    pub fn on_service<E: Event>(mut self, service: &str, handler: impl Handler<E>) -> Self {
        self.topics.insert(TopicOf::Named(E::TOPIC.name(service)));
        self.handlers
            .push((E::TYPE, Arc::new(Of::<E, _>::new(handler))));
        self
    }

    /// Handles events with a function that [`event_handler`](super::event_handler) made a handler, and that takes no state.
    ///
    /// ```
    /// use marty_runtime::{bus::{Consumers, HandlerError, event_handler}, event::{Envelope, Event}};
    ///
    /// #[derive(Event)]
    /// #[event(type = "user.created", topic = domain("user"), key = user_id)]
    /// struct UserCreated {
    ///     user_id: u64,
    /// }
    ///
    /// #[event_handler("domain.user.events")]
    /// async fn greet(event: Envelope<UserCreated>) -> Result<(), HandlerError> {
    ///     println!("welcome, {}", event.data.user_id);
    ///     Ok(())
    /// }
    ///
    /// let consumers = Consumers::new("greeter").handle(greet);
    /// assert!(format!("{consumers:?}").contains("user.created.v1"));
    /// ```
    ///
    /// A topic that is not the event's does not compile:
    ///
    /// ```compile_fail,E0080
    /// # use marty_runtime::{bus::{HandlerError, event_handler}, event::{Envelope, Event}};
    /// # #[derive(Event)]
    /// # #[event(type = "user.created", topic = domain("user"), key = user_id)]
    /// # struct UserCreated {
    /// #     user_id: u64,
    /// # }
    /// #[event_handler("domain.users.events")]
    /// async fn greet(event: Envelope<UserCreated>) -> Result<(), HandlerError> {
    ///     Ok(())
    /// }
    /// ```
    pub fn handle<H: EventHandler<State = ()>>(self, handler: H) -> Self {
        self.handle_with(handler, ())
    }

    /// Handles events with a function that is given a clone of `state` each time.
    pub fn handle_with<H: EventHandler>(mut self, handler: H, state: H::State) -> Self {
        self.topics.insert(TopicOf::Named(H::TOPIC.into()));
        let handler = Of::<H::Event, _>::new(WithState(handler, state));
        self.handlers.push((H::Event::TYPE, Arc::new(handler)));
        self
    }

    /// Sets how often, and how long, an event is tried.
    pub const fn policy(mut self, policy: Policy) -> Self {
        self.options.policy = policy;
        self
    }

    /// Tries what has failed as often as the [`Policy`] says again later, once after each of `delays`, before it becomes a dead letter: for
    /// outages that are longer than a partition should wait for.
    ///
    /// The order of a key is given up for that: what comes after an event that waits is handled before it. The event waits in the topics
    /// `{topic}.{group}.retry.1`, `….retry.2` and so on, one for each delay, which have to exist and should keep records for much longer
    /// than their delay. While one of them takes nothing, its partition waits, as it does for a dead letter. A delay can be made
    /// longer without further ado; before there are fewer of them, those topics have to be empty.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use marty_runtime::bus::Consumers;
    /// let consumers = Consumers::new("mailer").retry_topics([Duration::from_secs(30), Duration::from_mins(10)]);
    /// ```
    pub fn retry_topics(mut self, delays: impl IntoIterator<Item = Duration>) -> Self {
        self.delays = delays.into_iter().collect();
        self
    }

    /// Handles up to `lanes` events of a partition at once: those with the same key keep their order, others do not.
    pub const fn lanes(mut self, lanes: usize) -> Self {
        self.options.lanes = lanes;
        self
    }

    /// Makes events of types that nobody handles here dead letters. Otherwise they are skipped and counted.
    pub const fn reject_unknown(mut self) -> Self {
        self.options.skip_unknown = false;
        self
    }

    /// Skips records without a value. Otherwise they become dead letters.
    pub const fn skip_tombstones(mut self) -> Self {
        self.options.skip_tombstones = true;
        self
    }

    /// Handles no event that `store` knows.
    pub fn duplicates(mut self, store: impl Duplicates) -> Self {
        self.duplicates = Some(Arc::new(store));
        self
    }

    /// Has every event its effect exactly once, as far as that is what handlers publish by [`Delivery::emit`](super::Delivery::emit): it
    /// is written together with how far the partition is, in one transaction of Kafka, as dead letters and records for later are. Who reads
    /// what is committed, as groups do, sees it once, whatever crashes when. What a handler does otherwise it may do again.
    ///
    /// Transactions are of about a tenth of a second each, so that what is emitted takes as much longer to be seen. While brokers take none,
    /// the group's partitions wait, as they do for a dead letter. A transaction that a crash has left open holds up readers until
    /// `transaction.timeout.ms`, 15 s unless it is said otherwise. Brokers have to let the service use transactional ids
    /// that begin with the group's name.
    ///
    /// Such a group has no lanes, since a transaction ends at a position, and no store of handled events, which would know of events whose
    /// transaction never was.
    pub const fn exactly_once(mut self) -> Self {
        self.options.exactly_once = true;
        self
    }

    /// Counts panics of handlers with `panics`, besides the hook that may count all.
    pub(crate) fn counting(mut self, panics: Counter) -> Self {
        self.panics = panics;
        self
    }

    /// The group's name.
    pub(crate) fn group(&self) -> &str {
        &self.group
    }

    pub(super) fn into_group(
        self,
        service: &str,
        transport: Arc<dyn Transport>,
    ) -> Result<Group, ConsumeError> {
        if !is_group_name(&self.group) {
            return Err(ConsumeKind::GroupName(self.group).into());
        }
        let mut handlers: BTreeMap<&'static str, Arc<dyn AnyHandler>> = BTreeMap::new();
        for (event, handler) in self.handlers {
            if handlers.insert(event, handler).is_some() {
                let group = self.group;
                return Err(ConsumeKind::TwoHandlers { group, event }.into());
            }
        }
        if handlers.is_empty() {
            return Err(ConsumeKind::NoHandler(self.group).into());
        }
        if self.options.exactly_once {
            let lanes = (self.options.lanes > 1).then_some("lanes");
            let store = self.duplicates.as_ref().map(|_| "a store of duplicates");
            if let Some(what) = lanes.or(store) {
                let group = self.group;
                return Err(ConsumeKind::ExactlyOnce { group, what }.into());
            }
        }
        let topics = self.topics.into_iter().map(|topic| match topic {
            TopicOf::Own => Topic::Service.name(service),
            TopicOf::Named(name) => name,
        });
        let topics: BTreeSet<Arc<str>> = topics.collect();
        let later = Later::new(self.delays, &topics, &self.group);
        let topics = topics.iter().chain(later.topics()).map(Arc::clone);
        Ok(Group::new(
            self.group.into(),
            (topics.collect(), later),
            handlers,
            (self.options, self.duplicates, self.panics),
            (transport, lane::spawnable),
        ))
    }
}

/// It becomes part of a topic's name.
fn is_group_name(name: &str) -> bool {
    (1..=100).contains(&name.len())
        && name
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.'))
}

impl fmt::Debug for Consumers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let events: Vec<&str> = self.handlers.iter().map(|(event, _)| *event).collect();
        formatter
            .debug_struct("Consumers")
            .field("group", &self.group)
            .field("events", &events)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// A group that consumes.
#[must_use = "dropping it ends consumption at once"]
#[derive(Debug)]
pub struct Subscription {
    group: Arc<Group>,
    consumer: Box<dyn Consumer>,
}

impl Subscription {
    pub(super) fn new(group: Arc<Group>, consumer: Box<dyn Consumer>) -> Self {
        Self { group, consumer }
    }

    /// The group's name.
    #[must_use]
    pub fn group(&self) -> &str {
        self.group.name()
    }

    /// What says whether the group can work.
    #[must_use]
    pub fn state(&self) -> GroupState {
        GroupState(Arc::clone(&self.group))
    }

    /// Takes no further record, lets handlers finish until `until`, stores positions and leaves the group. Says whether all
    /// handlers had finished; what had not is delivered again.
    pub async fn stop(self, until: Instant) -> bool {
        self.consumer.stop(until).await
    }
}

/// What can be asked of a group that consumes.
#[derive(Clone, Debug)]
pub struct GroupState(Arc<Group>);

impl GroupState {
    /// How many lanes wait for a dead letter, or a record for later, to be taken. They lose nothing, and handle nothing meanwhile.
    #[must_use]
    pub fn blocked(&self) -> usize {
        self.0.blocked.load(Ordering::Relaxed)
    }

    /// Why the brokers do not take this member, if they do not: what they say of its user, its password or its certificate. Where they
    /// only hang up on a member that they have never taken, it is what that may mean.
    #[must_use]
    pub fn refused(&self) -> Option<Arc<str>> {
        self.0.refusal.get()
    }

    /// How many partitions are assigned to this member.
    #[must_use]
    pub fn partitions(&self) -> usize {
        self.0.spots().len()
    }
}
