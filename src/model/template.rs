//! The labels that a text with placeholders names: `{{ $labels.pod }}` of Prometheus and
//! `{{pod}}` of Grafana's legends.

use super::node::Text;
use super::promql::ast::Name;

/// The labels behind `$labels.` or `.Labels.` in an alert's text, at their place in the file.
#[must_use]
pub fn alert_labels(text: &Text) -> Vec<Name> {
    let decoded = text.decoded.as_str();
    let mut found = Vec::new();
    for marker in ["$labels.", ".Labels."] {
        for (at, _) in decoded.match_indices(marker) {
            found.extend(word(text, at + marker.len()));
        }
    }
    found
}

/// The labels between double braces in a legend, at their place in the file.
#[must_use]
pub fn legend_labels(text: &Text) -> Vec<Name> {
    let decoded = text.decoded.as_str();
    let mut found = Vec::new();
    for (at, _) in decoded.match_indices("{{") {
        let inside = decoded.get(at + 2..).unwrap_or_default();
        let Some(end) = inside.find("}}") else { break };
        let name = inside.get(..end).unwrap_or_default();
        let start = at + 2 + (name.len() - name.trim_start().len());
        found.extend(word(text, start).filter(|label| label.text == name.trim()));
    }
    found
}

/// The label that begins at `start` of the decoded text.
fn word(text: &Text, start: usize) -> Option<Name> {
    let rest = text.decoded.get(start..)?;
    let length = rest
        .find(|c: char| c != '_' && !c.is_ascii_alphanumeric())
        .unwrap_or(rest.len());
    let word = rest.get(..length).filter(|word| !word.is_empty())?;
    Some(Name {
        text: word.to_owned(),
        span: text.locate(&(start..start + length)),
    })
}

#[cfg(test)]
mod tests {
    use super::{alert_labels, legend_labels};
    use crate::model::node::Text;

    #[test]
    fn labels_are_found_at_their_place() {
        let text = Text::verbatim("{{ $labels.pod }} of {{ .Labels.job }} {{ $value }}", 10);
        let found: Vec<_> = alert_labels(&text)
            .into_iter()
            .map(|label| (label.text, label.span))
            .collect();
        assert_eq!(
            found,
            [("pod".to_owned(), 21..24), ("job".to_owned(), 42..45)]
        );
        let text = Text::verbatim("{{a}} {{ b }} {{ __field.name }} {{", 0);
        let found: Vec<_> = legend_labels(&text)
            .into_iter()
            .map(|label| (label.text, label.span))
            .collect();
        assert_eq!(found, [("a".to_owned(), 2..3), ("b".to_owned(), 9..10)]);
    }
}
