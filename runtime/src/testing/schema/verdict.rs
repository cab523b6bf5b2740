//! The judge of changes: a pure function of two schemas. It knows nothing of files.

use std::fmt;

use serde_json::Value;

use super::{
    difference::{Difference, What},
    inclusion::Inclusion,
};

/// A change that somebody cannot follow. It says where, what, and whom it hurts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Break {
    difference: Difference,
    between: Between,
}

/// Who writes, and who reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Between {
    OldEventsAndNewReaders,
    NewEventsAndOldReaders,
    PublishedAndHere,
}

impl Between {
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::OldEventsAndNewReaders => ("old events", "new readers"),
            Self::NewEventsAndOldReaders => ("new events", "old readers"),
            Self::PublishedAndHere => ("published events", "readers here"),
        }
    }
}

impl Break {
    /// The field, such as `lines[].price`; empty for the data as a whole.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.difference.path
    }
}

impl fmt::Display for Break {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (written, read) = self.between.words();
        match self.path() {
            "" => formatter.write_str("the data: ")?,
            path => write!(formatter, "`{path}`: ")?,
        }
        match &self.difference.what {
            What::Missing => {
                write!(formatter, "{read} require it, and {written} may lack it")?;
                if self.between != Between::NewEventsAndOldReaders {
                    formatter.write_str("; make it an `Option` or give it `#[serde(default)]`")?;
                }
                Ok(())
            }
            What::Gone => formatter.write_str(
                "it is gone, and its name could come back with another meaning; keep it, if need be unused",
            ),
            What::Refused => write!(
                formatter,
                "{written} may have it, and {read} refuse what they do not know"
            ),
            What::Unlike {
                written: there,
                read: taken,
            } => write!(formatter, "{written} may have {there}, and {read} take {taken}"),
        }
    }
}

/// What hurts if the events of one type and version are no longer as the schema `recorded` says, but as `now` says: see
/// [the rule](super).
///
/// ```
/// use marty_runtime::testing::schema::breaks;
/// use serde_json::json;
///
/// let recorded = json!({ "type": "object", "properties": { "id": { "type": "string" } }, "required": ["id"] });
/// let mut now = recorded.clone();
/// now["properties"]["note"] = json!({ "type": ["string", "null"] });
/// assert!(breaks(&recorded, &now).is_empty());
///
/// now["required"] = json!(["id", "note"]);
/// let said: Vec<String> = breaks(&recorded, &now).iter().map(ToString::to_string).collect();
/// assert_eq!(
///     said,
///     ["`note`: new readers require it, and old events may lack it; make it an `Option` or give it `#[serde(default)]`"]
/// );
/// ```
#[must_use]
pub fn breaks(recorded: &Value, now: &Value) -> Vec<Break> {
    let mut found = compare(recorded, now, true, Between::OldEventsAndNewReaders);
    let back = compare(now, recorded, false, Between::NewEventsAndOldReaders);
    found.extend(back);
    found
}

/// Why somebody who reads by the schema `here` cannot read all events that are published by the schema `published`. Who reads
/// may know fewer fields.
#[must_use]
pub fn unreadable(published: &Value, here: &Value) -> Vec<Break> {
    compare(published, here, false, Between::PublishedAndHere)
}

fn compare(written: &Value, read: &Value, keeps: bool, between: Between) -> Vec<Break> {
    let mut inclusion = Inclusion {
        written,
        read,
        keeps,
        begun: Vec::new(),
    };
    let mut breaks: Vec<Break> = Vec::new();
    for difference in inclusion.compare("", written, read) {
        let found = Break {
            difference,
            between,
        };
        if !breaks.contains(&found) {
            breaks.push(found);
        }
    }
    breaks
}
