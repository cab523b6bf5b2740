//! The forms that the data of events have, and what a record calls them.

/// The form of an event's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// JSON.
    Json,
    /// A message of Protocol Buffers, which events have by the feature `event-protobuf`.
    Protobuf,
}

impl Format {
    /// The content type that is written.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Protobuf => "application/protobuf",
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::Protobuf => "Protocol Buffers",
        }
    }

    /// The form that `content_type` names, if it is one of these. What says nothing is JSON.
    pub(super) fn of(content_type: Option<&str>) -> Option<Self> {
        let Some(content_type) = content_type else {
            return Some(Self::Json);
        };
        let kind = media_type(content_type);
        let is = |names: &[&str]| names.iter().any(|name| kind.eq_ignore_ascii_case(name));
        if is(&["application/json", "text/json"]) || has_suffix(kind, "+json") {
            Some(Self::Json)
        } else if is(PROTOBUF) {
            Some(Self::Protobuf)
        } else {
            None
        }
    }
}

/// What others call it: there was no registered name for long.
const PROTOBUF: &[&str] = &[
    "application/protobuf",
    "application/x-protobuf",
    "application/vnd.google.protobuf",
];

/// The type without its parameters.
pub(super) fn media_type(text: &str) -> &str {
    text.split(';').next().unwrap_or_default().trim()
}

fn has_suffix(kind: &str, suffix: &str) -> bool {
    let end = kind.len().checked_sub(suffix.len());
    let end = end.and_then(|at| kind.get(at..));
    end.is_some_and(|end| end.eq_ignore_ascii_case(suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_told_by_its_content_type() {
        for (text, format) in [
            ("application/json", Some(Format::Json)),
            ("Application/JSON; charset=utf-8", Some(Format::Json)),
            ("text/json", Some(Format::Json)),
            ("application/vnd.shop+json", Some(Format::Json)),
            ("application/protobuf", Some(Format::Protobuf)),
            ("application/x-protobuf; proto=a.B", Some(Format::Protobuf)),
            ("application/xml", None),
            ("+jso\u{17f}", None),
            ("", None),
        ] {
            assert_eq!(Format::of(Some(text)), format, "{text}");
        }
        assert_eq!(Format::of(None), Some(Format::Json));
        for format in [Format::Json, Format::Protobuf] {
            assert_eq!(Format::of(Some(format.content_type())), Some(format));
        }
    }
}
