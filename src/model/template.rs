//! The labels that a text with placeholders names: `{{ $labels.pod }}` of Prometheus and
//! `{{pod}}` of Grafana's legends.

use super::node::Text;
use super::promql::ast::Name;

/// The labels behind `$labels.` or `.Labels.` in an alert's text, at their place in the file.
/// Those of what a text queries itself are not the alert's.
#[must_use]
pub fn alert_labels(text: &Text) -> Vec<Name> {
    let mut found = Vec::new();
    // For every open block whether `.` means something else in it.
    let mut blocks: Vec<bool> = Vec::new();
    for (start, action) in actions(&text.decoded) {
        let inside = action.trim_start_matches('-').trim_start();
        if inside.starts_with("/*") {
            continue;
        }
        let is_own_dot = !blocks.contains(&true);
        for (at, marker) in markers(action) {
            if marker == "$labels." || is_own_dot {
                found.extend(word(text, start + at + marker.len()));
            }
        }
        match inside.split(|c: char| !c.is_ascii_alphabetic()).next() {
            Some("range" | "with" | "define") => blocks.push(true),
            Some("if" | "block") => blocks.push(false),
            Some("end") => drop(blocks.pop()),
            _ => {}
        }
    }
    found
}

/// What stands between double braces, and where.
fn actions(decoded: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let rest = decoded.get(from..)?;
        let start = rest.find("{{")? + 2;
        let length = rest.get(start..)?.find("}}")?;
        let action = rest.get(start..start + length)?;
        let at = from + start;
        from = at + length + 2;
        Some((at, action))
    })
}

/// Where the alert's labels are asked for; `$other.Labels.a` is another's.
fn markers(action: &str) -> impl Iterator<Item = (usize, &str)> {
    let own = action.match_indices("$labels.");
    let dotted = action.match_indices(".Labels.").filter(|(at, _)| {
        let before = action.get(..*at).and_then(|it| it.chars().next_back());
        before.is_none_or(|c| c.is_whitespace() || matches!(c, '(' | '|' | '-' | '='))
    });
    own.chain(dotted)
}

/// The labels between double braces in a legend, at their place in the file.
#[must_use]
pub fn legend_labels(text: &Text) -> Vec<Name> {
    let labels = actions(&text.decoded).filter_map(|(at, name)| {
        let start = at + (name.len() - name.trim_start().len());
        word(text, start).filter(|label| label.text == name.trim())
    });
    labels.collect()
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
    #[test]
    fn labels_of_what_a_text_queries_are_not_the_alert_s() {
        for (text, expected) in [
            (
                "{{ range query \"up\" }}{{ .Labels.a }}{{ $labels.b }}{{ end }}{{ .Labels.c }}",
                "b c",
            ),
            (
                "{{- with printf \"a{b='%s'}\" .Labels.a | query -}}{{ .Labels.b }}{{- end -}}",
                "a",
            ),
            (
                "{{ if .Labels.a }}{{ .Labels.b }}{{ else }}{{(.Labels.c)}}{{ end }}",
                "a b c",
            ),
            (
                "{{ range query \"up\" }}{{ if . }}{{ .Labels.a }}{{ end }}{{ .Labels.b }}{{ end }}",
                "",
            ),
            ("{{ $first.Labels.a }} {{/* $labels.b */}} $labels.c", ""),
        ] {
            let found = alert_labels(&Text::verbatim(text, 0));
            let found: Vec<_> = found.into_iter().map(|label| label.text).collect();
            assert_eq!(found.join(" "), expected, "{text}");
        }
    }
}
