//! A runbook: what can be linked to in it, and what it links to.

use std::collections::BTreeMap;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::source::Span;

/// A Markdown file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Runbook {
    /// The anchors of its headings, as code hosts make them, and those written as HTML.
    pub anchors: Vec<String>,
    /// Its links to other places than the web.
    pub links: Vec<Link>,
}

/// A link to a file of the project, or to a heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Where it leads.
    pub target: Target,
    /// Where the link's destination stands.
    pub span: Span,
}

/// What a link leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The path, relative to the file's folder; empty for a heading of the same file.
    pub path: String,
    /// The heading's anchor, if one is named.
    pub anchor: Option<String>,
}

impl Target {
    /// Takes a destination apart. A query is for whoever shows the file; what its anchor means
    /// then is not known.
    #[must_use]
    pub fn of(destination: &str) -> Self {
        let (place, anchor) = match destination.split_once('#') {
            Some((place, anchor)) => (place, Some(anchor)),
            None => (destination, None),
        };
        let (path, query) = match place.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (place, None),
        };
        let anchor = anchor
            .map(decoded)
            .filter(|it| query.is_none() && !is_top(it));
        Self {
            path: decoded(path),
            anchor,
        }
    }
}

/// Every file has this place.
fn is_top(anchor: &str) -> bool {
    anchor.is_empty() || anchor.eq_ignore_ascii_case("top")
}

/// The text with `%2D` and its like as the bytes that they stand for.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let escape = tail.get(..2).filter(|_| *first == b'%');
        let byte = escape
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = tail
            .get(if byte.is_some() { 2 } else { 0 }..)
            .unwrap_or_default();
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

impl Runbook {
    /// Reads a Markdown text.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut reader = Reader {
            text,
            ..Reader::default()
        };
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_TASKLISTS;
        for (event, span) in Parser::new_ext(text, options).into_offset_iter() {
            reader.read(&event, span);
        }
        reader.runbook
    }
}

#[derive(Default)]
struct Reader<'a> {
    text: &'a str,
    runbook: Runbook,
    /// The text of the heading that is open.
    heading: Option<String>,
    /// How often an anchor was made.
    counts: BTreeMap<String, usize>,
}

impl Reader<'_> {
    fn read(&mut self, event: &Event<'_>, span: Span) {
        match event {
            Event::Start(Tag::Heading { .. }) => self.heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => {
                let heading = self.heading.take().unwrap_or_default();
                let anchor = unique(anchor(&heading), &mut self.counts);
                self.runbook.anchors.push(anchor);
            }
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                self.link(dest_url, span);
            }
            Event::Text(text) | Event::Code(text) => {
                self.heading.iter_mut().for_each(|it| it.push_str(text));
            }
            Event::SoftBreak | Event::HardBreak => {
                self.heading.iter_mut().for_each(|it| it.push(' '));
            }
            Event::Html(html) | Event::InlineHtml(html) => {
                self.runbook.anchors.extend(identifiers(html));
            }
            _ => {}
        }
    }

    fn link(&mut self, destination: &str, span: Span) {
        if destination.is_empty() || has_scheme(destination) || destination.starts_with('/') {
            return;
        }
        // The destination of a reference stands elsewhere, and an escaped one differs.
        let written = self.text.get(span.clone()).unwrap_or_default();
        let behind = written.rfind("](").unwrap_or_default();
        let at = written.get(behind..).and_then(|it| it.find(destination));
        let span = at.map_or(span.clone(), |at| {
            let start = span.start + behind + at;
            start..start + destination.len()
        });
        let target = Target::of(destination);
        self.runbook.links.push(Link { target, span });
    }
}

/// Whether this begins with `https:` or the like.
fn has_scheme(destination: &str) -> bool {
    let end = destination.find(|c: char| !c.is_ascii_alphanumeric() && !"+.-".contains(c));
    end.is_some_and(|end| end > 0 && destination.get(end..).is_some_and(|it| it.starts_with(':')))
}

