//! `marty new`: every flag, every answer to bad input.

use std::process::Command;

use insta::assert_snapshot;

use crate::sandbox::{Sandbox, files, listing, tree};

/// What a run came to and which files are there afterwards.
#[track_caller]
fn run(sandbox: &Sandbox, command: &mut Command) -> String {
    let outcome = sandbox.outcome(command);
    format!("{outcome}--- files\n{}", listing(&sandbox.tree()))
}

/// A run that must leave the sandbox as it was.
#[track_caller]
fn refused(sandbox: &Sandbox, command: &mut Command) -> String {
    let before = sandbox.tree();
    let outcome = sandbox.outcome(command);
    assert_eq!(sandbox.tree(), before, "something was written\n{outcome}");
    outcome
}

#[test]
fn makes_a_project() {
    let sandbox = Sandbox::new();
    assert_snapshot!(run(&sandbox, &mut sandbox.marty(["new", "user-service"])));
}

#[test]
fn makes_a_project_in_a_directory_of_another_name() {
    let sandbox = Sandbox::new();
    let outcome = sandbox.outcome(&mut sandbox.marty(["new", "user-service", "--dir", "a b/shop"]));
    assert_snapshot!(outcome);
    assert!(
        sandbox
            .read("a b/shop/marty.toml")
            .contains("name = \"shop\"")
    );
    assert!(
        sandbox
            .join("a b/shop/services/user-service/Cargo.toml")
            .is_file()
    );
}

#[test]
fn makes_a_project_in_an_empty_repository() {
    let sandbox = Sandbox::new();
    sandbox.write(".git/HEAD", "ref: refs/heads/main\n");
    let mut command = sandbox.marty(["new", "user-service", "--dir", "."]);
    assert!(command.output().unwrap().status.success());
    assert!(sandbox.join("marty.toml").is_file());
}

#[test]
fn adds_a_service_to_the_project_around() {
    let sandbox = Sandbox::with_project();
    let mut command = sandbox.marty_in("shop/services/user-service/src", ["new", "order-service"]);
    assert_snapshot!(run(&sandbox, &mut command));
    assert_snapshot!("adds_a_service_marty_toml", sandbox.read("shop/marty.toml"));
}

#[test]
fn adds_a_service_to_the_project_that_is_named() {
    let sandbox = Sandbox::with_project();
    let mut command = sandbox.marty(["new", "order-service", "--dir", "shop"]);
    assert_snapshot!(sandbox.outcome(&mut command));
}

/// A service is added only to a project that was named or that is around.
#[test]
fn a_project_that_is_called_like_the_service_is_left_alone() {
    let sandbox = Sandbox::with_project();
    for arguments in [&["new", "shop"][..], &["new", "shop", "--dry-run"]] {
        let outcome = refused(&sandbox, &mut sandbox.marty(arguments));
        let expected = "status: 2\n--- stdout\n--- stderr\nerror: `shop` is a project already\n\
            hint: `--dir shop` adds the service to it\n";
        assert_eq!(outcome, expected);
    }
    let mut named = sandbox.marty(["new", "shop", "--dir", "shop"]);
    assert!(named.output().unwrap().status.success());
    assert!(sandbox.join("shop/services/shop").is_dir());
}

#[test]
fn a_dry_run_prints_the_plan() {
    let sandbox = Sandbox::new();
    assert_snapshot!(refused(
        &sandbox,
        &mut sandbox.marty(["new", "user-service", "--dry-run"])
    ));
}

#[test]
fn a_dry_run_in_a_project_prints_what_changes() {
    let sandbox = Sandbox::with_project();
    let mut command = sandbox.marty_in("shop", ["new", "order-service", "--dry-run"]);
    assert_snapshot!(refused(&sandbox, &mut command));
}

