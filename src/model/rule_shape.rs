//! What Prometheus refuses in a rule file beside its rules' expressions: names of groups, durations,
//! and what is for alerts only.

use std::collections::BTreeSet;

use super::node::Node;
use super::promql::strict::duration;
use super::source::Issue;

/// What is wrong with the groups of a rule file.
pub(super) fn of_groups(file: &Node) -> Vec<Issue> {
    let mut issues = Vec::new();
    let mut names = BTreeSet::new();
    for group in file.items_of("groups") {
        issues.extend(name(group, &mut names));
        issues.extend(durations(group, &["interval", "query_offset"]));
        for rule in group.items_of("rules") {
            issues.extend(durations(rule, &["for", "keep_firing_for"]));
            issues.extend(of_recording(rule));
        }
    }
    issues
}

fn name(group: &Node, names: &mut BTreeSet<String>) -> Option<Issue> {
    let written = group.given("name");
    let name = written.and_then(Node::scalar).unwrap_or_default().decoded;
    if name.is_empty() {
        // A group that is no mapping, or nothing at all, is told of by the reader.
        let first = group.entries().first()?;
        return Some(issue(
            written.unwrap_or(&first.value),
            "a group has a `name`",
        ));
    }
    let message = format!("another group of this file is named `{name}`");
    (!names.insert(name)).then(|| issue(written.unwrap_or(group), &message))
}

/// The keys of a mapping that hold something else than a duration.
#[must_use]
pub fn durations(node: &Node, keys: &[&str]) -> Vec<Issue> {
    let values = keys.iter().filter_map(|key| Some((key, node.given(key)?)));
    let wrong = values.filter(|(_, value)| {
        let text = value.scalar();
        text.is_none_or(|text| duration(&text.decoded).is_none())
    });
    wrong
        .map(|(key, value)| Issue {
            hint: Some("durations look like `5m` or `1h30m`, largest unit first".to_owned()),
            ..issue(value, &format!("`{key}` is not a duration"))
        })
        .collect()
}

fn of_recording(rule: &Node) -> Vec<Issue> {
    if rule.given("record").is_none() || rule.given("alert").is_some() {
        return Vec::new();
    }
    let keys = ["for", "keep_firing_for", "annotations"].iter();
    let values = keys.filter_map(|key| Some((key, rule.given(key)?)));
    // No time and no annotation are as good as none given.
    let values = values.filter(|(_, value)| {
        let waits = |time: &str| time.contains(|digit| matches!(digit, '1'..='9'));
        let time = value.scalar().unwrap_or_default().decoded;
        !value.entries().is_empty() || waits(&time)
    });
    values
        .map(|(key, value)| {
            issue(
                value,
                &format!("`{key}` is for alerts, not for recording rules"),
            )
        })
        .collect()
}

fn issue(node: &Node, message: &str) -> Issue {
    Issue {
        message: message.to_owned(),
        span: node.span.clone(),
        hint: None,
    }
}

#[cfg(test)]
mod tests {
    use super::of_groups;
    use crate::model::yaml;

    fn found(text: &str) -> Vec<(String, String)> {
        let issues = of_groups(&yaml::parse(text).documents[0]).into_iter();
        issues
            .map(|issue| (text[issue.span].to_owned(), issue.message))
            .collect()
    }

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str)]) {
        let expected = expected
            .iter()
            .map(|(at, it)| ((*at).to_owned(), (*it).to_owned()));
        assert_eq!(found(text), expected.collect::<Vec<_>>(), "{text}");
    }

    #[test]
    fn every_group_has_a_name_of_its_own() {
        let twice = "another group of this file is named `a`";
        check(
            "groups: [{name: a}, {name: b}, {name: 'a'}]\n",
            &[("'a'", twice)],
        );
        let nameless = "a group has a `name`";
        check("groups: [{rules: []}]\n", &[("[]", nameless)]);
        check(
            "groups: [{name: ''}, {name: 1}, null]\n",
            &[("''", nameless)],
        );
    }

    #[test]
    fn durations_are_those_that_prometheus_reads() {
        for right in ["0", "5m", "1h30m", "'0s'", "1y2w3d4h5m6s7ms", "", "~"] {
            let text = format!(
                "groups:\n- name: a\n  interval: {right}\n  rules:\n  - alert: A\n    for: {right}\n"
            );
            check(&text, &[]);
        }
        for wrong in [
            "1x", "5", "30m1h", "1.5h", "-5m", "5m5m", "''", "00", "[1m]", "1 m",
        ] {
            let text = format!(
                "groups:\n- name: a\n  interval: {wrong}\n  rules:\n  - alert: A\n    for: {wrong}\n    keep_firing_for: {wrong}\n"
            );
            let expected = ["interval", "for", "keep_firing_for"]
                .map(|key| (wrong.to_owned(), format!("`{key}` is not a duration")));
            assert_eq!(found(&text), expected, "{text}");
        }
    }

    #[test]
    fn a_recording_rule_waits_for_nothing() {
        check(
            "groups: [{name: a, rules: [{record: a, for: 5m}, {record: a, annotations: {a: b}}]}]\n",
            &[
                ("5m", "`for` is for alerts, not for recording rules"),
                (
                    "{a: b}",
                    "`annotations` is for alerts, not for recording rules",
                ),
            ],
        );
        check(
            "groups: [{name: a, rules: [{record: a, for: 0s, annotations: {}}, {record: b, for: }]}]\n",
            &[],
        );
    }
}
