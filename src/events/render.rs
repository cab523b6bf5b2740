//! Letters in the forms in which they are shown. `docs/schema/letters.schema.json` describes the one for programs.

use std::fmt::Write as _;
use std::time::SystemTime;

use marty_runtime::event::decode;
use marty_runtime::names::header;
use serde::Serialize;
use serde_json::Value;

use super::letter::Letter;
use super::mask;

/// What a command has found or done.
#[derive(Debug, Serialize)]
pub struct Report {
    schema: u32,
    action: &'static str,
    dry_run: bool,
    letters: Vec<Shown>,
}

/// A letter as it is shown.
#[derive(Debug, Serialize)]
pub struct Shown {
    topic: String,
    partition: i32,
    offset: i64,
    state: &'static str,
    /// Why nothing was done with it.
    left: Option<&'static str>,
    r#type: Option<String>,
    id: Option<String>,
    original: Original,
    group: Option<String>,
    error: Failure,
    attempts: Option<u32>,
    replays: u32,
    first_failure: Option<String>,
    last_failure: String,
    /// Only where all of it is asked for.
    contents: Option<Contents>,
}

#[derive(Debug, Serialize)]
struct Original {
    topic: Option<String>,
    partition: Option<i32>,
    offset: Option<i64>,
    time: Option<String>,
}

#[derive(Debug, Serialize)]
struct Failure {
    class: Option<String>,
    message: Option<String>,
}

#[derive(Debug, Serialize)]
struct Contents {
    key: Option<String>,
    headers: Vec<(String, Option<String>)>,
    data: Option<Value>,
    bytes: usize,
    /// Which data these are and how large, where they are none to show.
    #[serde(skip)]
    size: Option<String>,
}

fn rfc3339(time: SystemTime) -> String {
    humantime::format_rfc3339_millis(time).to_string()
}

impl Shown {
    /// What is said of `letter` in `topic`; with its contents, masked, if `whole`.
    #[must_use]
    pub fn of(topic: &str, letter: &Letter, left: Option<&'static str>, whole: bool) -> Self {
        let masked = |name| letter.text(name).map(|it| mask::text(it.as_bytes()));
        let number = |name| letter.text(name).and_then(|it| it.parse().ok());
        Self {
            topic: topic.to_owned(),
            partition: letter.partition,
            offset: letter.offset,
            state: letter.state.as_str(),
            left,
            r#type: letter.event_type(),
            id: letter.event_id().map(|it| mask::text(it.as_bytes())),
            original: Original {
                topic: letter.topic().map(str::to_owned),
                partition: letter
                    .text(header::DLQ_PARTITION)
                    .and_then(|it| it.parse().ok()),
                offset: letter
                    .text(header::DLQ_OFFSET)
                    .and_then(|it| it.parse().ok()),
                time: letter.time(header::DLQ_TIMESTAMP).map(rfc3339),
            },
            group: letter.group().map(str::to_owned),
            error: Failure {
                class: masked(header::DLQ_ERROR_CLASS),
                message: masked(header::DLQ_ERROR_MESSAGE),
            },
            attempts: number(header::DLQ_ATTEMPTS),
            replays: letter.replays(),
            first_failure: masked(header::DLQ_FIRST_FAILURE),
            last_failure: rfc3339(letter.last_failure()),
            contents: whole.then(|| Contents::of(letter)),
        }
    }

    fn line(&self) -> String {
        let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let mut line = format!(
            "{} {}/{}  {}  {} {}  {}",
            self.topic,
            self.partition,
            self.offset,
            self.state,
            text(&self.r#type),
            text(&self.id),
            text(&self.error.class),
        );
        if let Some(attempts) = self.attempts {
            let _ = write!(line, "  attempts {attempts}");
        }
        if self.replays > 0 {
            let _ = write!(line, "  replays {}", self.replays);
        }
        let _ = write!(line, "  {}", self.last_failure);
        if let Some(left) = self.left {
            let _ = write!(line, "  left: {left}");
        }
        line + "\n"
    }

    fn details(&self, out: &mut String) {
        let Some(contents) = &self.contents else {
            return;
        };
        if let Some(message) = &self.error.message {
            let _ = writeln!(out, "    error  {message}");
        }
        if let Some(key) = &contents.key {
            let _ = writeln!(out, "    key    {key}");
        }
        for (name, value) in &contents.headers {
            let _ = writeln!(
                out,
                "    header {name}: {}",
                value.as_deref().unwrap_or("-")
            );
        }
        let data = contents.data.as_ref().map(Value::to_string);
        let data = data.or_else(|| contents.size.clone()).unwrap_or_else(|| {
            let bytes = contents.bytes;
            format!("{bytes} bytes that are not shown: no JSON")
        });
        let _ = writeln!(out, "    data   {data}");
    }
}

impl Contents {
    fn of(letter: &Letter) -> Self {
        let record = &letter.record;
        let headers = record
            .headers()
            .map(|(name, value)| (name.to_owned(), value.map(mask::text)));
        let decoded = decode(record).ok();
        let data = match &decoded {
            Some(event) => mask::data_of(event),
            None => record.value().and_then(mask::data),
        };
        Self {
            key: record.key().map(mask::text),
            headers: headers.collect(),
            data,
            bytes: record.value().map_or(0, <[u8]>::len),
            size: decoded.as_ref().and_then(mask::size_of),
        }
    }
}

impl Report {
    /// A report on `letters`.
    #[must_use]
    pub const fn new(action: &'static str, dry_run: bool, letters: Vec<Shown>) -> Self {
        Self {
            schema: 1,
            action,
            dry_run,
            letters,
        }
    }

    /// Whether there is a letter with which nothing was done.
    #[must_use]
    pub fn has_left(&self) -> bool {
        self.letters.iter().any(|letter| letter.left.is_some())
    }

    /// How many letters there are with which something was or would be done.
    #[must_use]
    pub fn done(&self) -> usize {
        self.letters.iter().filter(|it| it.left.is_none()).count()
    }

    /// A line a letter, and what is in it below, where that is asked for.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        for letter in &self.letters {
            out += &letter.line();
            letter.details(&mut out);
        }
        out
    }

    /// One JSON document.
    ///
    /// # Errors
    /// Never: everything in it has a form in JSON.
    pub fn json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }
}