#[test]
fn a_diff_can_be_applied() {
    let sandbox = Sandbox::with_project();
    let mut command = sandbox.marty_in("shop", ["new", "order-service", "--diff"]);
    let before = sandbox.tree();
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(sandbox.tree(), before);
    let diff = String::from_utf8(output.stdout).unwrap();
    let text: String = diff
        .split_inclusive('\n')
        .filter(|line| !line.starts_with("Binary files "))
        .collect();
    sandbox.write("order.patch", &text);
    let patched = Command::new("git")
        .args(["apply", "--unsafe-paths", "../order.patch"])
        .current_dir(sandbox.join("shop"))
        .output()
        .unwrap();
    assert!(
        patched.status.success(),
        "{}",
        String::from_utf8_lossy(&patched.stderr)
    );
    let made = Sandbox::with_project();
    made.marty_in("shop", ["new", "order-service"])
        .output()
        .unwrap();
    let mut expected = tree(&made.join("shop"));
    let mut patched = tree(&sandbox.join("shop"));
    for tree in [&mut expected, &mut patched] {
        tree.retain(|path, _| !path.starts_with(".marty/base/"));
    }
    assert_eq!(patched, expected);
}

#[test]
fn json_is_all_there_is_on_stdout() {
    let sandbox = Sandbox::new();
    let output = sandbox
        .marty(["new", "user-service", "--json"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let outcome = checked_by_the_schema(&output.stdout);
    assert_eq!(outcome["applied"], true);
    let changes = outcome["changes"].as_array().unwrap();
    let made = tree(&sandbox.join("user-service"));
    assert_eq!(changes.len(), files(&made));
    for change in changes {
        let content = made[change["path"].as_str().unwrap()].content();
        assert_eq!(change["bytes"], content.len());
    }
}

#[test]
fn a_dry_run_as_json_is_a_plan() {
    let sandbox = Sandbox::with_project();
    let before = sandbox.tree();
    let arguments = ["new", "order-service", "--dry-run", "--json"];
    let output = sandbox.marty_in("shop", arguments).output().unwrap();
    assert_eq!(sandbox.tree(), before);
    let plan = checked_by_the_schema(&output.stdout);
    assert_eq!(plan["applied"], false);
    assert_eq!(plan["new_project"], false);
    assert_eq!(plan["service"]["http_port"], 8082);
}

#[track_caller]
pub(crate) fn checked_by_the_schema(text: &[u8]) -> serde_json::Value {
    let value: serde_json::Value = serde_json::from_slice(text).unwrap();
    let schema = include_str!("../../docs/schema/plan.schema.json");
    let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<String> = validator
        .iter_errors(&value)
        .map(|fault| fault.to_string())
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
    value
}

#[test]
fn the_same_answers_make_the_same_bytes() {
    let (one, other) = (Sandbox::with_project(), Sandbox::with_project());
    for sandbox in [&one, &other] {
        sandbox
            .marty_in("shop", ["new", "order-service"])
            .output()
            .unwrap();
    }
    assert_eq!(one.tree(), other.tree());
}

#[test]
fn diff_and_json_exclude_each_other() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.marty(["new", "user-service", "--diff", "--json"]);
    assert_snapshot!(refused(&sandbox, &mut command));
}

#[test]
fn an_unknown_kind_names_the_known_ones() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.marty(["new", "user-service", "--kind", "ftp"]);
    assert_snapshot!(refused(&sandbox, &mut command));
}

#[test]
fn without_a_name_and_a_terminal_it_says_what_is_missing() {
    let sandbox = Sandbox::new();
    assert_snapshot!(refused(&sandbox, &mut sandbox.marty(["new"])));
}

#[test]
fn a_name_that_will_not_do_is_answered_with_one_that_would() {
    let sandbox = Sandbox::new();
    let long = "x".repeat(64);
    let names = [
        "",
        "UserService",
        "user_service",
        "a/b",
        "../evil",
        "..",
        "naïve",
        "match",
        "std",
        "test",
        "-",
        "a--b",
        "2fa",
        "tokio",
        "serde-json",
        "marty-runtime",
        "con",
        &long,
    ];
    let answers: Vec<String> = names
        .iter()
        .map(|name| {
            let arguments = ["new", "--no-input", "--", name];
            format!(
                "=== `{name}`\n{}",
                refused(&sandbox, &mut sandbox.marty(arguments))
            )
        })
        .collect();
    assert_snapshot!(answers.concat());
}

