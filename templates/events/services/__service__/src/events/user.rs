//! The events of users.
//!
//! Each has its schema in the folder `events`, with an example: that is what others may rely on, and tests hold the events to it. Fields
//! are added, such as an `Option`, and what is there stays. Whatever else changes is another version of the event.

use marty_runtime::event::{Event, EventKey, Pii};

use crate::domain::{User, UserId};

/// There is a new user.
#[derive(Debug, Event)]
#[event(type = "user.created", version = 1, topic = domain("user"), key = user_id)]
pub struct UserCreated {
    /// Whom it is about.
    #[schemars(with = "uuid::Uuid")]
    pub user_id: UserId,
    /// Which state the user is in: 1 for a new one.
    pub version: u64,
    /// What the user is called. Who has the key can open it.
    #[pii(seal)]
    pub name: Pii<String>,
    /// Where the user is written to. The same address is the same token, and nobody gets the address from it.
    #[pii(hash)]
    pub email: Pii<String>,
}

/// A user has another name or e-mail address.
#[derive(Debug, Event)]
#[event(type = "user.updated", version = 1, topic = domain("user"), key = user_id)]
pub struct UserUpdated {
    /// Whom it is about.
    #[schemars(with = "uuid::Uuid")]
    pub user_id: UserId,
    /// Which state the user is in.
    pub version: u64,
    /// What the user is called. Who has the key can open it.
    #[pii(seal)]
    pub name: Pii<String>,
    /// Where the user is written to. The same address is the same token, and nobody gets the address from it.
    #[pii(hash)]
    pub email: Pii<String>,
}

/// A user is gone.
#[derive(Debug, Event)]
#[event(type = "user.deleted", version = 1, topic = domain("user"), key = user_id)]
pub struct UserDeleted {
    /// Whom it is about.
    #[schemars(with = "uuid::Uuid")]
    pub user_id: UserId,
}

/// Events of one user keep their order.
impl EventKey for UserId {
    fn write_key(&self, key: &mut Vec<u8>) {
        self.to_string().write_key(key);
    }
}

impl From<&User> for UserCreated {
    fn from(user: &User) -> Self {
        let (name, email) = personal(user);
        Self {
            user_id: user.id,
            version: user.version.number(),
            name,
            email,
        }
    }
}

impl From<&User> for UserUpdated {
    fn from(user: &User) -> Self {
        let (name, email) = personal(user);
        Self {
            user_id: user.id,
            version: user.version.number(),
            name,
            email,
        }
    }
}

fn personal(user: &User) -> (Pii<String>, Pii<String>) {
    let profile = &user.profile;
    let take = |text: &str| Pii::new(text.to_owned());
    (take(profile.name.as_str()), take(profile.email.as_str()))
}

#[cfg(test)]
mod tests {
    use marty_runtime::event::{Attributes, Keyring, encode};
    use serde_json::Value;

    use super::*;
    use crate::domain::{Profile, Version};

    /// The key that the examples were written with.
    const KEY: &str = "example:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    const ADA: &str = "\"0190a5c3-0000-7000-8000-000000000000\"";

    fn ada(version: u64, name: &str) -> User {
        User {
            id: serde_json::from_str(ADA).unwrap(),
            version: Version::new(version),
            profile: Profile {
                name: name.parse().unwrap(),
                email: "ada@example.com".parse().unwrap(),
            },
        }
    }

    /// The event's data are those of the example.
    #[track_caller]
    fn check<E: Event>(event: &E, schema: &str) {
        let keys = Keyring::parse(KEY).unwrap();
        let record = encode(event, &Attributes::new("/users"), &keys).unwrap();
        let data: Value = serde_json::from_slice(record.value().unwrap()).unwrap();
        let schema: Value = serde_json::from_str(schema).unwrap();
        assert_eq!(data, schema["examples"][0]);
    }

    #[test]
    fn what_is_published_is_what_the_examples_show() {
        let created = UserCreated::from(&ada(1, "Ada"));
        check(&created, include_str!("../../events/user.created.v1.json"));
        let updated = UserUpdated::from(&ada(2, "Ada King"));
        check(&updated, include_str!("../../events/user.updated.v1.json"));
        let user_id = created.user_id;
        let deleted = UserDeleted { user_id };
        check(&deleted, include_str!("../../events/user.deleted.v1.json"));
    }
}
