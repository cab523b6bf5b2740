//! Events as they come.

use marty_runtime::event::decode;
use marty_runtime::names::header;
use rdkafka::Offset;
use serde::Serialize;
use serde_json::Value;

use super::broker::{Broker, Next, PATIENCE, Placed, next};
use super::error::EventsError;
use super::mask;

/// A record as it is shown: `docs/schema/event.schema.json` describes it.
#[derive(Debug, Serialize)]
pub struct Live {
    schema: u32,
    topic: String,
    partition: i32,
    offset: i64,
    time: String,
    key: Option<String>,
    r#type: Option<String>,
    id: Option<String>,
    source: Option<String>,
    subject: Option<String>,
    correlation_id: Option<String>,
    /// The group that it was put back for.
    replay_group: Option<String>,
    data: Option<Value>,
    /// Why it is no event, or has no data to show.
    unreadable: Option<String>,
    /// Which data these are and how large, where they are none to show and nothing is wrong with that.
    #[serde(skip)]
    size: Option<String>,
}

/// Hands what comes to `topic` to `show`, in both modes of `CloudEvents`, until that says that it is enough; from the topic's beginning
/// or from now on.
///
/// # Errors
/// When there is no such topic or it cannot be read, and those of `show`.
pub fn tail<E: From<EventsError>>(
    broker: &Broker,
    topic: &str,
    from_start: bool,
    mut show: impl FnMut(&Live) -> Result<bool, E>,
) -> Result<(), E> {
    let from = if from_start {
        Offset::Beginning
    } else {
        Offset::End
    };
    let consumer = broker.reader(topic, from)?;
    loop {
        if let Next::Record(placed) = next(&consumer, topic, PATIENCE)?
            && !show(&Live::of(topic, &placed))?
        {
            return Ok(());
        }
    }
}

impl Live {
    fn of(topic: &str, placed: &Placed) -> Self {
        let record = &placed.record;
        let masked = |name| record.header(name).map(mask::text);
        let mut live = Self {
            schema: 1,
            topic: topic.to_owned(),
            partition: placed.partition,
            offset: placed.offset,
            time: humantime::format_rfc3339_millis(record.time()).to_string(),
            key: record.key().map(mask::text),
            r#type: masked(header::CE_TYPE),
            id: masked(header::CE_ID),
            source: masked(header::CE_SOURCE),
            subject: masked(header::CE_SUBJECT),
            correlation_id: masked(header::CE_CORRELATIONID),
            replay_group: masked(header::REPLAY_GROUP),
            data: None,
            unreadable: None,
            size: None,
        };
        match decode(record) {
            Err(error) => live.unreadable = Some(error.to_string()),
            Ok(decoded) => {
                let attributes = decoded.attributes();
                let text = |text: &str| Some(mask::text(text.as_bytes()));
                live.r#type = Some(decoded.event_type().to_owned());
                live.id = text(&attributes.id.to_string());
                live.source = text(attributes.source.as_str());
                live.subject = attributes.subject.as_ref().and_then(|it| text(it.as_str()));
                live.correlation_id = text(attributes.correlation_id.as_str());
                live.time = humantime::format_rfc3339_millis(attributes.time).to_string();
                live.data = mask::data_of(&decoded);
                live.size = mask::size_of(&decoded);
                if live.data.is_none() {
                    let no_json = || "the data are no JSON".to_owned();
                    live.unreadable = Some(live.size.clone().unwrap_or_else(no_json));
                }
            }
        }
        live
    }

    /// A line for people, and one for the data.
    #[must_use]
    pub fn text(&self) -> String {
        let place = format!("{}/{}", self.partition, self.offset);
        let shown = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let mut line = format!(
            "{} {place} {} {}",
            self.time,
            shown(&self.r#type),
            shown(&self.id)
        );
        for (name, text) in [
            ("key", &self.key),
            ("subject", &self.subject),
            ("replayed for", &self.replay_group),
        ] {
            if let Some(text) = text {
                line = format!("{line}  {name} {text}");
            }
        }
        let data = self.data.as_ref().map(Value::to_string);
        let below = data.or_else(|| self.size.clone()).or_else(|| {
            let why = self.unreadable.as_ref();
            why.map(|why| format!("unreadable: {why}"))
        });
        format!("{line}\n    {}\n", below.unwrap_or_default())
    }

    /// One line of JSON.
    ///
    /// # Errors
    /// Never: everything in it has a form in JSON.
    pub fn json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self).map(|line| line + "\n")
    }
}
