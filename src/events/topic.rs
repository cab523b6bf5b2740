//! Topics: those that a project declares against those that exist.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::admin::{
    AdminOptions, NewTopic, OwnedResourceSpecifier, ResourceSpecifier, TopicReplication,
};
use serde::Serialize;

use super::broker::{Broker, PATIENCE};
use super::error::{EventsError, Kind};
use crate::project::topic::Declared;

/// The property that says how long a topic keeps its records, in milliseconds; less than 0 is for ever.
const RETENTION: &str = "retention.ms";

/// Milliseconds of an hour.
const HOUR: i64 = 3_600_000;

/// How declaration and broker agree on a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It exists as it is declared.
    AsDeclared,
    /// It exists, and something of it is not as declared.
    Differs,
    /// It does not exist.
    Missing,
    /// It did not exist, and does now.
    Created,
    /// It exists, and nobody declares it.
    Undeclared,
}

/// A topic that is declared, or exists, or both.
#[derive(Debug, Serialize)]
pub struct Found {
    /// Its name.
    pub name: String,
    /// How both agree.
    pub standing: Standing,
    declared: Option<Declared>,
    existing: Option<Existing>,
}

/// A topic as the broker has it.
#[derive(Debug, Serialize)]
struct Existing {
    partitions: usize,
    replication: usize,
    retention_ms: Option<i64>,
}

impl Found {
    /// Whether there is something to do about it.
    #[must_use]
    pub const fn is_finding(&self) -> bool {
        matches!(self.standing, Standing::Missing | Standing::Differs)
    }

    /// A line for people.
    #[must_use]
    pub fn text(&self) -> String {
        let standing = match self.standing {
            Standing::AsDeclared => "as declared",
            Standing::Differs => "differs",
            Standing::Missing => "missing",
            Standing::Created => "created",
            Standing::Undeclared => "undeclared",
        };
        let existing = self.existing.as_ref();
        let existing =
            existing.map(|it| shape(Some(it.partitions), Some(it.replication), it.retention_ms));
        let declared = self.declared.as_ref().map(|it| {
            let size = |size: Option<u16>| size.map(usize::from);
            shape(size(it.partitions), size(it.replication), retention(it))
        });
        let said = match (declared, existing) {
            (Some(declared), Some(existing)) if self.standing == Standing::Differs => {
                format!("{existing}; declared: {declared}")
            }
            (_, Some(existing)) => existing,
            (declared, None) => declared.unwrap_or_default(),
        };
        format!("{standing:<12} {}  {said}\n", self.name)
    }
}

fn shape(partitions: Option<usize>, replication: Option<usize>, retention: Option<i64>) -> String {
    let size = |size: Option<usize>| size.map_or_else(|| "default".to_owned(), |it| it.to_string());
    let kept = match retention {
        None => "default".to_owned(),
        Some(millis) if millis < 0 => "for ever".to_owned(),
        Some(millis) => {
            let time = Duration::from_millis(millis.unsigned_abs());
            humantime::format_duration(time).to_string()
        }
    };
    format!(
        "partitions {}, replication {}, retention {kept}",
        size(partitions),
        size(replication)
    )
}

fn retention(declared: &Declared) -> Option<i64> {
    declared
        .retention_hours
        .map(|hours| i64::from(hours) * HOUR)
}

/// Compares what is declared with what exists, by name.
///
/// # Errors
/// When the broker does not say how long it keeps records.
pub fn compare(broker: &Broker, declared: &[Declared]) -> Result<Vec<Found>, EventsError> {
    let mut found: Vec<Found> = Vec::new();
    let names: Vec<&str> = broker.topics().map(|topic| &*topic.name).collect();
    let kept = retentions(broker, &names)?;
    for topic in broker.topics() {
        let existing = Existing {
            partitions: topic.partitions.len(),
            replication: topic.replication,
            retention_ms: kept.get(&topic.name).copied(),
        };
        let declared = declared.iter().find(|it| it.name == topic.name).cloned();
        found.push(Found {
            name: topic.name.clone(),
            standing: standing(declared.as_ref(), &existing),
            declared,
            existing: Some(existing),
        });
    }
    let missing = declared.iter().filter(|it| !names.contains(&&*it.name));
    found.extend(missing.map(|declared| Found {
        name: declared.name.clone(),
        standing: Standing::Missing,
        declared: Some(declared.clone()),
        existing: None,
    }));
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

fn standing(declared: Option<&Declared>, existing: &Existing) -> Standing {
    let Some(declared) = declared else {
        return Standing::Undeclared;
    };
    let fits = |said: Option<u16>, is: usize| said.is_none_or(|said| usize::from(said) == is);
    let kept = retention(declared).is_none_or(|said| existing.retention_ms == Some(said));
    let sizes = fits(declared.partitions, existing.partitions)
        && fits(declared.replication, existing.replication);
    if sizes && kept {
        Standing::AsDeclared
    } else {
        Standing::Differs
    }
}

/// How long topics keep records, as far as the broker says so.
fn retentions(broker: &Broker, names: &[&str]) -> Result<BTreeMap<String, i64>, EventsError> {
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    let admin = broker.admin()?;
    let asked: Vec<_> = names
        .iter()
        .map(|name| ResourceSpecifier::Topic(name))
        .collect();
    let options = AdminOptions::new().request_timeout(Some(PATIENCE));
    let answers = wait(admin.describe_configs(&asked, &options))?;
    let answers = answers.map_err(Kind::Client)?.into_iter();
    let kept = answers.filter_map(|answer| {
        let answer = answer.ok()?;
        let millis = answer.get(RETENTION)?.value.as_ref()?.parse().ok()?;
        match answer.specifier {
            OwnedResourceSpecifier::Topic(name) => Some((name, millis)),
            _ => None,
        }
    });
    Ok(kept.collect())
}

/// Creates the topics that are missing, as they are declared. Of those that exist nothing is changed.
///
/// # Errors
/// When the broker refuses one; those before it stay created.
pub fn create(broker: &Broker, found: &mut [Found]) -> Result<(), EventsError> {
    let admin = broker.admin()?;
    let options = AdminOptions::new()
        .request_timeout(Some(PATIENCE))
        .operation_timeout(Some(PATIENCE));
    for topic in found
        .iter_mut()
        .filter(|it| it.standing == Standing::Missing)
    {
        let Some(declared) = &topic.declared else {
            continue;
        };
        let kept = retention(declared).map(|it| it.to_string());
        let size = |size: Option<u16>| size.map_or(-1, i32::from);
        let replication = TopicReplication::Fixed(size(declared.replication));
        let mut new = NewTopic::new(&declared.name, size(declared.partitions), replication);
        if let Some(kept) = &kept {
            new = new.set(RETENTION, kept);
        }
        let refused = |reason| Kind::Create {
            topic: topic.name.clone(),
            reason,
        };
        let results = wait(admin.create_topics([&new], &options))?;
        for result in results.map_err(|error| refused(error.to_string()))? {
            result.map_err(|(_, code)| refused(code.to_string()))?;
        }
        topic.standing = Standing::Created;
    }
    Ok(())
}

/// Waits for the client's own threads.
fn wait<T>(answer: impl Future<Output = T>) -> Result<T, EventsError> {
    let executor = tokio::runtime::Builder::new_current_thread().build();
    Ok(executor.map_err(Kind::Executor)?.block_on(answer))
}
