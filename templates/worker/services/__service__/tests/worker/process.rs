//! The program itself: its configuration, its metrics and its end.

use crate::{
    program::{Process, address, program},
    support::Client,
};

#[test]
fn waits_for_events_within_the_process() {
    let mut process = Process::start();
    let started = process.line_with("http_addr");
    let admin = Client::new(address(&started, "admin_addr"));
    assert_eq!(admin.get("/readyz").0, 200);
    let (_, scrape) = admin.get("/metrics");
    for sample in [
        "directory_users 0",
        "directory_changes_total{change=\"entered\"} 0",
        "directory_changes_total{change=\"removed\"} 0",
    ] {
        assert!(
            scrape.lines().any(|line| line == sample),
            "{sample} in {scrape}"
        );
    }
}

#[cfg(unix)]
#[test]
fn ends_well_when_it_is_told_to() {
    let mut process = Process::start();
    process.line_with("http_addr");
    assert!(process.terminate());
}

#[test]
fn says_which_variable_it_cannot_use() {
    for (variable, value) in [
        ("MARTY_EVENTS_REMEMBERED", "0"),
        ("MARTY_EVENTS_TRANSPORT", "pigeon"),
        ("MARTY_PII_KEYS", "secret"),
    ] {
        let output = program().env(variable, value).output().unwrap();
        assert!(!output.status.success());
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(message.contains(&format!("`{variable}` is ")), "{message}");
    }
}

/// It does not begin to work somewhere else than it was told to.
#[cfg(not(feature = "kafka"))]
#[test]
fn says_what_it_has_to_be_built_with_for_kafka() {
    let output = program()
        .env("MARTY_EVENTS_TRANSPORT", "kafka")
        .output()
        .unwrap();
    assert!(!output.status.success());
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("the feature `kafka`"), "{message}");
}

#[test]
fn ends_when_it_is_told_what_it_does_not_know() {
    let output = program().arg("--print-confg").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(
        message.contains("unknown argument `--print-confg`"),
        "{message}"
    );
}

#[test]
fn prints_its_settings_and_where_they_came_from() {
    let mut program = program();
    program.env("MARTY_EVENTS_REMEMBERED", "20");
    let output = program.arg("--print-config").output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let mut lines = text.lines();
    let line = lines.find(|line| line.starts_with("MARTY_EVENTS_REMEMBERED = 20 "));
    assert!(
        line.is_some_and(|line| line.ends_with(" # MARTY_EVENTS_REMEMBERED")),
        "{text}"
    );
}
