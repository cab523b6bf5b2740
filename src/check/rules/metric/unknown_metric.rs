//! `unknown-metric`: queries for what nothing exports.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::facts::Facts;
use crate::check::finding::Finding;
use crate::check::query;
use crate::check::rule::{Example, Rule};
use crate::check::scope::{Meaning, Scope};
use crate::check::similar::similar;
use crate::model::promql::ast::Selector;
use crate::model::query::Query;
use crate::model::source::Source;

/// The rule.
pub(in crate::check) static RULE: Rule = Rule {
    name: "unknown-metric",
    summary: "A dashboard, rule, rule test or runbook names a metric that nothing exports",
    what: "
Compares every metric that dashboards, their variables, rules, rule tests, the blocks of runbooks that are marked `promql` and `query \"…\"` in
texts of alerts name with what the code exports. That is read from the sources: the names of the runtime and the metrics that services declare. Metrics that Prometheus makes itself, such as `up`, and those of recording
rules exist, too. A file of one service sees the metrics of that service; with `service=\"…\"` or `service=~\"…\"` a query looks at others.
Names that contain a variable of Grafana are passed over, and so is what a file that cannot be read may have declared.

Metrics of something else that Prometheus scrapes are listed in `marty.toml`, where `*` and `?` stand for what follows and for one letter:

```toml
[check]
external-metrics = [\"node_*\", \"pg_up\"]
```

A metric whose name cannot be read from the source is reported where it is declared.",
    why: "
Such a query returns nothing, for ever and without an error: the panel stays empty, and the alert can never fire.",
    example: Example {
        path: "services/user-service/observability/dashboards/users.json",
        broken: "{\"expr\": \"sum(users_create_total)\"}",
        mended: "{\"expr\": \"sum(users_created_total)\"}",
    },
    check,
};

fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let mut meant = Meant::default();
    query::each(facts, &mut |source, query| {
        let Some(expr) = query.expr() else { return };
        let scope = Scope::of(facts, &source.path);
        for selector in expr.selectors() {
            findings.extend(judge(&scope, selector, source, query, &mut meant));
        }
    });
    let unresolved = facts.exports.unresolved.iter();
    // A constant that holds the name may stand in a file that could not be read.
    for metric in unresolved.filter(|metric| !facts.is_lost(&metric.package)) {
        let message = "the name of this metric cannot be read from the source";
        let help = "write the name as a literal string";
        let finding = Finding::new(&metric.path, &metric.span, message);
        findings.push(finding.help(Some(help.to_owned())));
    }
}

fn judge(
    scope: &Scope<'_>,
    selector: &Selector,
    source: &Source,
    query: &Query,
    meant: &mut Meant,
) -> Option<Finding> {
    let name = selector.metric()?;
    let span = query.locate(&name.span);
    let text = name.text.as_str();
    match scope.meaning(selector)? {
        Meaning::Nothing => {
            let help = meant.of(scope, selector, text);
            let finding = Finding::new(&source.path, &span, format!("nothing exports `{text}`"));
            Some(finding.label("no such metric").help(help))
        }
        Meaning::Elsewhere(metric) => {
            let (here, there) = (listed(scope.looked(selector)), &metric.package);
            let message = format!("`{text}` is exported by `{there}`, not by {here}");
            let help = format!("select `service=\"{there}\"` if that is meant");
            let finding = Finding::new(&source.path, &span, message)
                .label(format!("not exported by {here}"))
                .related(&metric.path, &metric.name_span, "declared here");
            Some(finding.help(Some(help)))
        }
        Meaning::Exported(_) | Meaning::OfTargets | Meaning::Opaque => None,
    }
}

/// What unknown names were probably meant to be. The same ones come up in many queries.
#[derive(Default)]
struct Meant(BTreeMap<(String, Option<Vec<String>>), Option<String>>);

impl Meant {
    fn of(&mut self, scope: &Scope<'_>, selector: &Selector, name: &str) -> Option<String> {
        let looked = scope.looked(selector);
        let services = looked.map(|it| it.into_iter().map(str::to_owned).collect());
        let help = self.0.entry((name.to_owned(), services));
        let help = help.or_insert_with(|| {
            let known = scope.names(selector);
            similar(name, &known).map(|known| format!("did you mean `{known}`?"))
        });
        help.clone()
    }
}

fn listed(services: Option<BTreeSet<&str>>) -> String {
    let services = services.into_iter().flatten();
    let quoted: Vec<String> = services.map(|service| format!("`{service}`")).collect();
    quoted.join(" or ")
}
