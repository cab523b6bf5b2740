//! The directory in memory.

use std::{
    collections::BTreeMap,
    future,
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use marty_runtime::metric::Gauge;

use super::{Answer, Directory, Effect};
use crate::{
    domain::{Entry, UserId},
    metrics,
};

/// Keeps the directory in memory: for tests, and until there is a database. It is gone when the process ends.
#[derive(Debug)]
pub struct InMemoryDirectory {
    state: RwLock<State>,
}

impl Default for InMemoryDirectory {
    fn default() -> Self {
        Self {
            state: RwLock::new(State {
                users: BTreeMap::new(),
                known: metrics::DIRECTORY_USERS.get(&()),
            }),
        }
    }
}

impl InMemoryDirectory {
    // A change is one step, so a panic cannot leave half of one behind.
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Directory for InMemoryDirectory {
    fn enter(&self, id: UserId, entry: Entry) -> Answer<'_, Effect> {
        answer(self.write().enter(id, entry))
    }

    fn remove(&self, id: UserId) -> Answer<'_, Effect> {
        answer(self.write().remove(id))
    }

    fn find(&self, id: UserId) -> Answer<'_, Option<Entry>> {
        let entry = self.read().users.get(&id).cloned().flatten();
        answer(entry)
    }

    fn ping(&self) -> Answer<'_, ()> {
        answer(())
    }
}

fn answer<'a, T: Send + 'a>(value: T) -> Answer<'a, T> {
    Box::pin(future::ready(Ok(value)))
}

#[derive(Debug)]
struct State {
    /// Nothing is known of those who were taken out, but that.
    users: BTreeMap<UserId, Option<Entry>>,
    known: Gauge,
}

impl Drop for State {
    fn drop(&mut self) {
        for _ in self.users.values().flatten() {
            self.known.dec();
        }
    }
}

impl State {
    fn enter(&mut self, id: UserId, entry: Entry) -> Effect {
        match self.users.get(&id) {
            Some(None) => return Effect::Gone,
            Some(Some(known)) if known.version >= entry.version => return Effect::Stale,
            Some(Some(_)) => {}
            None => self.known.inc(),
        }
        self.users.insert(id, Some(entry));
        Effect::Changed
    }

    fn remove(&mut self, id: UserId) -> Effect {
        match self.users.insert(id, None) {
            Some(None) => return Effect::Gone,
            Some(Some(_)) => self.known.dec(),
            None => {}
        }
        Effect::Changed
    }
}

#[cfg(test)]
mod tests {
    use marty_runtime::event::Token;
    use uuid::Uuid;

    use super::*;
    use crate::domain::Version;

    fn entry(version: u64) -> Entry {
        Entry {
            version: Version::new(version).unwrap(),
            email: Token::parse("h1.k1.AAECAwQFBgcICQoLDA0ODw").unwrap(),
        }
    }

    fn state() -> State {
        State {
            users: BTreeMap::new(),
            known: metrics::DIRECTORY_USERS.get(&()),
        }
    }

    #[test]
    fn an_older_state_of_a_user_changes_nothing() {
        let (mut state, ada) = (state(), UserId::from(Uuid::now_v7()));
        assert_eq!(state.enter(ada, entry(2)), Effect::Changed);
        assert_eq!(state.enter(ada, entry(2)), Effect::Stale);
        assert_eq!(state.enter(ada, entry(1)), Effect::Stale);
        assert_eq!(state.enter(ada, entry(3)), Effect::Changed);
        assert_eq!(state.users[&ada], Some(entry(3)));
    }

    #[test]
    fn whoever_was_taken_out_stays_out() {
        let mut state = state();
        let (ada, bob) = (Uuid::now_v7().into(), Uuid::now_v7().into());
        state.enter(ada, entry(1));
        for id in [ada, bob] {
            assert_eq!(state.remove(id), Effect::Changed);
            assert_eq!(state.remove(id), Effect::Gone);
            assert_eq!(state.enter(id, entry(9)), Effect::Gone);
            assert_eq!(state.users[&id], None);
        }
    }
}
