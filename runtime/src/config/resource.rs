//! The attributes of the resource, as OpenTelemetry's variables have them.

use std::fmt;

use super::{Setting, percent::decoded};

/// Attributes that tell who sends telemetry, in the form of `OTEL_RESOURCE_ATTRIBUTES`: `key=value,key=value`, where values may
/// have `%` and two hexadecimal digits for a byte.
///
/// ```
/// use marty_runtime::config::{ResourceAttributes, Setting};
///
/// let attributes = ResourceAttributes::parse("team=payments,region=eu%2Cwest").unwrap_or_default();
/// assert_eq!(attributes.get("region"), Some("eu,west"));
/// assert_eq!(attributes.iter().count(), 2);
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ResourceAttributes(Vec<(String, String)>);

impl ResourceAttributes {
    /// The value of the attribute `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().rfind(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Every attribute, in the order in which they were written.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

impl Setting for ResourceAttributes {
    const ACCEPTED: &'static str =
        "attributes such as `team=payments,region=eu`, with `%2C` for a comma in a value";

    fn parse(text: &str) -> Option<Self> {
        let pairs = text
            .split(',')
            .map(str::trim)
            .filter(|pair| !pair.is_empty());
        let attribute = |pair: &str| {
            let (key, value) = pair.split_once('=')?;
            let key = decoded(key.trim())?;
            (!key.is_empty()).then_some((key, decoded(value.trim())?))
        };
        pairs.map(attribute).collect::<Option<_>>().map(Self)
    }

    fn text(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl fmt::Display for ResourceAttributes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (key, value)) in self.0.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            let value = value.replace('%', "%25").replace(',', "%2C");
            write!(formatter, "{comma}{key}={value}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for ResourceAttributes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_what_it_reads() {
        for text in ["", "a=b", "a=b,c=d%2Ce", "a=50%25"] {
            assert_eq!(ResourceAttributes::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn refuses_what_has_no_key_or_is_escaped_badly() {
        for text in ["a", "=b", "a=%2", "a=%zz", "a=%+f", "a=%ff"] {
            assert!(ResourceAttributes::parse(text).is_none(), "{text}");
        }
    }
}
