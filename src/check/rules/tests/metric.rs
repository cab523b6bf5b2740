//! Which metrics and labels there are, and what queries look at.

use super::{DASHBOARD, PROMETHEUS, check, contents, edited, found, project, rules_file};
use crate::check::run;

/// A project of two services of which both export `jobs_total`, with different labels, and the
/// second has the dashboard with `query`.
#[track_caller]
fn of_two_services(query: &str) -> Vec<String> {
    let mut files = project();
    files[0].1 += "[services.order-service]\nhttp-port = 8082\nadmin-port = 9082\n";
    let metric = |labels: &str| {
        format!(
            "pub static JOBS: CounterFamily<Job> = counter!(\"jobs\", \"Jobs.\");\n\
             fn told(service: Service) -> Service {{ service.metric(&JOBS) }}\n\
             impl Labels for Job {{ const NAMES: &'static [&'static str] = &[\"{labels}\"]; }}\n"
        )
    };
    let orders = "services/order-service";
    let config = "pub const HTTP_PORT: u16 = 8082;\npub const ADMIN_PORT: u16 = 9082;\n";
    let targets = files[7].1.replace("user-service", "order-service");
    files[3].1 += &metric("kind");
    files.extend([
        (format!("{orders}/src/config.rs"), config.to_owned()),
        (format!("{orders}/src/metrics.rs"), metric("size")),
        (
            format!("{orders}/observability/dashboards/jobs.json"),
            format!("{{\"panels\": [{{\"targets\": [{{\"expr\": \"{query}\"}}]}}]}}"),
        ),
        (
            format!("{PROMETHEUS}/targets/order-service.json"),
            targets.replace("9081", "9082"),
        ),
    ]);
    let findings = run(&contents(files)).into_iter();
    findings.map(|finding| finding.message).collect()
}

#[test]
fn a_query_looks_at_the_services_that_its_matchers_take() {
    let elsewhere = ["`users_created_total` is exported by `user-service`, not by `order-service`"];
    for matchers in [
        "",
        "{service=\\\"order-service\\\"}",
        "{service=~\\\"order.*\\\"}",
        "{service!~\\\"user.+\\\"}",
        "{service!=\\\"user-service\\\"}",
    ] {
        let query = format!("users_created_total{matchers}");
        assert_eq!(of_two_services(&query), elsewhere, "{matchers}");
    }
    for matchers in [
        "{service=\\\"user-service\\\"}",
        "{service=~\\\"user.*\\\"}",
        "{service=~\\\"user-service|order-service\\\"}",
        "{job=~\\\"use.-service\\\"}",
        "{service!=\\\"order-service\\\"}",
        "{service=~\\\"$service\\\"}",
        "{service=\\\"$service\\\"}",
    ] {
        let query = format!("users_created_total{matchers}");
        assert_eq!(of_two_services(&query), [""; 0], "{matchers}");
    }
    // As in Prometheus, a regular expression is about the whole value.
    let query = "users_created_total{service=~\\\"user|order-service\\\"}";
    assert_eq!(of_two_services(query), elsewhere);
}

#[test]
fn a_metric_of_several_services_has_the_labels_of_each() {
    let by =
        |matchers: &str| of_two_services(&format!("sum by (kind, size) (jobs_total{matchers})"));
    assert_eq!(by("{service=~\\\".+\\\"}"), [""; 0]);
    assert_eq!(by(""), ["the series here have no label `kind`"]);
}

#[test]
fn metrics_of_something_else_are_taken_as_given() {
    let queried = |listed: &str| {
        let query = "sum by (cpu) (rate(node_cpu_seconds_total[5m])) + pg_up";
        let mut contents = edited(DASHBOARD, "sum(users_created_total)", query);
        contents.files[0].source.text += listed;
        let findings = run(&contents).into_iter();
        findings.map(|it| it.message).collect::<Vec<_>>()
    };
    let nothing = ["node_cpu_seconds_total", "pg_up"].map(|it| format!("nothing exports `{it}`"));
    assert_eq!(queried(""), nothing);
    assert_eq!(
        queried("[check]\nexternal-metrics = [\"node_*\", \"redis_*\"]\n"),
        nothing[1..]
    );
    let both = "[check]\nexternal-metrics = [\"node_cpu_*_total\", \"pg_u?\"]\n";
    assert_eq!(queried(both), [""; 0]);
}

