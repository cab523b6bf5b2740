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
    let file = contents.files.iter().find(|file| file.source.path == path);
    let Some(text) = file
        .map(|file| file.source.text.as_str())
        .filter(|text| !text.is_empty())
    else {
        return Origin::path(path).into();
    };
    let start = span.start.min(text.len());
    let span = start..span.end.clamp(start, text.len());
    let annotation = AnnotationKind::Primary.span(span).label(label);
    Snippet::source(text)
        .path(path)
        .annotation(annotation)
        .into()
}
