//! Where services are scraped, and where they answer.

use super::{PROMETHEUS, check, contents, edited, found, project};
use crate::check::run;

const CONFIG: &str = "services/user-service/src/config.rs";

#[test]
fn a_port_that_cannot_be_read_is_a_finding() {
    let message = "`ADMIN_PORT` of `user-service` cannot be read from its sources";
    let help = "write it as a number: `pub const ADMIN_PORT: u16 = …;`";
    let unreadable = ("scrape-mismatch", "ADMIN_PORT", message, Some(help));
    check(CONFIG, "9081", "9080 + 1", &[unreadable]);
    check(
        CONFIG,
        "ADMIN_PORT",
        "PORT_OF_ADMIN",
        &[("scrape-mismatch", "", message, Some(help))],
    );
    for (to, at, message) in [
        ("", "user-service", "`user-service` has no `admin-port`"),
        (
            "admin-port = \"9081\"\n",
            "\"9081\"",
            "`admin-port` is not a port",
        ),
        (
            "admin-port = 99081\n",
            "99081",
            "`admin-port` is not a port",
        ),
    ] {
        let expected = [("scrape-mismatch", at, message, None)];
        check("marty.toml", "admin-port = 9081\n", to, &expected);
    }
}

#[test]
fn a_port_that_is_given_away_twice_is_found_at_its_second_place() {
    let twice = |from: &str, to: &str| {
        let mut files = project();
        for (_, text) in &mut files {
            *text = text.replace(from, to);
        }
        let manifest = &mut files[0].1;
        let order = "[services.order-service]\nhttp-port = 8082\nadmin-port = 9082\n";
        manifest.push_str(order);
        let contents = contents(files);
        let text = &contents.files[0].source.text;
        let line = |at: usize| text[..at].lines().count();
        let findings = run(&contents).into_iter();
        let taken = findings.filter(|it| it.message.ends_with(" already"));
        taken
            .map(|it| {
                (
                    line(it.span.start),
                    line(it.related.unwrap().span.start),
                    it.message,
                )
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(twice("9081", "9081"), []);
    let own = "9081 is the `http-port` of `user-service` already".to_owned();
    assert_eq!(twice("8081", "9081"), [(3, 2, own)]);
    let other = "9082 is the `admin-port` of `user-service` already".to_owned();
    assert_eq!(twice("9081", "9082"), [(6, 3, other)]);
}

#[test]
fn the_ports_that_an_image_sets_are_compared() {
    let path = "services/user-service/Dockerfile";
    let image = |admin: &str| {
        let mut files = project();
        let text =
            format!("FROM a\nENV MARTY_HTTP_ADDR=[::]:8081 \\\n    MARTY_ADMIN_ADDR={admin}\n");
        files.push((path.to_owned(), text.clone()));
        files.sort();
        let findings = run(&contents(files)).into_iter();
        findings
            .map(|it| (it.path, text[it.span].to_owned(), it.message))
            .collect::<Vec<_>>()
    };
    assert_eq!(image("0.0.0.0:9081"), []);
    assert_eq!(image("0.0.0.0:$PORT"), []);
    let message = "`MARTY_ADMIN_ADDR` has port 9999, and `marty.toml` says 9081".to_owned();
    let wrong = (path.to_owned(), "0.0.0.0:9999".to_owned(), message);
    assert_eq!(image("0.0.0.0:9999"), [wrong]);
}

#[test]
fn ports_are_found_in_whichever_file_of_the_service() {
    let moved = |from: &str, to: &str| {
        let mut contents = edited(CONFIG, from, to);
        let mut files = contents.files.iter_mut();
        let file = files.find(|it| it.source.path == CONFIG).unwrap();
        file.source.path = "services/user-service/src/settings.rs".to_owned();
        let findings = run(&contents).into_iter();
        findings.map(|it| (it.path, it.message)).collect::<Vec<_>>()
    };
    assert_eq!(moved("9081", "9081"), []);
    let wrong = "`ADMIN_PORT` is 9082, and `marty.toml` says 9081".to_owned();
    let settings = "services/user-service/src/settings.rs".to_owned();
    assert_eq!(moved("9081", "9082"), [(settings, wrong)]);
    let lost = "`ADMIN_PORT` of `user-service` cannot be read from its sources".to_owned();
    assert_eq!(moved("ADMIN_PORT", "A"), [("marty.toml".to_owned(), lost)]);
}

#[test]
fn services_that_nothing_scrapes_are_found() {
    let prometheus = format!("{PROMETHEUS}/prometheus.yml");
    let mut contents = contents(project());
    contents.files.retain(|it| it.source.path != prometheus);
    let messages: Vec<_> = run(&contents).into_iter().map(|it| it.message).collect();
    assert_eq!(
        messages,
        [format!("nothing is scraped: there is no `{prometheus}`")]
    );
    let found = found(
        &format!("{PROMETHEUS}/targets/user-service.json"),
        "[\"user-service:9081\"]",
        "[]",
    );
    let messages: Vec<_> = found.iter().map(|it| it.2.as_str()).collect();
    assert_eq!(
        messages,
        ["there is no target of `user-service` in this group"]
    );
}

#[test]
fn the_path_of_metrics_is_that_of_jobs_that_scrape_services() {
    let prometheus = format!("{PROMETHEUS}/prometheus.yml");
    let probe = "scrape_configs:\n  - job_name: probe\n    metrics_path: /probe\n    \
                 file_sd_configs: [{files: [probes/*.json]}]\n";
    check(&prometheus, "scrape_configs:\n", probe, &[]);
    check(&prometheus, "    metrics_path: /metrics\n", "", &[]);
    let mut contents = edited(&prometheus, "    metrics_path: /metrics\n", "");
    let names = &mut contents.files[1].source.text;
    *names = names.replace("/metrics", "/stats");
    let findings = run(&contents);
    let [finding] = findings.as_slice() else {
        panic!("{findings:#?}");
    };
    let text = &contents
        .files
        .iter()
        .find(|file| file.source.path == prometheus)
        .unwrap()
        .source
        .text;
    assert_eq!(&text[finding.span.clone()], "all");
    assert_eq!(
        finding.message,
        "Prometheus asks `/metrics`, services answer `/stats`"
    );
}

#[test]
fn absolute_patterns_cover_files_of_that_name() {
    let prometheus = format!("{PROMETHEUS}/prometheus.yml");
    let to = "/etc/prometheus/rules/*.rules.yml";
    check(&prometheus, "rules/*.rules.yml", to, &[]);
}

#[test]
fn targets_of_other_jobs_need_no_service() {
    let mut files = project();
    let target = "[{\"targets\": [\"node:9100\"]}]".to_owned();
    files.push((format!("{PROMETHEUS}/targets/node.json"), target));
    let found = |files: Vec<(String, String)>| {
        let findings = run(&contents(files)).into_iter();
        findings.map(|it| it.message).collect::<Vec<_>>()
    };
    assert_eq!(
        found(files.clone()),
        ["these targets have no label `service`"]
    );
    let config = files.iter_mut().find(|it| it.0.ends_with("prometheus.yml"));
    let text = &mut config.unwrap().1;
    *text = text.replace("targets/*.json", "targets/*-service.json");
    *text += "  - job_name: node\n    file_sd_configs: [{files: [targets/node.json]}]\n";
    assert_eq!(found(files), [""; 0]);
}

#[test]
fn targets_of_services_that_marty_toml_has_lost_are_found() {
    let service = "[services.user-service]\nhttp-port = 8081\nadmin-port = 9081\n";
    let message = "`marty.toml` has no service `user-service`";
    check(
        "marty.toml",
        service,
        "",
        &[("scrape-mismatch", "\"user-service\"", message, None)],
    );
    let message = "`services` is not a table";
    let shape = [("syntax-error", "5", message, None)];
    check("marty.toml", service, "services = 5\n", &shape);
}

#[test]
fn targets_may_be_in_the_jobs_themselves() {
    let found = |jobs: &str| {
        let mut files = project();
        files.retain(|(path, _)| !path.contains("/targets/"));
        let config = files.iter_mut().find(|it| it.0.ends_with("prometheus.yml"));
        let text = &mut config.unwrap().1;
        let start = text.find("  - job_name").unwrap();
        text.replace_range(start.., jobs);
        let findings = run(&contents(files)).into_iter();
        findings.map(|it| it.message).collect::<Vec<_>>()
    };
    let group = |targets: &str| {
        format!("static_configs: [{{targets: [{targets}], labels: {{service: user-service}}}}]")
    };
    let right = format!("  - {}\n", group("'user-service:9081'"));
    let port = "this target has port 9082, and `user-service` answers on 9081";
    let path = "Prometheus asks `/probe`, services answer `/metrics`";
    let unnamed = "no target carries the label `service` with `user-service`";
    let empty = "there is no target of `user-service` in this group";
    assert_eq!(found(&right), [""; 0]);
    assert_eq!(found(&right.replace("9081", "9082")), [port]);
    assert_eq!(found(&right.replace("user-service}", "user}")), [unnamed]);
    assert_eq!(found(&format!("  - {}\n", group(""))), [empty]);
    let probed = format!("{right}    metrics_path: /probe\n");
    assert_eq!(found(&probed), [path]);
    // What else answers in the service's name, and what is asked about it, is left alone.
    let proxy = group("'user-service:9901'");
    let node = "static_configs: [{targets: ['node:9100']}]";
    for beside in [
        format!("{right}  - metrics_path: /stats\n    {proxy}\n"),
        format!("{right}  - metrics_path: /probe\n    {node}\n"),
        format!("{probed}    relabel_configs: [{{target_label: __address__, replacement: a}}]\n"),
    ] {
        assert_eq!(found(&beside), [""; 0], "{beside}");
    }
}
