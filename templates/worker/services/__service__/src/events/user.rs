//! What is told of users.

use marty_runtime::event::{Event, Pii};

use crate::domain::UserId;

/// There is a new user.
#[derive(Debug, Event)]
#[event(type = "user.created", version = 1, topic = domain("user"), key = user_id)]
pub struct UserCreated {
    /// Whom it is about.
    pub user_id: UserId,
    /// Which state the user is in: 1 for a new one.
    pub version: u64,
    /// Where the user is written to; here it is a token.
    #[pii(hash)]
    pub email: Pii<String>,
}

/// A user has another name or e-mail address.
#[derive(Debug, Event)]
#[event(type = "user.updated", version = 1, topic = domain("user"), key = user_id)]
pub struct UserUpdated {
    /// Whom it is about.
    pub user_id: UserId,
    /// Which state the user is in.
    pub version: u64,
    /// Where the user is written to; here it is a token.
    #[pii(hash)]
    pub email: Pii<String>,
}

/// A user is gone.
#[derive(Debug, Event)]
#[event(type = "user.deleted", version = 1, topic = domain("user"), key = user_id)]
pub struct UserDeleted {
    /// Whom it is about.
    pub user_id: UserId,
}

#[cfg(test)]
mod tests {
    use marty_runtime::testing::schema::assert_readable;
    use serde_json::Value;

    use super::*;

    const ADA: &str = "0190a5c3-0000-7000-8000-000000000000";

    /// Reads the example that who publishes the event writes.
    fn read<E: Event>(schema: &str) -> E {
        let schema: Value = serde_json::from_str(schema).unwrap();
        E::read(schema["examples"][0].to_string().as_bytes()).unwrap()
    }

    /// The schemas are copies of those of the service that publishes the events: a new one there is a new one here.
    #[test]
    fn reads_whatever_may_be_published() {
        assert_readable::<UserCreated>("events");
        assert_readable::<UserUpdated>("events");
        assert_readable::<UserDeleted>("events");
    }

    #[test]
    fn reads_what_is_published() {
        let created: UserCreated = read(include_str!("../../events/user.created.v1.json"));
        assert_eq!(created.user_id.to_string(), ADA);
        assert_eq!(created.version, 1);
        let updated: UserUpdated = read(include_str!("../../events/user.updated.v1.json"));
        assert_eq!((updated.user_id, updated.version), (created.user_id, 2));
        let deleted: UserDeleted = read(include_str!("../../events/user.deleted.v1.json"));
        assert_eq!(deleted.user_id, created.user_id);
    }

    #[test]
    fn an_address_is_a_token_that_tells_nothing() {
        let created: UserCreated = read(include_str!("../../events/user.created.v1.json"));
        let token = created.email.token().unwrap();
        assert!(!token.is_sealed());
        assert_eq!(created.email.expose(), None);
    }
}
