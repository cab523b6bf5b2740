//! A runbook: what can be linked to in it, and what it links to.

use std::collections::BTreeMap;

use super::source::Span;

/// A Markdown file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Runbook {
    /// The anchors of its headings, as code hosts make them.
    pub anchors: Vec<String>,
    /// Its links to other places than the web.
    pub links: Vec<Link>,
}

/// A link to a file of the project, or to a heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The path, relative to the file's folder; empty for a heading of the same file.
    pub path: String,
    /// The heading's anchor.
    pub anchor: Option<String>,
    /// Where the link's destination stands.
    pub span: Span,
}

impl Runbook {
    /// Reads a Markdown text.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut runbook = Self::default();
        let mut counts = BTreeMap::new();
        let mut fence: Option<&str> = None;
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let trimmed = line.trim();
            let mark = ["```", "~~~"]
                .into_iter()
                .find(|mark| trimmed.starts_with(mark));
            match (fence, mark) {
                (Some(open), Some(close)) if open == close => fence = None,
                (None, Some(open)) => fence = Some(open),
                (None, None) => {
                    if let Some(heading) = heading(trimmed) {
                        runbook.anchors.push(unique(anchor(heading), &mut counts));
                    }
                    links(line, start, &mut runbook.links);
                }
                _ => {}
            }
            start += line.len();
        }
        runbook
    }
}

fn heading(line: &str) -> Option<&str> {
    let text = line.trim_start_matches('#');
    let level = line.len() - text.len();
    ((1..=6).contains(&level) && text.starts_with(' ')).then(|| text.trim().trim_end_matches(" #"))
}

/// Lower case, spaces as hyphens, without punctuation.
fn anchor(heading: &str) -> String {
    let kept = heading
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase)
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

/// Headings that read alike are numbered from the second on.
fn unique(anchor: String, counts: &mut BTreeMap<String, usize>) -> String {
    let count = counts.entry(anchor.clone()).or_default();
    *count += 1;
    if *count == 1 {
        anchor
    } else {
        format!("{anchor}-{}", *count - 1)
    }
}

/// The links of a line that begins at `start`.
fn links(line: &str, start: usize, found: &mut Vec<Link>) {
    for (at, _) in line.match_indices("](") {
        if in_code(line.get(..at).unwrap_or_default()) {
            continue;
        }
        let rest = line.get(at + 2..).unwrap_or_default();
        let Some(end) = rest.find([')', ' ']) else {
            continue;
        };
        let destination = rest.get(..end).unwrap_or_default();
        if destination.is_empty() || destination.contains(':') || destination.starts_with('/') {
            continue;
        }
        let (path, anchor) = match destination.split_once('#') {
            Some((path, anchor)) => (path, Some(anchor.to_owned())),
            None => (destination, None),
        };
        let from = start + at + 2;
        let span = from..from + destination.len();
        found.push(Link {
            path: path.to_owned(),
            anchor,
            span,
        });
    }
}

/// Whether what follows stands between backticks.
fn in_code(before: &str) -> bool {
    before.matches('`').count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::Runbook;

    #[test]
    fn anchors_are_made_as_code_hosts_make_them() {
        let text = "# High Error-Rate: `why`?\n```\n# no heading\n```\n## Fix\n## Fix\n#no\n";
        assert_eq!(
            Runbook::parse(text).anchors,
            ["high-error-rate-why", "fix", "fix-1"]
        );
    }

    #[test]
    fn links_into_the_project_are_found_at_their_place() {
        let text = "See [a](b.md#c), [d](#e) and [web](https://x.y).\n`[no](code)`\n";
        let links = Runbook::parse(text).links;
        let found: Vec<_> = links.iter().map(|link| &text[link.span.clone()]).collect();
        assert_eq!(found, ["b.md#c", "#e"]);
        assert_eq!(
            (links[1].path.as_str(), links[1].anchor.as_deref()),
            ("", Some("e"))
        );
    }
}
