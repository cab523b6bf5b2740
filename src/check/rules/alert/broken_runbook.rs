//! `broken-runbook`: links that lead past what they mean.

use super::missing_runbook::{ANNOTATION, target};
use crate::check::facts::Facts;
use crate::check::finding::Finding;
use crate::check::parse::Parsed;
use crate::check::pattern;
use crate::check::rule::{Example, Rule};
use crate::check::similar::similar;
use crate::model::runbook::{Link, Runbook, Target};

/// The rule.
pub(in crate::check) static RULE: Rule = Rule {
    name: "broken-runbook",
    summary: "A link to a runbook's section, or out of a runbook, leads nowhere",
    what: "
Compares the anchor of every `runbook_url` with the headings of the runbook it leads to, and every link in a runbook to a file of the
project or to one of its headings with what is there. Links to the web are not visited.",
    why: "
A link that leads past its section costs the minutes in which the reader still has patience, and a dead one ends the trail.",
    example: Example {
        path: "observability/monitoring/prometheus/rules/user-service.rules.yml",
        broken: "          runbook_url: services/user-service/observability/runbooks/no-sign-ups.md#confirmation\n",
        mended: "          runbook_url: services/user-service/observability/runbooks/no-sign-ups.md#confirm\n",
    },
    check,
};

fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for file in &facts.rules {
        for alert in file.value.alerts() {
            let Some(annotation) = alert.annotation(ANNOTATION) else {
                continue;
            };
            let Some(Target {
                path,
                anchor: Some(anchor),
            }) = target(facts, annotation)
            else {
                continue;
            };
            if let Some(help) = no_heading(facts, &path, &anchor) {
                let at = annotation.text.decoded.find('#').unwrap_or_default();
                let span = annotation.text.locate(&(at..annotation.text.decoded.len()));
                let message = format!("`{path}` has no heading for `#{anchor}`");
                findings.push(Finding::new(&file.source.path, &span, message).help(help));
            }
        }
    }
    for runbook in &facts.runbooks {
        for link in &runbook.value.links {
            findings.extend(judge(facts, runbook, link));
        }
    }
}

fn judge(facts: &Facts<'_>, runbook: &Parsed<'_, Runbook>, link: &Link) -> Option<Finding> {
    let here = runbook.source.path.as_str();
    let written = link.target.path.as_str();
    let path = if written.is_empty() {
        here.to_owned()
    } else {
        // What is outside of the project is not looked at.
        pattern::resolve(here, written)?
    };
    let folder = format!("{path}/");
    let exists = path.is_empty()
        || facts.has_file(&path)
        || facts
            .contents
            .is_some_and(|it| it.paths.iter().any(|file| file.starts_with(&folder)));
    if !exists {
        let message = format!("this leads to `{path}`, which does not exist");
        return Some(Finding::new(here, &link.span, message));
    }
    let anchor = link.target.anchor.as_deref()?;
    let help = no_heading(facts, &path, anchor)?;
    let message = format!("`{path}` has no heading for `#{anchor}`");
    Some(Finding::new(here, &link.span, message).help(help))
}

/// Whether the runbook at `path` lacks a heading, and which was probably meant. Files that are no
/// runbooks are not looked into.
#[expect(
    clippy::option_option,
    reason = "whether it lacks one, and what help there is for that"
)]
fn no_heading(facts: &Facts<'_>, path: &str, anchor: &str) -> Option<Option<String>> {
    let runbook = facts
        .runbooks
        .iter()
        .find(|runbook| runbook.source.path == path)?;
    let anchors = &runbook.value.anchors;
    if anchors.iter().any(|known| known == anchor) {
        return None;
    }
    Some(similar(anchor, anchors).map(|known| format!("did you mean `#{known}`?")))
}
