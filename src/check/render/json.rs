//! For programs: `docs/schema/findings.schema.json` describes it.

use serde::Serialize;

use super::position::Position;
use crate::check::finding::Finding;
use crate::model::source::Span;
use crate::project::contents::Contents;

/// The version of the format.
const SCHEMA: u32 = 1;

#[derive(Debug, Serialize)]
struct Report<'a> {
    schema: u32,
    files: usize,
    findings: Vec<Entry<'a>>,
}

#[derive(Debug, Serialize)]
struct Entry<'a> {
    rule: &'a str,
    message: &'a str,
    place: Place<'a>,
    related: Option<Related<'a>>,
    help: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct Related<'a> {
    message: &'a str,
    place: Place<'a>,
}

#[derive(Debug, Serialize)]
struct Place<'a> {
    path: &'a str,
    start: Position,
    end: Position,
    bytes: [usize; 2],
}

/// The findings as one JSON document.
///
/// # Errors
/// Never: everything in it has a form in JSON.
pub fn json(findings: &[Finding], contents: &Contents) -> Result<String, serde_json::Error> {
    let entries = findings.iter().map(|finding| Entry {
        rule: finding.rule,
        message: &finding.message,
        place: place(&finding.path, &finding.span, contents),
        related: finding.related.as_ref().map(|related| Related {
            message: &related.label,
            place: place(&related.path, &related.span, contents),
        }),
        help: finding.help.as_deref(),
    });
    let report = Report {
        schema: SCHEMA,
        files: contents.files.len(),
        findings: entries.collect(),
    };
    Ok(serde_json::to_string_pretty(&report)? + "\n")
}

fn place<'a>(path: &'a str, span: &Span, contents: &Contents) -> Place<'a> {
    let file = contents.file(path);
    let text = file.map_or("", |file| file.source.text.as_str());
    Place {
        path,
        start: Position::of(text, span.start),
        end: Position::of(text, span.end),
        bytes: [span.start, span.end],
    }
}
