//! The program itself: its configuration, its metrics, its log and its end.

use crate::{
    program::{Process, address, program},
    support::{Client, profile},
};

#[test]
fn counts_and_logs_what_it_does() {
    let mut process = Process::start();
    let started = process.line_with("http_addr");
    let api = Client::new(address(&started, "http_addr"));
    let admin = Client::new(address(&started, "admin_addr"));

    let check = |samples: &[&str]| {
        let scrape = admin.get("/metrics").text;
        for sample in samples {
            assert!(
                scrape.lines().any(|line| line == *sample),
                "{sample} in {scrape}"
            );
        }
    };
    check(&[
        "users_stored 0",
        "user_changes_total{change=\"created\"} 0",
        "user_changes_total{change=\"replaced\"} 0",
        "user_changes_total{change=\"deleted\"} 0",
    ]);

    let ada = api.create("Ada", "ada@example.com");
    let bob = api.create("Bob", "bob@example.com");
    api.post("/users", &profile("Ada", "ada@example.com"))
        .problem(409);
    assert_eq!(
        api.put(&ada, &profile("Ada King", "a@king.example")).status,
        200
    );
    assert_eq!(api.delete(&bob).status, 204);
    api.delete(&bob).problem(404);
    check(&[
        "users_stored 1",
        "user_changes_total{change=\"created\"} 2",
        "user_changes_total{change=\"replaced\"} 1",
        "user_changes_total{change=\"deleted\"} 1",
    ]);
    let scrape = admin.get("/metrics").text;
    assert!(scrape.contains("http_route=\"/users/{id}\""), "{scrape}");

    let change = process.line_with("change");
    assert_eq!(change["change"], "created");
    assert_eq!(
        format!("/users/{}", change["user_id"].as_str().unwrap()),
        ada
    );
    assert_eq!(change["correlation_id"].as_str().unwrap().len(), 36);
    assert!(!change.to_string().contains("ada@example.com"), "{change}");
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
    let output = program()
        .env("MARTY_USERS_PAGE_SIZE_MAX", "0")
        .output()
        .unwrap();
    assert!(!output.status.success());
    let message = String::from_utf8(output.stderr).unwrap();
    let expected =
        "`MARTY_USERS_PAGE_SIZE_MAX` is \"0\", but has to be a whole number from 1 to 1000";
    assert!(message.contains(expected), "{message}");
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
    program.env("MARTY_USERS_PAGE_SIZE_MAX", "20");
    let output = program.arg("--print-config").output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let mut lines = text.lines();
    let line = lines.find(|line| line.starts_with("MARTY_USERS_PAGE_SIZE_MAX = 20 "));
    assert!(
        line.is_some_and(|line| line.ends_with(" # MARTY_USERS_PAGE_SIZE_MAX")),
        "{text}"
    );
}
