//! Users in memory.

use std::{
    collections::{BTreeMap, HashMap},
    future,
    ops::Bound,
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use marty_runtime::metric::Gauge;

use super::{Answer, Page, PageSize, RepositoryError, UserRepository};
use crate::{
    domain::{Email, Expected, Profile, User, UserId},
    metrics,
};

/// Keeps users in memory: for tests, and until there is a database. They are gone when the process ends.
#[derive(Debug)]
pub struct InMemoryUsers {
    state: RwLock<State>,
}

impl Default for InMemoryUsers {
    fn default() -> Self {
        let state = State::counted_by(metrics::USERS_STORED.get(&()));
        Self {
            state: RwLock::new(state),
        }
    }
}

impl InMemoryUsers {
    // A change is checked in full before it is begun, so a panic cannot leave half of one behind.
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl UserRepository for InMemoryUsers {
    fn insert(&self, profile: Profile) -> Answer<'_, User> {
        answer(self.write().insert(profile))
    }

    fn find(&self, id: UserId) -> Answer<'_, User> {
        let user = self.read().users.get(&id).cloned();
        answer(user.ok_or(RepositoryError::NotFound(id)))
    }

    fn list(&self, after: Option<UserId>, size: PageSize) -> Answer<'_, Page> {
        answer(Ok(self.read().list(after, size)))
    }

    fn replace(&self, id: UserId, profile: Profile, expected: Expected) -> Answer<'_, User> {
        answer(self.write().replace(id, profile, &expected))
    }

    fn remove(&self, id: UserId, expected: Expected) -> Answer<'_, ()> {
        answer(self.write().remove(id, &expected))
    }

    fn ping(&self) -> Answer<'_, ()> {
        answer(Ok(()))
    }
}

fn answer<'a, T: Send + 'a>(result: Result<T, RepositoryError>) -> Answer<'a, T> {
    Box::pin(future::ready(result))
}

#[derive(Debug)]
struct State {
    users: BTreeMap<UserId, User>,
    /// Whose each e-mail address is.
    ids: HashMap<Email, UserId>,
    stored: Gauge,
}

impl Drop for State {
    fn drop(&mut self) {
        for _ in self.users.keys() {
            self.stored.dec();
        }
    }
}

impl State {
    /// Nobody yet. Whoever comes and goes is counted by `stored`.
    fn counted_by(stored: Gauge) -> Self {
        Self {
            users: BTreeMap::new(),
            ids: HashMap::new(),
            stored,
        }
    }

    fn insert(&mut self, profile: Profile) -> Result<User, RepositoryError> {
        // The id is made here, where nobody else can insert: ids appear in their order.
        let user = User::new(profile);
        self.require_free(&user.profile.email, user.id)?;
        self.ids.insert(user.profile.email.clone(), user.id);
        self.users.insert(user.id, user.clone());
        self.stored.inc();
        Ok(user)
    }

    fn list(&self, after: Option<UserId>, size: PageSize) -> Page {
        let begin = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut rest = self.users.range((begin, Bound::Unbounded));
        let users: Vec<User> = rest
            .by_ref()
            .take(size.get())
            .map(|(_, user)| user.clone())
            .collect();
        let next = rest.next().and(users.last()).map(|user| user.id);
        Page { users, next }
    }

    fn replace(
        &mut self,
        id: UserId,
        profile: Profile,
        expected: &Expected,
    ) -> Result<User, RepositoryError> {
        let mut user = self.current(id, expected)?.clone();
        self.require_free(&profile.email, id)?;
        self.ids.remove(&user.profile.email);
        self.ids.insert(profile.email.clone(), id);
        user.replace(profile);
        self.users.insert(id, user.clone());
        Ok(user)
    }

    fn remove(&mut self, id: UserId, expected: &Expected) -> Result<(), RepositoryError> {
        let email = self.current(id, expected)?.profile.email.clone();
        self.ids.remove(&email);
        self.users.remove(&id);
        self.stored.dec();
        Ok(())
    }

    /// The user, if it is of an expected version.
    fn current(&self, id: UserId, expected: &Expected) -> Result<&User, RepositoryError> {
        let user = self.users.get(&id).ok_or(RepositoryError::NotFound(id))?;
        if expected.includes(user.version) {
            Ok(user)
        } else {
            Err(RepositoryError::VersionMismatch {
                current: user.version,
            })
        }
    }

