//! Records that were handed over one after the other, until each is answered.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

use super::{
    PublishError, Receipt,
    broker::Broker,
    metrics::Route,
    transport::{Acknowledgement, Answered},
};

/// After so many records those that are answered by then are counted: what they take in memory is used again for the next.
const REAPED: usize = 64;

/// What was handed over to one route.
pub(super) struct Sending<'route> {
    route: &'route Route,
    transport: &'route dyn Broker,
    /// How long each may take.
    timeout: Duration,
    /// In their order, as they were handed over.
    open: VecDeque<(Instant, Acknowledgement)>,
    pushed: usize,
    receipts: Vec<Receipt>,
    refused: Option<PublishError>,
}

impl<'route> Sending<'route> {
    pub(super) const fn new(
        route: &'route Route,
        transport: &'route dyn Broker,
        timeout: Duration,
    ) -> Self {
        Self {
            route,
            transport,
            timeout,
            open: VecDeque::new(),
            pushed: 0,
            receipts: Vec::new(),
            refused: None,
        }
    }

    /// A record was handed over, which `begun` then.
    pub(super) fn push(&mut self, begun: Instant, acknowledgement: Acknowledgement) {
        self.open.push_back((begun, acknowledgement));
        self.pushed += 1;
        if self.pushed.is_multiple_of(REAPED) {
            self.reap();
        }
    }

    /// A record was not taken. What was handed over before it may be all the same.
    pub(super) fn refuse(&mut self, error: PublishError, took: Duration) {
        self.route.sent(Some(&error), took);
        self.refused.get_or_insert(error);
    }

    /// How many were handed over.
    pub(super) const fn count(&self) -> usize {
        self.pushed
    }

    /// Waits until each is answered.
    ///
    /// # Errors
    ///
    /// The first that one was refused with.
    pub(super) async fn finish(mut self) -> Result<Vec<Receipt>, PublishError> {
        // Once the last is acknowledged most others are: waiting for each in its turn would wake this task for each.
        let mut last = None;
        if let Some((begun, acknowledgement)) = self.open.pop_back() {
            let answered = acknowledgement.wait(begun + self.timeout).await;
            last = Some((begun, answered));
        }
        while let Some((begun, acknowledgement)) = self.open.pop_front() {
            let answered = acknowledgement.wait(begun + self.timeout).await;
            self.keep(begun, answered);
        }
        if let Some((begun, answered)) = last {
            self.keep(begun, answered);
        }
        self.refused.map_or(Ok(self.receipts), Err)
    }

    fn reap(&mut self) {
        while let Some((begun, acknowledgement)) = self.open.pop_front() {
            match acknowledgement.answered() {
                Ok(answered) => self.keep(begun, answered),
                Err(acknowledgement) => {
                    self.open.push_front((begun, acknowledgement));
                    break;
                }
            }
        }
    }

    fn keep(&mut self, begun: Instant, (answer, at): Answered) {
        let took = at.saturating_duration_since(begun);
        match self.transport.explained(answer) {
            Ok(receipt) => {
                self.route.sent(None, took);
                self.receipts.push(receipt);
            }
            Err(error) => self.refuse(error, took),
        }
    }
}
