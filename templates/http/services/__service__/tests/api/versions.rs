//! A change that starts from an old state of a user is refused, if its caller asks for that.

use crate::support::{Answer, Client, JSON, TestService, profile};

fn replace_if(api: &Client, path: &str, etag: &str) -> Answer {
    let headers = [JSON[0], ("if-match", etag)];
    let body = profile("Ada King", "ada@example.com").to_string();
    api.send("PUT", path, &headers, &body)
}

fn delete_if(api: &Client, path: &str, etag: &str) -> Answer {
    api.send("DELETE", path, &[("if-match", etag)], "")
}

#[test]
fn refuses_a_change_of_a_user_who_was_changed_in_between() {
    let service = TestService::start();
    let api = &service.api;
    let path = api.create("Ada", "ada@example.com");
    let seen = api.get(&path).header("etag").to_owned();

    let first = replace_if(api, &path, &seen);
    assert_eq!(first.status, 200);
    assert_ne!(first.header("etag"), seen);

    replace_if(api, &path, &seen).problem(412);
    delete_if(api, &path, &seen).problem(412);
    assert_eq!(delete_if(api, &path, first.header("etag")).status, 204);
    service.stop();
}

#[test]
fn makes_a_change_of_a_user_in_one_of_the_states_that_are_listed() {
    let service = TestService::start();
    let api = &service.api;
    let path = api.create("Ada", "ada@example.com");
    assert_eq!(replace_if(api, &path, "\"9\", \"1\"").status, 200);
    let lines = [("if-match", "\"other\""), ("if-match", "\"2\"")];
    assert_eq!(api.send("DELETE", &path, &lines, "").status, 204);
    service.stop();
}

#[test]
fn takes_any_state_that_the_caller_takes() {
    let service = TestService::start();
    let api = &service.api;
    let path = api.create("Ada", "ada@example.com");
    assert_eq!(replace_if(api, &path, "*").status, 200);
    assert_eq!(delete_if(api, &path, "*").status, 204);
    delete_if(api, &path, "*").problem(404);
    service.stop();
}

#[test]
fn refuses_a_tag_that_it_never_gave() {
    let service = TestService::start();
    let api = &service.api;
    let path = api.create("Ada", "ada@example.com");
    for tag in ["\"9\"", "W/\"1\"", "\"+1\"", "\"one\"", "1"] {
        replace_if(api, &path, tag).problem(412);
        delete_if(api, &path, tag).problem(412);
    }
    assert_eq!(api.get(&path).json()["name"], "Ada");
    service.stop();
}
