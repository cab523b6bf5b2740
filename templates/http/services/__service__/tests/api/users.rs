//! Users are created, read, replaced and deleted, and no two have the same e-mail address.

use std::thread;

use serde_json::json;

use crate::support::{TestService, profile};

#[test]
fn keeps_a_user_from_creation_to_deletion() {
    let service = TestService::start();
    let api = &service.api;

    let created = api.post("/users", &profile(" Ada Lovelace ", "Ada@Example.com"));
    assert_eq!(created.status, 201);
    let path = created.header("location");
    let id = path.strip_prefix("/users/").unwrap();
    let ada = json!({ "id": id, "name": "Ada Lovelace", "email": "ada@example.com" });
    assert_eq!(created.json(), ada);

    let read = api.get(path);
    assert_eq!((read.status, read.json()), (200, ada));

    let replaced = api.put(path, &profile("Ada King", "ada@king.example"));
    let king = json!({ "id": id, "name": "Ada King", "email": "ada@king.example" });
    assert_eq!((replaced.status, replaced.json()), (200, king.clone()));
    assert_eq!(api.get(path).json(), king);

    let deleted = api.delete(path);
    assert_eq!((deleted.status, &*deleted.text), (204, ""));
    api.get(path).problem(404);
    api.delete(path).problem(404);
    api.put(path, &profile("Ada", "ada@example.com"))
        .problem(404);
    service.stop();
}

#[test]
fn refuses_an_address_that_another_user_has() {
    let service = TestService::start();
    let api = &service.api;
    api.create("Ada", "ada@example.com");
    let bob = api.create("Bob", "bob@example.com");

    let problem = api
        .post("/users", &profile("Other", "ADA@example.com"))
        .problem(409);
    assert_eq!(problem["type"], "/problems/email-taken");
    api.put(&bob, &profile("Bob", "ada@example.com"))
        .problem(409);

    let kept = api.put(&bob, &profile("Robert", "bob@example.com"));
    assert_eq!(kept.status, 200);
    service.stop();
}

#[test]
fn gives_an_address_to_one_of_many_that_ask_at_once() {
    let service = TestService::start();
    let statuses: Vec<u16> = thread::scope(|scope| {
        let callers: Vec<_> = (0..16)
            .map(|_| {
                scope.spawn(|| {
                    service
                        .api
                        .post("/users", &profile("Ada", "ada@example.com"))
                })
            })
            .collect();
        let answers = callers.into_iter().map(|caller| caller.join().unwrap());
        answers.map(|answer| answer.status).collect()
    });
    let count = |status| statuses.iter().filter(|seen| **seen == status).count();
    assert_eq!((count(201), count(409)), (1, 15), "{statuses:?}");
    let list = service.api.get("/users").json();
    assert_eq!(list["users"].as_array().unwrap().len(), 1);
    service.stop();
}
