//! The PromQL in texts for people: blocks of Markdown that are marked `promql`, and what an alert's
//! text runs by `query "…"`.

use super::node::Text;
use super::query::Query;
use super::source::Span;

/// The queries of all blocks of a Markdown text, at their places in it.
#[must_use]
pub fn of_markdown(text: &str) -> Vec<Query> {
    let blocks = blocks(text, "promql").into_iter();
    blocks.flat_map(|block| of_block(text, &block)).collect()
}

/// A block is one query, or several with empty lines between them.
fn of_block(text: &str, block: &Span) -> Vec<Query> {
    let parsed = |span: &Span| {
        let written = text.get(span.clone()).unwrap_or_default();
        Query::parse(Text::verbatim(written, span.start))
    };
    let parts = parts(text, block);
    let whole = parsed(block);
    if parts.is_empty() {
        return Vec::new();
    }
    if whole.issues().is_empty() || parts.len() == 1 {
        return vec![whole];
    }
    parts.iter().map(parsed).collect()
}

/// The parts of a block between empty lines.
fn parts(text: &str, block: &Span) -> Vec<Span> {
    let mut parts: Vec<Span> = Vec::new();
    let (mut start, mut goes_on) = (block.start, false);
    let inside = text.get(block.clone()).unwrap_or_default();
    for line in inside.split_inclusive('\n') {
        let end = start + line.len();
        let has_text = !line.trim().is_empty();
        match parts.last_mut().filter(|_| goes_on) {
            Some(part) if has_text => part.end = end,
            None if has_text => parts.push(start..end),
            _ => {}
        }
        goes_on = has_text;
        start = end;
    }
    parts
}

/// What stands inside the fenced blocks of a language.
fn blocks(text: &str, language: &str) -> Vec<Span> {
    let mut found = Vec::new();
    // The marks of the block that is open, and where its inside begins if it is wanted.
    let mut open: Option<(&str, Option<usize>)> = None;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let end = start + line.len();
        let (fence, rest) = fence(line.trim());
        match open {
            Some((opened, inside)) if fence.starts_with(opened) && rest.is_empty() => {
                found.extend(inside.map(|inside| inside..start));
                open = None;
            }
            None if !fence.is_empty() => {
                let is_wanted = rest.split_whitespace().next() == Some(language);
                open = Some((fence, is_wanted.then_some(end)));
            }
            _ => {}
        }
        start = end;
    }
    found
}

/// The marks that open or close a block at the beginning of a line, and what follows them.
fn fence(line: &str) -> (&str, &str) {
    for mark in ['`', '~'] {
        let rest = line.trim_start_matches(mark);
        let marks = line.len() - rest.len();
        if marks >= 3 && !(mark == '`' && rest.contains('`')) {
            return (line.get(..marks).unwrap_or_default(), rest.trim());
        }
    }
    ("", "")
}

/// The queries that an alert's text runs by `query "…"`, at their place in the file.
#[must_use]
pub fn of_template(text: &Text) -> Vec<Query> {
    let decoded = text.decoded.as_str();
    let mut found = Vec::new();
    for (open, _) in decoded.match_indices("{{") {
        let inside = decoded.get(open..).unwrap_or_default();
        let end = inside.find("}}").map_or(decoded.len(), |end| open + end);
        let action = decoded.get(open..end).unwrap_or_default();
        for (at, call) in action.match_indices("query ") {
            let before = action
                .get(..at)
                .and_then(|before| before.chars().next_back());
            let is_word = before.is_none_or(|c| c != '_' && !c.is_ascii_alphanumeric());
            if is_word {
                found.extend(string(text, open + at + call.len()).map(Query::parse));
            }
        }
    }
    found
}

/// The string in Go's notation that begins at `start` of the decoded text.
fn string(text: &Text, start: usize) -> Option<Text> {
    let mut characters = text.decoded.get(start..)?.char_indices().peekable();
    let (_, quote) = characters.find(|(_, c)| *c != ' ')?;
    if !matches!(quote, '"' | '`') {
        return None;
    }
    let mut string = Text::default();
    while let Some((at, mut c)) = characters.next() {
        if c == quote {
            return Some(string);
        }
        let place = text.locate(&(start + at..start + at + c.len_utf8())).start;
        if c == '\\' && quote == '"' {
            c = match characters.next()?.1 {
                'n' => '\n',
                't' => '\t',
                c => c,
            };
        }
        string.map.push((string.decoded.len(), place));
        string.decoded.push(c);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{blocks, of_markdown, of_template};
    use crate::model::node::Text;

    #[test]
    fn only_blocks_of_the_language_are_found() {
        let text = "```sh\n```promql\n```\n~~~~ promql x\n~~~\na\n~~~~~\n```promql\nb\n```\n\n```promql\nc";
        let found: Vec<_> = blocks(text, "promql")
            .into_iter()
            .map(|block| &text[block])
            .collect();
        assert_eq!(found, ["~~~\na\n", "b\n"]);
    }

    #[test]
    fn a_block_is_one_query_or_several_apart() {
        let texts = |block: &str| {
            let text = format!("# A\n\n```promql\n{block}```\n");
            let places: Vec<String> = of_markdown(&text)
                .iter()
                .filter_map(|query| Some(text[query.locate(&query.expr()?.span)].to_owned()))
                .collect();
            places
        };
        assert_eq!(texts("up\n  / up\n"), ["up\n  / up"]);
        assert_eq!(texts("up\n\n  / up\n"), ["up\n\n  / up"]);
        assert_eq!(
            texts("up == 0\n\n\nsum(\n  up)\n"),
            ["up == 0", "sum(\n  up)"]
        );
        assert_eq!(of_markdown("```promql\n\n```\n"), []);
        assert_eq!(of_markdown("```promql\nsum(\n```\n")[0].issues().len(), 1);
    }

    #[test]
    fn queries_of_a_template_are_found_at_their_place() {
        let source = r#"{{ with query "up{job=\"a\"}" }}{{ . }}{{ end }} query "x" {{ subquery "y" }} {{ query `rate(` }} {{ query $x }}"#;
        let found = of_template(&Text::verbatim(source, 0));
        let [first, second] = found.as_slice() else {
            panic!("{found:#?}");
        };
        let expr = first.expr().unwrap();
        assert_eq!(&source[first.locate(&expr.span)], r#"up{job=\"a\"}"#);
        assert_eq!(&source[second.issues()[0].span.clone()], "(");
    }
}
