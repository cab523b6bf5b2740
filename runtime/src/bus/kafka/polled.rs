//! A producer with the thread that polls it, which neither stands still nor is waited for where the clock was set back.
//!
//! The client brings such a producer along, which is waited for without a bound as it ends. What is sent is no matter of this module.

use std::{
    io,
    ops::Deref,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use rdkafka::producer::{BaseProducer, Producer as _, ProducerContext, PurgeConfig};

use super::wall;

/// How long the thread that polls may take to end.
const LEAVING: Duration = Duration::from_secs(1);

/// How long a broker may take to answer what is asked to wake the client.
const WAKING: Duration = Duration::from_secs(1);

/// The producer, which is polled until this is dropped.
pub(super) struct Polled<C: ProducerContext + 'static> {
    client: Arc<BaseProducer<C>>,
    ends: Arc<AtomicBool>,
    /// Its other end goes with the thread that polls.
    polls: Mutex<mpsc::Receiver<()>>,
    /// Whoever looks at the clock does so as long as this is there.
    _clock: mpsc::Sender<()>,
}

impl<C: ProducerContext + 'static> Polled<C> {
    /// Polls `client`, and calls `turn` after each time.
    pub(super) fn begin(
        client: BaseProducer<C>,
        turn: impl Fn() + Send + 'static,
    ) -> io::Result<Self> {
        let (client, ends) = (Arc::new(client), Arc::new(AtomicBool::new(false)));
        let (polled, end) = (Arc::clone(&client), Arc::clone(&ends));
        let (ended, polls) = mpsc::channel::<()>();
        let poll = move || {
            let _ended = ended;
            while !end.load(Ordering::Relaxed) {
                polled.poll(Duration::from_millis(100));
                turn();
            }
        };
        let thread = thread::Builder::new().name("kafka-producer".to_owned());
        thread.spawn(poll)?;
        let woken = Arc::downgrade(&client);
        // The answer comes to the thread that does the client's work. The one that polls is woken by what there is for it.
        let wake = move || {
            let client = woken.upgrade();
            client.is_none_or(|it| it.client().fetch_metadata(None, WAKING).is_ok())
        };
        Ok(Self {
            client,
            ends,
            polls: Mutex::new(polls),
            _clock: wall::watch(wake),
        })
    }
}

impl<C: ProducerContext + 'static> Deref for Polled<C> {
    type Target = BaseProducer<C>;

    fn deref(&self) -> &BaseProducer<C> {
        &self.client
    }
}

impl<C: ProducerContext + 'static> Drop for Polled<C> {
    fn drop(&mut self) {
        // What was not flushed by now is given up: dropping must not take as long as a broker does to come back.
        self.client.purge(PurgeConfig::default().queue().inflight());
        self.client.poll(Duration::ZERO);
        self.ends.store(true, Ordering::Relaxed);
        // Where the clock was set back it polls for as long as that was, and is left to it.
        let polls = self.polls.get_mut().unwrap_or_else(PoisonError::into_inner);
        let _ = polls.recv_timeout(LEAVING);
    }
}
