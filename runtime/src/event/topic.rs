//! Topics: named by pattern, so that everybody finds them.

use std::{fmt, sync::Arc};

/// Where events go. The parts are separated by dots and hold no `_`, since Kafka's own metrics take `.` and `_` for the same.
///
/// ```
/// use marty_runtime::event::Topic;
///
/// assert_eq!(&*Topic::Domain("user").name("user-service"), "domain.user.events");
/// assert_eq!(&*Topic::Service.name("user-service"), "service.user-service.events");
/// assert!(Topic::Integration("stripe").is("integration.stripe.events"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// `service.{service}.events`: what one service tells of itself.
    Service,
    /// `domain.{domain}.events`: what happens in a domain, whichever service says so.
    Domain(&'static str),
    /// `integration.{system}.events`: what comes from, or goes to, a system of others.
    Integration(&'static str),
}

impl Topic {
    /// The topic's name, for `service`.
    #[must_use]
    pub fn name(self, service: &str) -> Arc<str> {
        match self {
            Self::Service => format!("service.{service}.events"),
            Self::Domain(domain) => format!("domain.{domain}.events"),
            Self::Integration(system) => format!("integration.{system}.events"),
        }
        .into()
    }

    /// Whether `name` is this topic's. Of [`Topic::Service`] any service's is.
    #[must_use]
    pub const fn is(self, name: &str) -> bool {
        let (pattern, of) = match self {
            Self::Service => ("service.", None),
            Self::Domain(domain) => ("domain.", Some(domain)),
            Self::Integration(system) => ("integration.", Some(system)),
        };
        let Some(rest) = without_prefix(name.as_bytes(), pattern.as_bytes()) else {
            return false;
        };
        match of {
            Some(of) => match without_prefix(rest, of.as_bytes()) {
                Some(rest) => are_equal(rest, b".events"),
                None => false,
            },
            None => is_part_and_events(rest),
        }
    }
}

// These are what `str` has, which may not be called while a constant is evaluated.

const fn are_equal(one: &[u8], other: &[u8]) -> bool {
    match without_prefix(one, other) {
        Some(rest) => rest.is_empty(),
        None => false,
    }
}

const fn without_prefix<'a>(mut text: &'a [u8], mut prefix: &[u8]) -> Option<&'a [u8]> {
    while let [first, rest @ ..] = prefix {
        match text {
            [letter, after @ ..] if *letter == *first => (text, prefix) = (after, rest),
            _ => return None,
        }
    }
    Some(text)
}

const fn is_part_and_events(mut rest: &[u8]) -> bool {
    let mut any = false;
    while let [letter, after @ ..] = rest {
        if *letter == b'.' {
            return any && are_equal(rest, b".events");
        }
        any = true;
        rest = after;
    }
    false
}

impl fmt::Display for Topic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name("{service}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_known_by_its_name() {
        assert!(Topic::Domain("user").is("domain.user.events"));
        assert!(!Topic::Domain("user").is("domain.users.events"));
        assert!(!Topic::Domain("user").is("domain.user.events.dlq"));
        assert!(!Topic::Domain("user").is("service.user.events"));
        assert!(Topic::Service.is("service.any.events"));
        assert!(!Topic::Service.is("service"));
        assert_eq!(Topic::Service.to_string(), "service.{service}.events");
    }
}
