//! From what the domain knows to messages.

use crate::{domain, proto, repository::Page};

impl From<domain::User> for proto::User {
    fn from(user: domain::User) -> Self {
        Self {
            id: user.id.to_string(),
            name: user.profile.name.as_str().to_owned(),
            email: user.profile.email.as_str().to_owned(),
            etag: etag::of(user.version),
        }
    }
}

impl From<Page> for proto::ListUsersResponse {
    fn from(page: Page) -> Self {
        let next = page.next.map(|after| after.to_string());
        Self {
            users: page.users.into_iter().map(Into::into).collect(),
            next_page_token: next.unwrap_or_default(),
        }
    }
}

/// Versions of users as texts that callers send back.
pub(super) mod etag {
    use crate::domain::{Expected, Version};

    /// The text of a version.
    pub(in crate::api) fn of(version: Version) -> String {
        version.to_string()
    }

    /// The versions that `etag` asks for: any if it is empty, and none if it was never given.
    pub(in crate::api) fn expected(etag: &str) -> Expected {
        if etag.is_empty() {
            return Expected::Any;
        }
        let version = etag.parse().ok().map(Version::new);
        // To the letter: `01` was never given.
        let version = version.filter(|version| of(*version) == etag);
        Expected::OneOf(version.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::etag::{expected, of};
    use crate::domain::{Expected, Version};

    #[test]
    fn reads_the_etags_it_gives() {
        let version = Version::new(17);
        assert_eq!(expected(&of(version)), Expected::OneOf(vec![version]));
        assert_eq!(expected(""), Expected::Any);
    }

    #[test]
    fn reads_no_other_etags() {
        for etag in ["01", "+1", " 1", "\"1\"", "one", "*"] {
            assert_eq!(expected(etag), Expected::OneOf(Vec::new()), "{etag}");
        }
    }
}