#[test]
fn queries_of_runbooks_and_of_texts_are_held_to_the_contract() {
    let runbook = "services/user-service/observability/runbooks/no-sign-ups.md";
    for query in [
        "sum(users_create_total",
        "users_create_total",
        "sum by (result) (users_created_total)",
    ] {
        let block = format!("# No sign-ups\n\n```promql\n{query}\n```\n\n```sh\n{query}\n```");
        let in_runbook = found(runbook, "# No sign-ups", &block);
        let action = format!("{{{{ query `{query}` }}}}");
        let in_text = found(&rules_file(), "makes no users", &action);
        let in_panel = found(DASHBOARD, "sum(users_created_total)", query);
        assert_eq!(in_runbook.len(), 1, "{in_runbook:?}");
        assert_eq!(in_runbook, in_panel);
        assert_eq!(in_text, in_panel);
    }
}

#[test]
fn a_family_behind_an_alias_or_made_at_its_first_use_is_known() {
    let metrics = "services/user-service/src/metrics.rs";
    let declaration =
        "pub static CREATED: CounterFamily<Outcome> = counter!(\"users_created\", \"Users.\");\n";
    let (alias, late) = (
        "type Created = CounterFamily<Outcome>;\n",
        "LazyLock::new(|| CounterFamily::counter(\"users_created_total\", \"Users.\"))",
    );
    for other in [
        format!("pub static CREATED: Created = counter!(\"users_created\", \"\");\n{alias}"),
        format!("{alias}pub static CREATED: LazyLock<Created> = {late};\n"),
        format!("pub static CREATED: LazyLock<CounterFamily<Outcome>> = {late};\n"),
        format!("pub static CREATED: &LazyLock<CounterFamily<Outcome>> = &{late};\n"),
        "use other::Created;\npub static CREATED: Created = \
         Created::counter(\"users_created_total\", \"\");\n"
            .to_owned(),
    ] {
        check(metrics, declaration, &other, &[]);
    }
    for (other, at) in [
        (
            format!("{alias}pub static CREATED: Created = make();\n"),
            "make()",
        ),
        (
            "pub static CREATED: OnceLock<CounterFamily> = OnceLock::new();\n".to_owned(),
            "OnceLock::new()",
        ),
    ] {
        let found = found(metrics, declaration, &other);
        let found: Vec<_> = found.iter().map(|it| (it.0, it.1.as_str())).collect();
        assert_eq!(found, [("unknown-metric", at)]);
    }
}

#[test]
fn a_family_that_only_tests_hand_on_is_in_no_scrape() {
    let message = "nothing exports `users_created_total`: the service is not told of `CREATED`";
    let metrics = "services/user-service/src/metrics.rs";
    let told = "service.metric(&CREATED) }";
    for silent in [
        "service }",
        "service }\nfn made() { CREATED.with(&labels, Counter::inc); (CREATED).inc() }",
        "service }\n#[cfg(test)]\nmod tests { fn told() { service().metric(&CREATED) } }",
        "service }\n// .metric(&CREATED)",
    ] {
        let found = found(metrics, told, silent);
        let messages: Vec<_> = found.iter().map(|it| (it.0, it.2.as_str())).collect();
        assert_eq!(messages, [("unexported-metric", message)], "{silent}");
    }
    for telling in [
        "service.metric(&metrics::CREATED) }",
        "service.metric(CREATED) }",
        "service.metric(&*CREATED) }",
        "service }\nstatic ALL: &[&dyn Collect] = &[&CREATED];",
        "service }\nuse crate::metrics::CREATED as MADE;\nfn told() { service().metric(&MADE) }",
        "service }\nfn told() { told!(service, CREATED) }",
    ] {
        check(metrics, told, telling, &[]);
    }
}
