//! Which events a group has handled already, so that one that is delivered again has its effect once.

use std::{
    collections::{HashSet, VecDeque},
    fmt,
    future::Future,
    sync::{Mutex, PoisonError},
};

use super::{error::BoxError, transport::Boxed};
use crate::event::{EventId, Text};

/// Remembers which events a group has handled.
///
/// An effect and its being remembered are one only if both are in one transaction: a store that is asked before and told after
/// handling leaves the moment between the two, in which a crash has the event handled again.
pub trait Duplicates: Send + Sync + 'static {
    /// Whether `group` has handled the event that `source` calls `id`.
    ///
    /// # Errors
    ///
    /// If the store cannot say; the event is then tried again later.
    fn is_known(
        &self,
        group: &str,
        source: &Text,
        id: &EventId,
    ) -> impl Future<Output = Result<bool, BoxedError>> + Send;

    /// Remembers that `group` has handled it.
    ///
    /// # Errors
    ///
    /// If it cannot be remembered; the event is then handled again.
    fn remember(
        &self,
        group: &str,
        source: &Text,
        id: &EventId,
    ) -> impl Future<Output = Result<(), BoxedError>> + Send;
}

/// The error of a store.
pub type BoxedError = BoxError;

/// A store whose type is forgotten.
pub(super) trait AnyDuplicates: Send + Sync {
    fn is_known<'a>(
        &'a self,
        group: &'a str,
        source: &'a Text,
        id: &'a EventId,
    ) -> Boxed<'a, Result<bool, BoxError>>;

    fn remember<'a>(
        &'a self,
        group: &'a str,
        source: &'a Text,
        id: &'a EventId,
    ) -> Boxed<'a, Result<(), BoxError>>;
}

impl<D: Duplicates> AnyDuplicates for D {
    fn is_known<'a>(
        &'a self,
        group: &'a str,
        source: &'a Text,
        id: &'a EventId,
    ) -> Boxed<'a, Result<bool, BoxError>> {
        Box::pin(Duplicates::is_known(self, group, source, id))
    }

    fn remember<'a>(
        &'a self,
        group: &'a str,
        source: &'a Text,
        id: &'a EventId,
    ) -> Boxed<'a, Result<(), BoxError>> {
        Box::pin(Duplicates::remember(self, group, source, id))
    }
}

/// Remembers the last events in memory: for tests, and where what is handled twice after a restart does no harm.
pub struct RecentEvents {
    most: usize,
    known: Mutex<Known>,
}

type Entry = (Box<str>, Text, EventId);

#[derive(Default)]
struct Known {
    all: HashSet<Entry>,
    by_age: VecDeque<Entry>,
}

impl RecentEvents {
    /// Remembers the last `most` events.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            most,
            known: Mutex::default(),
        }
    }
}

impl Duplicates for RecentEvents {
    async fn is_known(&self, group: &str, source: &Text, id: &EventId) -> Result<bool, BoxError> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = (group.into(), source.clone(), id.clone());
        Ok(known.all.contains(&entry))
    }

    async fn remember(&self, group: &str, source: &Text, id: &EventId) -> Result<(), BoxError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let entry: Entry = (group.into(), source.clone(), id.clone());
        if known.all.insert(entry.clone()) {
            known.by_age.push_back(entry);
        }
        while known.by_age.len() > self.most {
            if let Some(oldest) = known.by_age.pop_front() {
                known.all.remove(&oldest);
            }
        }
        Ok(())
    }
}

impl fmt::Debug for RecentEvents {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RecentEvents")
            .field("most", &self.most)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn forgets_the_oldest_first_and_keeps_groups_apart() {
        let recent = RecentEvents::new(2);
        let ids: Vec<EventId> = (0..3).map(|_| EventId::generate()).collect();
        let source = Text::from("/a");
        for id in &ids {
            Duplicates::remember(&recent, "g", &source, id)
                .await
                .unwrap();
        }
        let mut known = Vec::new();
        for id in &ids {
            known.push(
                Duplicates::is_known(&recent, "g", &source, id)
                    .await
                    .unwrap(),
            );
        }
        assert_eq!(known, [false, true, true]);
        assert!(
            !Duplicates::is_known(&recent, "h", &source, &ids[2])
                .await
                .unwrap()
        );
    }
}
