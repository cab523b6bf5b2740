//! `marty new --kind`: services of several kinds, alone and in one project.

use crate::sandbox::Sandbox;

/// Makes a service that must be made; returns what was said and its plan.
#[track_caller]
fn make(sandbox: &Sandbox, name: &str, kind: &str) -> serde_json::Value {
    let arguments = ["new", name, "--kind", kind, "--dir", "shop", "--json"];
    let output = sandbox.marty(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What becomes of a file: `create`, `update`, or nothing.
fn action<'a>(plan: &'a serde_json::Value, path: &str) -> Option<&'a str> {
    let changes = plan["changes"].as_array().unwrap();
    let change = changes.iter().find(|change| change["path"] == path)?;
    change["action"].as_str()
}

/// The names in a table of a manifest.
fn names(manifest: &str, table: &[&str]) -> Vec<String> {
    let manifest: toml_edit::DocumentMut = manifest.parse().unwrap();
    let start = manifest.as_item();
    let table = table.iter().fold(start, |item, key| &item[*key]);
    let table = table.as_table_like().unwrap();
    table.iter().map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn the_kind_is_recorded() {
    let sandbox = Sandbox::new();
    let plan = make(&sandbox, "user-service", "grpc");
    assert_eq!(plan["service"]["kind"], "grpc");
    let service = sandbox.read("shop/services/user-service/service.toml");
    assert!(service.contains("kind = \"grpc\""), "{service}");
    let lock = sandbox.read("shop/.marty/lock.toml");
    assert!(lock.contains("kind = \"grpc\""), "{lock}");
}

#[test]
fn a_project_has_only_what_its_kind_needs() {
    for (kind, there, absent) in [
        ("http", "axum", "tonic"),
        ("grpc", "tonic", "axum"),
        ("worker", "axum", "tonic"),
    ] {
        let sandbox = Sandbox::new();
        make(&sandbox, "user-service", kind);
        let manifest = sandbox.read("shop/Cargo.toml");
        let names = names(&manifest, &["workspace", "dependencies"]);
        assert!(names.iter().any(|name| name == there), "{manifest}");
        assert!(!names.iter().any(|name| name == absent), "{manifest}");
        assert!(names.is_sorted(), "{manifest}");
    }
}

#[test]
fn a_service_of_another_kind_brings_what_it_needs_and_changes_nothing_else() {
    for (first, second) in [("http", "grpc"), ("grpc", "http"), ("grpc", "worker")] {
        let sandbox = Sandbox::new();
        make(&sandbox, "user-service", first);
        let manifest = sandbox.read("shop/Cargo.toml");
        let pinned = manifest.replace("uuid = {", "# ours\nuuid = {");
        let pinned = pinned.replace("version = \"1.29\"", "version = \"=1.29.0\"");
        sandbox.write("shop/Cargo.toml", &pinned);
        let plan = make(&sandbox, "order-service", second);
        assert_eq!(action(&plan, "Cargo.toml"), Some("update"));
        assert_eq!(action(&plan, "Cargo.lock"), Some("update"));
        let manifest = sandbox.read("shop/Cargo.toml");
        let mut lines = manifest.lines();
        for line in pinned.lines() {
            assert!(
                lines.any(|own| own == line),
                "`{line}` is not in {manifest}"
            );
        }
        let known = names(&manifest, &["workspace", "dependencies"]);
        let needed = sandbox.read("shop/services/order-service/Cargo.toml");
        for table in ["dependencies", "dev-dependencies"] {
            for name in names(&needed, &[table]) {
                assert!(known.contains(&name), "`{name}` is not in {manifest}");
            }
        }
    }
}

#[test]
fn a_service_of_a_kind_that_is_there_leaves_the_manifest_alone() {
    for kind in ["http", "grpc", "worker"] {
        let sandbox = Sandbox::new();
        make(&sandbox, "user-service", kind);
        let plan = make(&sandbox, "order-service", kind);
        assert_eq!(action(&plan, "Cargo.toml"), None);
        assert_eq!(action(&plan, "Cargo.lock"), Some("update"));
    }
}

#[test]
fn a_manifest_keeps_its_line_ends() {
    let sandbox = Sandbox::with_project();
    let windows = sandbox.read("shop/Cargo.toml").replace('\n', "\r\n");
    sandbox.write("shop/Cargo.toml", &windows);
    make(&sandbox, "order-service", "grpc");
    let manifest = sandbox.read("shop/Cargo.toml");
    assert!(manifest.contains("tonic"), "{manifest}");
    assert_eq!(
        manifest.matches('\n').count(),
        manifest.matches("\r\n").count()
    );
}

#[test]
fn a_manifest_that_cannot_be_changed_or_read_stops_everything() {
    let sandbox = Sandbox::with_project();
    let path = sandbox.join("shop/Cargo.toml");
    let permissions = std::fs::metadata(&path).unwrap().permissions();
    let mut protected = permissions.clone();
    protected.set_readonly(true);
    std::fs::set_permissions(&path, protected).unwrap();
    let before = sandbox.tree();
    let arguments = ["new", "order-service", "--kind", "grpc"];
    let outcome = sandbox.outcome(&mut sandbox.marty_in("shop", arguments));
    assert_eq!(sandbox.tree(), before);
    let message = "this has to change, and is read-only: `[sandbox]/shop/Cargo.toml`";
    assert!(outcome.contains(message), "{outcome}");

    std::fs::set_permissions(&path, permissions).unwrap();
    sandbox.write("shop/Cargo.toml", "[workspace\n");
    let before = sandbox.tree();
    let outcome = sandbox.outcome(&mut sandbox.marty_in("shop", arguments));
    assert_eq!(sandbox.tree(), before);
    let message = "cannot understand `[sandbox]/shop/Cargo.toml`";
    assert!(outcome.contains(message), "{outcome}");
}

#[test]
fn the_checks_find_nothing_in_a_project_of_several_kinds() {
    let sandbox = Sandbox::new();
    make(&sandbox, "user-service", "grpc");
    make(&sandbox, "order-service", "http");
    let outcome = sandbox.outcome(&mut sandbox.marty_in("shop", ["check"]));
    assert!(outcome.starts_with("status: 0\n"), "{outcome}");
}
