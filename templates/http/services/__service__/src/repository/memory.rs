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
    domain::{Email, Profile, User, UserId, Version},
    metrics,
};

/// Keeps users in memory: for tests, and until there is a database. They are gone when the process ends.
#[derive(Debug)]
pub struct InMemoryUsers {
    state: RwLock<State>,
}

impl Default for InMemoryUsers {
    fn default() -> Self {
        let state = State {
            users: BTreeMap::new(),
            ids: HashMap::new(),
            stored: metrics::USERS_STORED.get(&()),
        };
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
    fn insert(&self, user: User) -> Answer<'_, ()> {
        answer(self.write().insert(user))
    }

    fn find(&self, id: UserId) -> Answer<'_, User> {
        let user = self.read().users.get(&id).cloned();
        answer(user.ok_or(RepositoryError::NotFound(id)))
    }

    fn list(&self, after: Option<UserId>, size: PageSize) -> Answer<'_, Page> {
        answer(Ok(self.read().list(after, size)))
    }

    fn replace(&self, id: UserId, profile: Profile, expected: Option<Version>) -> Answer<'_, User> {
        answer(self.write().replace(id, profile, expected))
    }

    fn remove(&self, id: UserId, expected: Option<Version>) -> Answer<'_, ()> {
        answer(self.write().remove(id, expected))
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

impl State {
    fn insert(&mut self, user: User) -> Result<(), RepositoryError> {
        self.require_free(&user.profile.email, user.id)?;
        self.ids.insert(user.profile.email.clone(), user.id);
        self.users.insert(user.id, user);
        self.stored.inc();
        Ok(())
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
        expected: Option<Version>,
    ) -> Result<User, RepositoryError> {
        let mut user = self.current(id, expected)?.clone();
        self.require_free(&profile.email, id)?;
        self.ids.remove(&user.profile.email);
        self.ids.insert(profile.email.clone(), id);
        user.replace(profile);
        self.users.insert(id, user.clone());
        Ok(user)
    }

    fn remove(&mut self, id: UserId, expected: Option<Version>) -> Result<(), RepositoryError> {
        let email = self.current(id, expected)?.profile.email.clone();
        self.ids.remove(&email);
        self.users.remove(&id);
        self.stored.dec();
        Ok(())
    }

    /// The user, if it is of the expected version.
    fn current(&self, id: UserId, expected: Option<Version>) -> Result<&User, RepositoryError> {
        let user = self.users.get(&id).ok_or(RepositoryError::NotFound(id))?;
        match expected {
            Some(version) if version != user.version => Err(RepositoryError::VersionMismatch {
                current: user.version,
            }),
            _ => Ok(user),
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
    use super::*;

    fn profile(email: &str) -> Profile {
        Profile {
            name: "Ada".parse().unwrap(),
            email: email.parse().unwrap(),
        }
    }

    async fn insert(users: &InMemoryUsers, email: &str) -> User {
        let user = User::new(profile(email));
        users.insert(user.clone()).await.unwrap();
        user
    }

    #[tokio::test]
    async fn frees_the_address_of_a_user_that_is_removed_or_gets_another() {
        let users = InMemoryUsers::default();
        let ada = insert(&users, "ada@example.com").await;
        users
            .replace(ada.id, profile("countess@example.com"), None)
            .await
            .unwrap();
        let second = insert(&users, "ada@example.com").await;
        users.remove(second.id, None).await.unwrap();
        insert(&users, "ada@example.com").await;
    }

    #[tokio::test]
    async fn changes_nothing_when_an_address_is_taken() {
        let users = InMemoryUsers::default();
        insert(&users, "ada@example.com").await;
        let bob = insert(&users, "bob@example.com").await;
        let refused = users
            .replace(bob.id, profile("ada@example.com"), None)
            .await;
        assert!(matches!(refused, Err(RepositoryError::EmailTaken)));
        assert_eq!(users.find(bob.id).await.unwrap(), bob);
    }

    #[tokio::test]
    async fn lets_a_user_keep_the_address() {
        let users = InMemoryUsers::default();
        let ada = insert(&users, "ada@example.com").await;
        let changed = users
            .replace(ada.id, ada.profile.clone(), None)
            .await
            .unwrap();
        assert_eq!(changed.version, Version::new(2));
    }

    #[tokio::test]
    async fn makes_one_of_two_changes_that_start_from_the_same_version() {
        let users = InMemoryUsers::default();
        let ada = insert(&users, "ada@example.com").await;
        let seen = Some(ada.version);
        users
            .replace(ada.id, profile("first@example.com"), seen)
            .await
            .unwrap();
        let current = Version::new(2);
        for refused in [
            users
                .replace(ada.id, profile("second@example.com"), seen)
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
