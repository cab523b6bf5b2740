//! Fills in the placeholders of a template.

use std::collections::BTreeMap;

use handlebars::Handlebars;
use serde::Serialize;

use super::answer::Answers;
use super::extra::Extra;
use super::kind::Kind;

/// What a template may name.
#[derive(Debug, Serialize)]
pub(super) struct Variables<'a> {
    name: &'a str,
    crate_name: String,
    title: String,
    project: &'a str,
    kind: &'a str,
    /// Every kind and every extra by its name: whether the service is of it, or has it. And whether it can use Kafka.
    #[serde(flatten)]
    parts: BTreeMap<&'static str, bool>,
    team: &'a str,
    tier: &'a str,
    http_port: u16,
    admin_port: u16,
    marty_version: &'a str,
}

impl<'a> Variables<'a> {
    /// The variables of a service in a project.
    pub(super) fn new(project: &'a str, answers: &'a Answers) -> Self {
        Self {
            name: answers.name.as_str(),
            crate_name: answers.name.crate_name(),
            title: answers.name.title(),
            project,
            kind: answers.kind.name(),
            parts: parts(answers),
            team: &answers.team,
            tier: &answers.tier,
            http_port: answers.ports.http,
            admin_port: answers.ports.admin,
            marty_version: env!("CARGO_PKG_VERSION"),
        }
    }
}

fn parts(answers: &Answers) -> BTreeMap<&'static str, bool> {
    let kinds = Kind::ALL.iter();
    let kinds = kinds.map(|kind| (kind.name(), *kind == answers.kind));
    let extras = Extra::ALL.iter();
    let extras = extras.map(|extra| (extra.name(), answers.with.contains(extra)));
    let kafka = answers.kind == Kind::Worker || answers.with.contains(&Extra::Events);
    kinds.chain(extras).chain([("kafka", kafka)]).collect()
}

/// The text with every placeholder filled in; a name that is not a variable is an error.
pub(super) fn render(
    template: &str,
    variables: &Variables<'_>,
) -> Result<String, handlebars::RenderError> {
    let mut handlebars = Handlebars::new();
    handlebars.set_strict_mode(true);
    handlebars.register_escape_fn(handlebars::no_escape);
    handlebars.render_template(template, variables)
}

#[cfg(test)]
mod tests {
    use super::{Variables, render};
    use crate::project::port;
    use crate::scaffold::{Answers, Kind};

    fn fill(template: &str) -> Result<String, handlebars::RenderError> {
        let answers = Answers::new("user-service".parse().unwrap(), Kind::Http, port::first());
        render(template, &Variables::new("shop", &answers))
    }

    #[test]
    fn every_variable_is_filled_in_without_escaping() {
        let text = fill(
            "{{name}} {{crate_name}} {{title}} {{project}} {{kind}} {{team}} {{tier}} {{http_port}} {{admin_port}} <\\{{kept}}>",
        );
        assert_eq!(
            text.unwrap(),
            "user-service user_service User Service shop http platform standard 8081 9081 <{{kept}}>"
        );
    }

    #[test]
    fn what_is_of_another_kind_is_left_out() {
        let text =
            fill("{{#if grpc}}\nwire\n{{else}}\ntext\n{{/if}}\n{{#if http}}\nend\n{{/if}}\n");
        assert_eq!(text.unwrap(), "text\nend\n");
    }

    #[test]
    fn an_unknown_variable_is_an_error() {
        assert!(fill("{{nmae}}").unwrap_err().to_string().contains("nmae"));
    }
}
