//! `untested-alert`: alerts of which nobody knows whether they fire.

use std::collections::BTreeSet;

use crate::check::facts::Facts;
use crate::check::finding::Finding;
use crate::check::parse::Parsed;
use crate::check::pattern;
use crate::check::rule::{Example, Rule};
use crate::check::similar::similar;
use crate::model::rule_test::RuleTests;

/// The rule.
pub(in crate::check) static RULE: Rule = Rule {
    name: "untested-alert",
    summary: "An alert has no test in which it fires, or none in which it stays silent",
    what: "
Looks through the rule tests that name the alert's file in their `rule_files`. For every alert there must be an `alert_rule_test` that
expects it to fire, and one that expects it not to. A test of an alert that no rule defines is none,
and a file in `rule_files` that is not there defines none. Whether they pass is what `promtool test rules` says.",
    why: "
An alert is code that runs for the first time when something is on fire. One that never fires is found by its users; one that always
does is muted by them.",
    example: Example {
        path: "observability/monitoring/prometheus/rules/user-service.test.yml",
        broken: "          - alertname: SignUpsStop\n            eval_time: 20m\n            exp_alerts: [{}]\n",
        mended: "          - alertname: NoSignUps\n            eval_time: 20m\n            exp_alerts: [{}]\n",
    },
    check,
};

fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for file in &facts.rules {
        let path = file.source.path.as_str();
        if may_be_tested(facts, path) {
            continue;
        }
        let tests: Vec<&Parsed<'_, RuleTests>> = facts
            .tests
            .iter()
            .filter(|tests| covers(tests, path))
            .collect();
        for alert in file.value.alerts() {
            let name = alert.name.decoded.as_str();
            let expected = tests.iter().flat_map(|tests| &tests.value.alerts);
            let (mut fires, mut silent) = (false, false);
            for test in expected.filter(|test| test.alert == name) {
                fires |= test.fires;
                silent |= !test.fires;
            }
            let lacking = match (fires, silent) {
                (true, true) => continue,
                (false, false) => "has no test",
                (false, true) => "has no test in which it fires",
                (true, false) => "has no test in which it stays silent",
            };
            let message = format!("the alert `{name}` {lacking}");
            let finding = Finding::new(path, &alert.name_span, message);
            findings.push(finding.help(Some(where_to(&tests))));
        }
    }
    for tests in &facts.tests {
        without_file(facts, tests, findings);
        if let Some(known) = tested(facts, tests) {
            without_alert(tests, &known, findings);
        }
    }
}

/// The alerts of the rule files that tests name; none where these are not all known.
fn tested(facts: &Facts<'_>, tests: &Parsed<'_, RuleTests>) -> Option<BTreeSet<String>> {
    if facts.gaps.names() {
        return None;
    }
    let here = tests.source.path.as_str();
    let mut names = BTreeSet::new();
    for written in &tests.value.rule_files {
        let covers = |path: &str| pattern::covers(here, &written.decoded, path);
        let mut files = facts
            .rules
            .iter()
            .filter(|it| covers(&it.source.path))
            .peekable();
        if files.peek().is_none() && !is_of_none(facts, here, &written.decoded) {
            return None;
        }
        let alerts = files.flat_map(|file| file.value.alerts());
        names.extend(alerts.map(|alert| alert.name.decoded.clone()));
    }
    Some(names).filter(|_| !tests.value.rule_files.is_empty())
}

/// Whether `written`, in the file at `here`, is a pattern that no file of the project follows.
fn is_of_none(facts: &Facts<'_>, here: &str, written: &str) -> bool {
    let inside = !written.starts_with('/') && pattern::resolve(here, written).is_some();
    // Classes of characters are not understood here.
    let understood = is_pattern(written) && !written.contains('[');
    let mut paths = facts.paths();
    inside && understood && !paths.any(|it| pattern::covers(here, written, it))
}

/// Whether `written` may mean several files.
fn is_pattern(written: &str) -> bool {
    written.contains(['*', '?', '['])
}

/// Reports rule files that are not there: `promtool` passes over them, and what is expected of
/// their alerts is compared with nothing. What they would define is not known.
fn without_file(facts: &Facts<'_>, tests: &Parsed<'_, RuleTests>, findings: &mut Vec<Finding>) {
    let here = tests.source.path.as_str();
    for written in &tests.value.rule_files {
        let name = written.decoded.as_str();
        if name.is_empty() || name.starts_with('/') || is_pattern(name) {
            continue;
        }
        let Some(path) = pattern::resolve(here, name) else {
            continue;
        };
        if !facts.has_file(&path) {
            let message = format!("there is no rule file `{path}`");
            let span = written.locate(&(0..name.len()));
            findings.push(Finding::new(here, &span, message));
        }
    }
}

/// Reports tests of alerts that no rule defines: those that expect silence always pass.
fn without_alert(
    tests: &Parsed<'_, RuleTests>,
    known: &BTreeSet<String>,
    findings: &mut Vec<Finding>,
) {
    let mut named = known.clone();
    for test in &tests.value.alerts {
        // A name that is wrong once is wrong in all tests of the alert.
        if !named.insert(test.alert.clone()) {
            continue;
        }
        let message = format!("no rule defines the alert `{}`", test.alert);
        let help = similar(&test.alert, known).map(|name| format!("did you mean `{name}`?"));
        let finding = Finding::new(&tests.source.path, &test.span, message);
        findings.push(finding.help(help));
    }
}

/// Whether a file of tests that could not be read may be about the rules at `path`.
fn may_be_tested(facts: &Facts<'_>, path: &str) -> bool {
    let Some(lost) = facts.gaps.tests() else {
        return true;
    };
    let service = facts.service_of(path);
    lost.iter().any(|tests| {
        let tested = facts.service_of(tests);
        service.is_none() || tested.is_none() || tested == service
    })
}

fn covers(tests: &Parsed<'_, RuleTests>, rules: &str) -> bool {
    let here = tests.source.path.as_str();
    let mut written = tests.value.rule_files.iter();
    written.any(|written| pattern::covers(here, &written.decoded, rules))
}

fn where_to(tests: &[&Parsed<'_, RuleTests>]) -> String {
    match tests.first() {
        Some(tests) => format!("add an `alert_rule_test` to `{}`", tests.source.path),
        None => "add a `.test.yml` beside it that names it in `rule_files`".to_owned(),
    }
}