#[test]
fn a_directory_that_is_not_empty_is_left_alone() {
    let sandbox = Sandbox::new();
    sandbox.write("user-service/README.md", "mine\n");
    sandbox.write("user-service/src/main.rs", "mine\n");
    assert_snapshot!(refused(
        &sandbox,
        &mut sandbox.marty(["new", "user-service"])
    ));
    let other = Sandbox::new();
    for name in ["a", "b", "c", "d", "e", "f", "g"] {
        other.write(&format!("user-service/{name}"), "mine\n");
    }
    let outcome = refused(&other, &mut other.marty(["new", "user-service"]));
    assert_snapshot!("a_directory_with_other_things_is_left_alone", outcome);
}

#[test]
fn a_file_in_place_of_the_directory_is_left_alone() {
    let sandbox = Sandbox::new();
    sandbox.write("user-service", "mine\n");
    assert_snapshot!(refused(
        &sandbox,
        &mut sandbox.marty(["new", "user-service"])
    ));
}

#[test]
fn a_service_that_is_there_is_left_alone() {
    let sandbox = Sandbox::with_project();
    let mut command = sandbox.marty_in("shop", ["new", "user-service"]);
    assert_snapshot!(refused(&sandbox, &mut command));
}

#[test]
fn anything_in_the_service_s_folder_is_left_alone() {
    let sandbox = Sandbox::with_project();
    sandbox.write("shop/services/order-service/notes.txt", "mine\n");
    let mut command = sandbox.marty_in("shop", ["new", "order-service"]);
    assert_snapshot!(refused(&sandbox, &mut command));
    let sandbox = Sandbox::with_project();
    std::fs::rename(sandbox.join("shop/services"), sandbox.join("shop/old")).unwrap();
    sandbox.write("shop/services", "mine\n");
    let mut command = sandbox.marty_in("shop", ["new", "order-service"]);
    let outcome = refused(&sandbox, &mut command);
    assert_snapshot!("a_file_in_place_of_a_folder_is_left_alone", outcome);
}

#[test]
fn a_crate_that_the_project_builds_with_is_left_alone() {
    let sandbox = Sandbox::with_project();
    let lock = sandbox.read("shop/Cargo.lock");
    let own = "\n[[package]]\nname = \"billing\"\nversion = \"0.1.0\"\n";
    sandbox.write("shop/Cargo.lock", &format!("{lock}{own}"));
    let mut command = sandbox.marty_in("shop", ["new", "billing"]);
    assert_snapshot!(refused(&sandbox, &mut command));
}

#[test]
fn a_crate_that_cargo_has_not_locked_yet_is_left_alone() {
    for lock in [true, false] {
        let sandbox = Sandbox::with_project();
        sandbox.write(
            "shop/crates/money/Cargo.toml",
            "[package]\nname = \"billing\"\nversion = \"0.1.0\"\n",
        );
        if !lock {
            std::fs::remove_file(sandbox.join("shop/Cargo.lock")).unwrap();
        }
        let mut command = sandbox.marty_in("shop", ["new", "billing"]);
        let outcome = refused(&sandbox, &mut command);
        assert!(
            outcome.contains("`billing` is already a crate"),
            "{outcome}"
        );
    }
}

