//! Whether Prometheus can read the template of an alert's text: only what is certain is named.

use super::node::Text;
use super::source::Issue;

const KEYWORDS: &[&str] = &[
    "block", "break", "continue", "define", "else", "end", "false", "if", "nil", "range",
    "template", "true", "with",
];

/// The functions of Go's templates and those that Prometheus adds.
const FUNCTIONS: &[&str] = &[
    "and",
    "args",
    "call",
    "eq",
    "externalURL",
    "first",
    "ge",
    "graphLink",
    "gt",
    "html",
    "humanize",
    "humanize1024",
    "humanizeDuration",
    "humanizePercentage",
    "humanizeTimestamp",
    "index",
    "js",
    "label",
    "le",
    "len",
    "lt",
    "match",
    "ne",
    "not",
    "now",
    "or",
    "parseDuration",
    "pathPrefix",
    "print",
    "printf",
    "println",
    "query",
    "reReplaceAll",
    "safeHtml",
    "slice",
    "sortByLabel",
    "stripDomain",
    "stripPort",
    "strvalue",
    "tableLink",
    "title",
    "toDuration",
    "toLower",
    "toTime",
    "toUpper",
    "urlQueryEscape",
    "urlquery",
    "value",
];

/// What is wrong with a template, at its place in the file.
pub(super) fn mistakes(text: &Text) -> Vec<Issue> {
    let mut issues = Vec::new();
    let mut open = 0_usize;
    let mut from = 0;
    while let Some((start, rest)) = after(&text.decoded, from, "{{") {
        let Some(words) = words(rest) else {
            let here = text.locate(&(start - 2..start));
            issues.push(issue("`{{` is not closed by `}}`".to_owned(), here));
            return issues;
        };
        for (at, word) in &words.found {
            let place = text.locate(&(start + at..start + at + word.len()));
            match *word {
                "if" | "range" | "with" | "define" | "block" if !words.continues(*at) => open += 1,
                "end" if open == 0 => issues.push(issue("`end` ends nothing".to_owned(), place)),
                "end" => open -= 1,
                word if KEYWORDS.contains(&word) || FUNCTIONS.contains(&word) => {}
                word => issues.push(issue(format!("unknown function `{word}`"), place)),
            }
        }
        from = start + words.length;
    }
    if open > 0 && issues.is_empty() {
        let here = text.locate(&(0..text.decoded.len()));
        issues.push(issue("a block of this text has no `end`".to_owned(), here));
    }
    issues
}

fn issue(message: String, span: super::source::Span) -> Issue {
    Issue {
        message,
        span,
        hint: None,
    }
}

/// What follows the next `mark`, and where.
fn after<'t>(text: &'t str, from: usize, mark: &str) -> Option<(usize, &'t str)> {
    let start = from + text.get(from..)?.find(mark)? + mark.len();
    Some((start, text.get(start..)?))
}

/// The words of an action that are neither fields, variables nor in strings.
struct Words<'t> {
    found: Vec<(usize, &'t str)>,
    /// How long the action is, its end included.
    length: usize,
}

impl Words<'_> {
    /// Whether the word at `at` goes on an `else`, as in `else if`.
    fn continues(&self, at: usize) -> bool {
        let mut before = self.found.iter().take_while(|(other, _)| *other < at);
        before.any(|(_, word)| *word == "else")
    }
}

/// The words of the action that begins with `rest`; none where it has no end.
fn words(rest: &str) -> Option<Words<'_>> {
    let mut found = Vec::new();
    if rest.trim_start_matches('-').trim_start().starts_with("/*") {
        let length = rest.find("}}")? + 2;
        return Some(Words { found, length });
    }
    let mut at = 0;
    loop {
        let tail = rest.get(at..)?;
        let first = tail.chars().next()?;
        at += match first {
            '}' if tail.starts_with("}}") => {
                let length = at + 2;
                return Some(Words { found, length });
            }
            '"' | '\'' | '`' => string(tail, first)?,
            '.' | '$' => first.len_utf8() + word(tail.get(1..)?),
            _ => match word(tail) {
                0 => first.len_utf8(),
                length => {
                    let is_name = !first.is_numeric();
                    found.extend(is_name.then_some((at, tail.get(..length)?)));
                    length
                }
            },
        };
    }
}

/// How long the word at the beginning of `text` is.
fn word(text: &str) -> usize {
    text.find(|c: char| c != '_' && !c.is_alphanumeric())
        .unwrap_or(text.len())
}

/// How long the string at the beginning of `text` is; none where it has no end.
fn string(text: &str, quote: char) -> Option<usize> {
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        if character == quote {
            return Some(at + 1);
        }
        if character == '\\' && quote != '`' {
            characters.next();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::mistakes;
    use crate::model::node::Text;

    fn found(text: &str) -> Vec<(&str, String)> {
        let issues = mistakes(&Text::verbatim(text, 0)).into_iter();
        issues
            .map(|issue| (&text[issue.span], issue.message))
            .collect()
    }

    #[test]
    fn what_prometheus_refuses_is_named() {
        for (text, at, message) in [
            (
                "{{ if .Labels.a }}{{ elze }}{{ end }}",
                "elze",
                "unknown function `elze`",
            ),
            (
                "a {{ $value | humanise }}",
                "humanise",
                "unknown function `humanise`",
            ),
            (
                "{{ printf \"%s\" (lables) }}",
                "lables",
                "unknown function `lables`",
            ),
            ("a {{ $labels.x", "{{", "`{{` is not closed by `}}`"),
            ("{{ end }}", "end", "`end` ends nothing"),
            (
                "{{ if 1 }}{{ else if 2 }}{{ end }}{{ end }}",
                "end",
                "`end` ends nothing",
            ),
            (
                "{{ if 1 }}",
                "{{ if 1 }}",
                "a block of this text has no `end`",
            ),
        ] {
            assert_eq!(found(text), [(at, message.to_owned())], "{text}");
        }
    }

    #[test]
    fn what_prometheus_reads_is_taken() {
        for text in [
            "",
            "}} of { } elze",
            "{{ $value | humanizePercentage }} {{ $labels.elze }} {{ .Labels.a }}",
            "{{- with $x := query \"up{a=\\\"}}\\\"}\" -}}{{ $x | first | value }}{{- end -}}",
            "{{ range query `up` }}{{ .Labels.a }}{{ else }}b{{ end }}",
            "{{ if eq 1 1e3 0x1F 'x' }}{{ else if true }}{{ end }}{{ with 1 }}{{ else with nil }}{{ end }}",
            "{{/* elze */}}{{- /* end */ -}}",
            "{{ define \"a\" }}b{{ end }}{{ template \"a\" . }}",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }
}