    fn require_free(&self, email: &Email, id: UserId) -> Result<(), RepositoryError> {
        match self.ids.get(email) {
            Some(owner) if *owner != id => Err(RepositoryError::EmailTaken),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::domain::Version;

    fn profile(email: &str) -> Profile {
        Profile {
            name: "Ada".parse().unwrap(),
            email: email.parse().unwrap(),
        }
    }

    async fn insert(users: &InMemoryUsers, email: &str) -> User {
        users.insert(profile(email)).await.unwrap()
    }

    #[tokio::test]
    async fn frees_the_address_of_a_user_that_is_removed_or_gets_another() {
        let users = InMemoryUsers::default();
        let ada = insert(&users, "ada@example.com").await;
        users
            .replace(ada.id, profile("countess@example.com"), Expected::Any)
            .await
            .unwrap();
        let second = insert(&users, "ada@example.com").await;
        users.remove(second.id, Expected::Any).await.unwrap();
        insert(&users, "ada@example.com").await;
    }

    #[tokio::test]
    async fn changes_nothing_when_an_address_is_taken() {
        let users = InMemoryUsers::default();
        insert(&users, "ada@example.com").await;
        let bob = insert(&users, "bob@example.com").await;
        let refused = users
            .replace(bob.id, profile("ada@example.com"), Expected::Any)
            .await;
        assert!(matches!(refused, Err(RepositoryError::EmailTaken)));
        assert_eq!(users.find(bob.id).await.unwrap(), bob);
    }

    #[tokio::test]
    async fn lets_a_user_keep_the_address() {
        let users = InMemoryUsers::default();
        let ada = insert(&users, "ada@example.com").await;
        let changed = users
            .replace(ada.id, ada.profile.clone(), Expected::Any)
            .await
            .unwrap();
        assert_eq!(changed.version, Version::new(2));
    }

    #[tokio::test]
    async fn makes_one_of_two_changes_that_start_from_the_same_version() {
        let users = InMemoryUsers::default();
        let ada = insert(&users, "ada@example.com").await;
        let seen = Expected::OneOf(vec![ada.version]);
        users
            .replace(ada.id, profile("first@example.com"), seen.clone())
            .await
            .unwrap();
        let current = Version::new(2);
        for refused in [
            users
                .replace(ada.id, profile("second@example.com"), seen.clone())
                .await
                .map(|_| ()),
            users.remove(ada.id, seen).await,
        ] {
            assert!(
                matches!(refused, Err(RepositoryError::VersionMismatch { current: now }) if now == current)
            );
        }
    }

    #[tokio::test]
    async fn makes_a_change_that_may_start_from_one_of_several_versions() {
        let users = InMemoryUsers::default();
        let ada = insert(&users, "ada@example.com").await;
        let several = Expected::OneOf(vec![Version::new(7), ada.version]);
        assert!(users.remove(ada.id, several).await.is_ok());
    }

    #[test]
    fn counts_nobody_any_more_when_it_is_gone() {
        let gauge = Gauge::default();
        let mut state = State::counted_by(gauge.clone());
        state.insert(profile("ada@example.com")).unwrap();
        assert_eq!(gauge.value().to_string(), "1");
        drop(state);
        assert_eq!(gauge.value().to_string(), "0");
    }

    #[test]
    fn hides_nobody_from_a_reader_who_goes_on_after_the_last_one_seen() {
        const WRITERS: usize = 4;
        const EACH: usize = 200;
        let users = InMemoryUsers::default();
        let write = &|writer: usize| {
            for number in 0..EACH {
                let address = format!("{writer}.{number}@example.com");
                users.write().insert(profile(&address)).unwrap();
            }
        };
        let seen = thread::scope(|scope| {
            let writers: Vec<_> = (0..WRITERS)
                .map(|writer| scope.spawn(move || write(writer)))
                .collect();
            let (mut seen, mut after) = (0, None);
            loop {
                let done = writers.iter().all(thread::ScopedJoinHandle::is_finished);
                let page = users.read().list(after, PageSize::LARGEST);
                seen += page.users.len();
                after = page.users.last().map(|user| user.id).or(after);
                if done {
                    return seen;
                }
            }
        });
        assert_eq!(seen, WRITERS * EACH);
    }

    #[tokio::test]
    async fn ends_a_list_exactly_at_its_last_user() {
        let users = InMemoryUsers::default();
        let first = insert(&users, "a@example.com").await;
        let second = insert(&users, "b@example.com").await;
        let size = PageSize::new(1).unwrap();
        let page = users.list(None, size).await.unwrap();
        assert_eq!(
            (page.users, page.next),
            (vec![first.clone()], Some(first.id))
        );
        let page = users.list(page.next, size).await.unwrap();
        assert_eq!((page.users, page.next), (vec![second], None));
    }
}