/// Cargo knows the new service: its members need not be patterns.
#[test]
fn a_service_becomes_a_member_where_members_are_listed() {
    let sandbox = Sandbox::with_project();
    let manifest = sandbox.read("shop/Cargo.toml");
    let pattern = r#"members = ["crates/*", "services/*"]"#;
    assert!(manifest.contains(pattern));
    let listed = |more: &str| {
        let list = format!(r#"members = ["services/user-service", "crates/*"{more}]"#);
        manifest.replace(pattern, &list)
    };
    sandbox.write("shop/Cargo.toml", &listed(""));
    let made = sandbox.marty_in("shop", ["new", "b"]).output().unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    assert_eq!(sandbox.read("shop/Cargo.toml"), listed(r#", "services/b""#));
}

#[test]
fn a_service_that_was_removed_can_be_made_again() {
    let sandbox = Sandbox::with_project();
    let config = sandbox.read("shop/marty.toml");
    sandbox
        .marty_in("shop", ["new", "order-service"])
        .output()
        .unwrap();
    let made = sandbox.tree();
    std::fs::remove_dir_all(sandbox.join("shop/services/order-service")).unwrap();
    for (folder, end) in [
        ("targets", "json"),
        ("rules", "rules.yml"),
        ("rules", "test.yml"),
    ] {
        let path = format!("shop/observability/monitoring/prometheus/{folder}/order-service.{end}");
        std::fs::remove_file(sandbox.join(&path)).unwrap();
    }
    sandbox.write("shop/marty.toml", &config);
    let again = sandbox
        .marty_in("shop", ["new", "order-service"])
        .output()
        .unwrap();
    assert!(
        again.status.success(),
        "{}",
        String::from_utf8_lossy(&again.stderr)
    );
    assert_eq!(sandbox.tree(), made);
}

#[test]
fn whoever_removed_a_service_s_folder_is_told_what_else_there_is_of_it() {
    let sandbox = Sandbox::with_project();
    std::fs::remove_dir_all(sandbox.join("shop/services/user-service")).unwrap();
    let mut command = sandbox.marty_in("shop", ["new", "user-service"]);
    assert_snapshot!(refused(&sandbox, &mut command));
}

#[test]
fn a_lock_that_is_not_understood_stays_as_it_is() {
    let sandbox = Sandbox::with_project();
    let lock = format!(
        "{}\n[[patch.unused]]\nname = \"a\"\nversion = \"1.0.0\"\n",
        sandbox.read("shop/Cargo.lock")
    );
    sandbox.write("shop/Cargo.lock", &lock);
    assert_snapshot!(sandbox.outcome(&mut sandbox.marty_in("shop", ["new", "order-service"])));
    assert_eq!(sandbox.read("shop/Cargo.lock"), lock);
}

#[test]
fn line_ends_of_edited_files_stay_as_they_are() {
    let sandbox = Sandbox::with_project();
    for path in ["shop/marty.toml", "shop/Cargo.lock"] {
        let text = sandbox.read(path).replace('\n', "\r\n");
        sandbox.write(path, &text);
    }
    let made = sandbox
        .marty_in("shop", ["new", "order-service"])
        .output()
        .unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    for path in ["shop/marty.toml", "shop/Cargo.lock"] {
        let text = sandbox.read(path);
        assert!(text.contains("order-service"));
        assert_eq!(
            text.matches('\n').count(),
            text.matches("\r\n").count(),
            "{path}"
        );
    }
}

#[test]
fn line_ends_that_are_mixed_stay_mixed() {
    let sandbox = Sandbox::with_project();
    let text = sandbox.read("shop/marty.toml").replacen('\n', "\r\n", 2);
    sandbox.write("shop/marty.toml", &text);
    sandbox.outcome(&mut sandbox.marty_in("shop", ["new", "order-service"]));
    let longer = sandbox.read("shop/marty.toml");
    let added = longer
        .strip_prefix(&text)
        .unwrap_or_else(|| panic!("{longer:?}"));
    assert!(
        added.starts_with("\n[services.order-service]\n"),
        "{added:?}"
    );
}

/// Whoever protected a file against changes wants none.
#[test]
fn a_file_that_is_read_only_is_left_alone() {
    for file in ["marty.toml", "Cargo.lock", ".marty/lock.toml"] {
        let sandbox = Sandbox::with_project();
        let path = sandbox.join("shop").join(file);
        let mut permissions = std::fs::metadata(&path).unwrap().permissions();
        permissions.set_readonly(true);
        std::fs::set_permissions(&path, permissions).unwrap();
        let mut command = sandbox.marty_in("shop", ["new", "order-service", "--dry-run"]);
        let outcome = refused(&sandbox, &mut command);
        let message = format!("this has to change, and is read-only: `[sandbox]/shop/{file}`");
        assert!(outcome.contains(&message), "{outcome}");
        assert!(outcome.contains("hint: make it writable"), "{outcome}");
    }
}

#[test]
fn what_would_break_a_generated_file_is_refused() {
    let faults = [
        ("name = \"shop\"", "name = \"My Shop\""),
        (
            "base-url = \"\"",
            "base-url = \"https://git.example.com/ #shop\"",
        ),
    ];
    let answers = faults.map(|(text, fault)| {
        let sandbox = Sandbox::with_project();
        let config = sandbox.read("shop/marty.toml");
        assert!(config.contains(text));
        sandbox.write("shop/marty.toml", &config.replace(text, fault));
        let mut command = sandbox.marty_in("shop", ["new", "order-service"]);
        refused(&sandbox, &mut command)
    });
    assert_snapshot!(answers.concat());
}

#[test]
fn a_project_inside_a_project_is_refused() {
    let sandbox = Sandbox::with_project();
    for dir in ["sub", "services/order-service", "services"] {
        let mut command = sandbox.marty_in("shop", ["new", "order-service", "--dir", dir]);
        let outcome = refused(&sandbox, &mut command);
        assert!(outcome.contains("hint: leave out `--dir`"), "{outcome}");
    }
    let mut command = sandbox.marty_in("shop", ["new", "order-service", "--dir", "sub"]);
    assert_snapshot!(refused(&sandbox, &mut command));
}

#[test]
fn a_directory_may_be_written_in_any_way() {
    for dir in ["nope/../shop", "./shop/", "shop/."] {
        let sandbox = Sandbox::new();
        let made = sandbox
            .marty(["new", "user-service", "--dir", dir])
            .output()
            .unwrap();
        assert!(
            made.status.success(),
            "{dir}: {}",
            String::from_utf8_lossy(&made.stderr)
        );
        assert!(
            sandbox.read("shop/marty.toml").contains("name = \"shop\""),
            "{dir}"
        );
        assert_eq!(
            std::fs::read_dir(sandbox.path()).unwrap().count(),
            1,
            "{dir}"
        );
    }
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_nowhere_is_left_alone() {
    let sandbox = Sandbox::new();
    std::os::unix::fs::symlink("nowhere", sandbox.join("shop")).unwrap();
    let mut command = sandbox.marty(["new", "user-service", "--dir", "shop"]);
    assert_snapshot!(refused(&sandbox, &mut command));
}

/// A plan that is shown can be carried out: what stands in its way is found before.
#[cfg(unix)]
#[test]
fn a_link_in_a_project_is_found_before_anything_is_planned() {
    use std::os::unix::fs::symlink;

    let answers = ["marty.toml", "Cargo.lock", ".marty/lock.toml"].map(|file| {
        let sandbox = Sandbox::with_project();
        let path = sandbox.join("shop").join(file);
        std::fs::rename(&path, sandbox.join("elsewhere")).unwrap();
        symlink(sandbox.join("elsewhere"), &path).unwrap();
        let mut command = sandbox.marty_in("shop", ["new", "order-service", "--dry-run"]);
        refused(&sandbox, &mut command)
    });
    assert_snapshot!(answers.concat());
    for folder in ["services", "observability"] {
        let sandbox = Sandbox::with_project();
        let path = sandbox.join("shop").join(folder);
        std::fs::rename(&path, sandbox.join("elsewhere")).unwrap();
        symlink("nowhere", &path).unwrap();
        let mut command = sandbox.marty_in("shop", ["new", "order-service", "--dry-run"]);
        let outcome = refused(&sandbox, &mut command);
        assert!(outcome.contains(&format!("`{folder}` exists")), "{outcome}");
    }
}

#[test]
fn files_in_the_service_s_place_are_left_alone() {
    let sandbox = Sandbox::with_project();
    sandbox.write("shop/services/order-service/Cargo.toml", "mine\n");
    sandbox.write(
        "shop/observability/monitoring/prometheus/targets/order-service.json",
        "[]\n",
    );
    let mut command = sandbox.marty_in("shop", ["new", "order-service"]);
    assert_snapshot!(refused(&sandbox, &mut command));
}

#[test]
fn a_taken_port_is_passed_over() {
    let sandbox = Sandbox::with_project();
    let config = sandbox.read("shop/marty.toml");
    let taken = "\n[services.legacy] # not made by marty\nhttp-port = 8082\nadmin-port = 9999\n";
    sandbox.write("shop/marty.toml", &format!("{config}{taken}"));
    let mut command = sandbox.marty_in("shop", ["new", "order-service"]);
    assert_snapshot!(sandbox.outcome(&mut command));
    let config = sandbox.read("shop/marty.toml");
    assert!(config.contains("[services.legacy] # not made by marty"));
    assert!(config.contains("[services.order-service]\nhttp-port = 8083\nadmin-port = 9083\n"));
}

#[test]
fn who_has_a_port_of_the_first_pair_is_named() {
    let sandbox = Sandbox::with_project();
    let config = sandbox.read("shop/marty.toml");
    let moved = config.replace("http-port = 8081", "http-port = 7000");
    sandbox.write("shop/marty.toml", &moved);
    let outcome = sandbox.outcome(&mut sandbox.marty_in("shop", ["new", "order-service"]));
    let said = "port 9081 is taken by `user-service`; this service gets 8082 and 9082\n";
    assert!(outcome.contains(said), "{outcome}");
    let moved = moved.replace("admin-port = 9081", "admin-port = 7001");
    sandbox.write("shop/marty.toml", &moved);
    let outcome = sandbox.outcome(&mut sandbox.marty_in("shop", ["new", "pay-service"]));
    assert!(!outcome.contains("taken by"), "{outcome}");
}

#[test]
fn records_that_cannot_be_read_are_named() {
    let faults = [
        ("shop/marty.toml", "[project\n"),
        ("shop/marty.toml", "services = 1\n"),
        ("shop/.marty/lock.toml", "schema = 2\n"),
    ];
    let answers = faults.map(|(path, text)| {
        let sandbox = Sandbox::with_project();
        sandbox.write(path, text);
        refused(
            &sandbox,
            &mut sandbox.marty_in("shop", ["new", "order-service"]),
        )
    });
    assert_snapshot!(answers.concat());
    let sandbox = Sandbox::with_project();
    std::fs::remove_file(sandbox.join("shop/.marty/lock.toml")).unwrap();
    let outcome = refused(
        &sandbox,
        &mut sandbox.marty_in("shop", ["new", "order-service"]),
    );
    assert_snapshot!("a_lost_record_is_named", outcome);
}

/// Root may write everywhere, so the program runs as nobody there.
#[cfg(unix)]
#[test]
fn a_directory_that_cannot_be_written_is_named() {
    use std::os::unix::fs::PermissionsExt as _;

    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.join("locked")).unwrap();
    for (directory, mode) in [("", 0o755), ("locked", 0o555)] {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(sandbox.join(directory), permissions).unwrap();
    }
    let program = sandbox.join("marty");
    std::fs::copy(env!("CARGO_BIN_EXE_marty"), &program).unwrap();
    let root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    let mut command = if root {
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .arg(&program);
        command
    } else {
        Command::new(&program)
    };
    command
        .args(["new", "user-service"])
        .current_dir(sandbox.join("locked"));
    assert_snapshot!(refused(&sandbox, &mut command));
}