/// The values of the attributes `id` and `name` in a piece of HTML.
fn identifiers(html: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in html.match_indices('=') {
        let before = html.get(..at).unwrap_or_default().trim_end();
        let name = before
            .rsplit(char::is_whitespace)
            .next()
            .unwrap_or_default();
        if !["id", "name"]
            .iter()
            .any(|it| name.eq_ignore_ascii_case(it))
        {
            continue;
        }
        let value = html.get(at + 1..).unwrap_or_default().trim_start();
        let value = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => value.split(quote).nth(1),
            _ => value.split(|c: char| c.is_whitespace() || c == '>').next(),
        };
        found.extend(value.map(str::to_owned));
    }
    found
}

/// Lower case, spaces as hyphens, without punctuation.
fn anchor(heading: &str) -> String {
    let kept = heading
        .trim()
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

#[cfg(test)]
mod tests {
    use super::{Runbook, Target};

    #[track_caller]
    fn check_anchors(text: &str, expected: &[&str]) {
        assert_eq!(Runbook::parse(text).anchors, expected, "{text}");
    }

    /// `expected` are the destinations as they are written.
    #[track_caller]
    fn check_links(text: &str, expected: &[&str]) {
        let links = Runbook::parse(text).links;
        let found: Vec<_> = links.iter().map(|link| &text[link.span.clone()]).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn anchors_are_made_as_code_hosts_make_them() {
        let text = "# High Error-Rate: `why`?\n```\n# no heading\n```\n## Fix\n## Fix\n#no\n";
        check_anchors(text, &["high-error-rate-why", "fix", "fix-1"]);
        check_anchors("## Ask *the* [team](a.md) ##\n", &["ask-the-team"]);
        check_anchors("Two\nlines\n===\nOne\n---\n", &["two-lines", "one"]);
        check_anchors("> ## Quoted\n\n- ## Listed\n", &["quoted", "listed"]);
    }

    #[test]
    fn code_has_no_headings() {
        check_anchors("    # indented\n\n# b\n", &["b"]);
        check_anchors("````\n```\n# a\n```\n# a\n````\n# b\n", &["b"]);
        check_anchors("- a\n  ```\n  # a\n  ```\n\n# b\n", &["b"]);
        check_links("    [a](b.md)\n\n`` [a](b.md) ` ``\n", &[]);
    }

    #[test]
    fn anchors_are_written_as_html_too() {
        check_anchors(
            "<a name=\"one\"></a>\n\nSee <a id='two'>b</a>.\n",
            &["one", "two"],
        );
        check_anchors("<h2 class=\"a\" ID = three>b</h2>\n", &["three"]);
    }

    #[test]
    fn links_into_the_project_are_found_at_their_place() {
        let text = "See [a](b.md#c), [d](#e) and [web](https://x.y).\n`[no](code)`\n";
        check_links(text, &["b.md#c", "#e"]);
        check_links("[b](<c d.md> \"b.md\") ![e](f.png)\n", &["c d.md", "f.png"]);
        check_links("[a]: b.md\n\nSee [a] and <mailto:x@y.z>.\n", &["[a]"]);
        check_links("A note[^1].\n\n[^1]: note\n", &[]);
    }

    #[test]
    fn destinations_are_taken_apart() {
        for (text, path, anchor) in [
            ("b.md#c%2Dd", "b.md", Some("c-d")),
            ("b%20c.md", "b c.md", None),
            ("100%.md", "100%.md", None),
            ("#%C3%BC", "", Some("ü")),
            ("b.md?plain=1#L5", "b.md", None),
            ("b.md#", "b.md", None),
            ("#top", "", None),
        ] {
            let expected = Target {
                path: path.to_owned(),
                anchor: anchor.map(str::to_owned),
            };
            assert_eq!(Target::of(text), expected, "{text}");
        }
    }
}
