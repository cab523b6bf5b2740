//! For people: every finding with the lines it is about.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};

use crate::check::finding::Finding;
use crate::model::source::Span;
use crate::project::contents::Contents;

/// The findings as text, with escapes for colour if `styled`.
#[must_use]
pub fn full(findings: &[Finding], contents: &Contents, styled: bool) -> String {
    let renderer = if styled {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    findings.iter().fold(String::new(), |text, finding| {
        text + &renderer.render(&report(finding, contents)) + "\n\n"
    })
}

fn report<'a>(finding: &'a Finding, contents: &'a Contents) -> Vec<Group<'a>> {
    let title = Level::ERROR
        .primary_title(&finding.message)
        .id(finding.rule);
    let label = finding.label.as_deref();
    let mut groups = vec![title.element(place(&finding.path, &finding.span, label, contents))];
    if let Some(related) = &finding.related {
        let title = Level::NOTE.secondary_title(&related.label);
        groups.push(title.element(place(&related.path, &related.span, None, contents)));
    }
    if let Some(help) = &finding.help {
        groups.push(Group::with_title(Level::HELP.secondary_title(help)));
    }
    groups
}

fn place<'a>(
    path: &'a str,
    span: &Span,
    label: Option<&'a str>,
    contents: &'a Contents,
) -> Element<'a> {
    let Some(text) = contents
        .file(path)
        .map(|file| file.source.text.as_str())
        .filter(|text| !text.is_empty())
    else {
        return Origin::path(path).into();
    };
    let start = span.start.min(text.len());
    let end = span.end.clamp(start, text.len());
    let lines = lines(text, start, end);
    let before = text.get(..lines.start).unwrap_or_default();
    let span = start - lines.start..end - lines.start;
    let annotation = AnnotationKind::Primary.span(span).label(label);
    Snippet::source(text.get(lines).unwrap_or(text))
        .line_start(before.matches('\n').count() + 1)
        .path(path)
        .annotation(annotation)
        .into()
}

/// The lines that a span touches: the renderer would go through the whole text for each finding.
fn lines(text: &str, start: usize, end: usize) -> Span {
    // Behind the last line's end there is no line that could be shown.
    let last = if start == text.len() && text.ends_with('\n') {
        start - 1
    } else {
        start
    };
    let line_start = |at: usize| {
        text.get(..at)
            .and_then(|before| before.rfind('\n'))
            .map_or(0, |at| at + 1)
    };
    let rest = text.get(end..).unwrap_or_default();
    line_start(last)..rest.find('\n').map_or(text.len(), |at| end + at + 1)
}
