//! Fields of spans and events as text for people, scrubbed.

use std::{
    error::Error,
    fmt::{self, Debug},
};

use tracing::field::{Field, Visit};
use tracing_subscriber::{
    field::RecordFields,
    fmt::{FormatFields, format::Writer},
};

use super::field::chain;
use crate::scrub;

/// Writes the message as it is and the fields after it as `name=value`.
pub(super) struct TextFields;

impl<'writer> FormatFields<'writer> for TextFields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut written = Written {
            writer,
            is_first: true,
            result: Ok(()),
        };
        fields.record(&mut written);
        written.result
    }
}

struct Written<'writer> {
    writer: Writer<'writer>,
    is_first: bool,
    result: fmt::Result,
}

impl Written<'_> {
    fn write(&mut self, field: &Field, shown: &str) {
        let separator = if self.is_first { "" } else { " " };
        self.is_first = false;
        let name = match field.name() {
            "message" => String::new(),
            name => format!("{}=", name.trim_start_matches("r#")),
        };
        let shown = Printable(shown);
        self.result = self
            .result
            .and_then(|()| write!(self.writer, "{separator}{name}{shown}"));
    }

    fn write_number(&mut self, field: &Field, size: u64, value: &dyn fmt::Display) {
        match scrub::of_number(field.name(), size) {
            Some(kind) => self.write(field, kind.mark()),
            None => self.write(field, &value.to_string()),
        }
    }
}

impl Visit for Written<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        let value = scrub::field(field.name(), value);
        if field.name() == "message" {
            self.write(field, &value);
        } else {
            self.write(field, &format!("{value:?}"));
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.write(field, &value.to_string());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.write_number(field, value.unsigned_abs(), &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.write_number(field, value, &value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.write(field, &scrub::field(field.name(), &chain(value)));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.write(field, &scrub::field(field.name(), &format!("{value:?}")));
    }
}

/// A text whose control characters do nothing to a terminal.
struct Printable<'a>(&'a str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let acts = |character: char| character.is_control() && !matches!(character, '\n' | '\t');
        for part in self.0.split_inclusive(acts) {
            match part.chars().next_back().filter(|last| acts(*last)) {
                Some(last) => {
                    let quiet = part.strip_suffix(last).unwrap_or(part);
                    write!(formatter, "{quiet}{}", last.escape_default())?;
                }
                None => formatter.write_str(part)?,
            }
        }
        Ok(())
    }
}
