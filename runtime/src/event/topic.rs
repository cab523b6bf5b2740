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
    pub fn is(self, name: &str) -> bool {
        let (pattern, of) = match self {
            Self::Service => ("service", None),
            Self::Domain(domain) => ("domain", Some(domain)),
            Self::Integration(system) => ("integration", Some(system)),
        };
        let mut parts = name.split('.');
        parts.next() == Some(pattern)
            && parts
                .next()
                .is_some_and(|part| of.is_none_or(|of| of == part))
            && parts.next() == Some("events")
            && parts.next().is_none()
    }
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
