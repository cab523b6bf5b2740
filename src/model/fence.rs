//! The PromQL in a Markdown text: its fenced blocks that are marked `promql`.

use super::node::Text;
use super::query::Query;
use super::source::Span;

/// The queries of all blocks, at their places in the text.
#[must_use]
pub fn queries(text: &str) -> Vec<Query> {
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

#[cfg(test)]
mod tests {
    use super::{blocks, queries};

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
            let places: Vec<String> = queries(&text)
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
        assert_eq!(queries("```promql\n\n```\n"), []);
        assert_eq!(queries("```promql\nsum(\n```\n")[0].issues().len(), 1);
    }
}
