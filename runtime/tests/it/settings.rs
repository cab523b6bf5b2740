//! Where settings come from, and what is said of them.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Output},
};

use marty_runtime::{
    Config, ConfigError, Ports, Service,
    config::{Lookup, Secret},
};
use serde_json::Value;

use crate::process::hello;

const PORTS: Ports = Ports {
    http: 8081,
    admin: 9081,
};

/// A file of its own for each test.
fn file(name: &str, text: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, text).unwrap();
    path
}

fn lookup(variables: &[(&str, &str)]) -> Lookup {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let variables: BTreeMap<String, String> = variables.iter().map(owned).collect();
    Lookup::new(move |name| variables.get(name).cloned())
}

fn config(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::read(PORTS, &lookup(variables))
}

#[test]
fn goes_from_opentelemetry_s_variable_to_ours_to_the_file_to_the_default() {
    let path = file(
        "layers.toml",
        "environment = \"from-file\"\nmax_connections = 7\nrequest_timeout = \"2s\"\n",
    );
    let path = path.to_str().unwrap();
    let mut variables = vec![("MARTY_CONFIG_FILE", path)];
    let read = config(&variables).unwrap();
    assert_eq!(
        (read.environment.as_str(), read.max_connections),
        ("from-file", 7)
    );
    assert_eq!(read.request_timeout.as_secs(), 2);
    assert_eq!(read.drain_grace.as_secs(), 5);
    variables.push(("MARTY_ENVIRONMENT", "from-ours"));
    variables.push(("MARTY_SERVICE_NAME", "ours"));
    let read = config(&variables).unwrap();
    assert_eq!(read.environment, "from-ours");
    assert_eq!(read.service_name.as_deref(), Some("ours"));
    variables.push((
        "OTEL_RESOURCE_ATTRIBUTES",
        "deployment.environment.name=from-otel,service.name=attribute,team=payments",
    ));
    let read = config(&variables).unwrap();
    assert_eq!(read.environment, "from-otel");
    assert_eq!(read.service_name.as_deref(), Some("attribute"));
    assert_eq!(read.resource_attributes.get("team"), Some("payments"));
    variables.push(("OTEL_SERVICE_NAME", "otel"));
    let read = config(&variables).unwrap();
    assert_eq!(read.service_name.as_deref(), Some("otel"));
}

#[test]
fn names_file_line_and_key_of_a_value_that_cannot_be_used() {
    #[track_caller]
    fn check(name: &str, text: &str, expected: &str) {
        let path = file(name, text);
        let path = path.to_str().unwrap();
        let error = config(&[("MARTY_CONFIG_FILE", path)]).unwrap_err();
        let expected = expected.replace("FILE", path);
        assert!(error.to_string().starts_with(&expected), "{error}");
    }
    check(
        "value.toml",
        "\nmax_connections = 0\n",
        "`max_connections` in `FILE:2` is \"0\", but has to be a whole number from 1 to 1000000",
    );
    check(
        "list.toml",
        "environment = [\"production\"]",
        "`environment` in `FILE:1` is \"a list, a table or a date\", but has to be text",
    );
    check(
        "syntax.toml",
        "a = 1\nb = = 2\n",
        "`FILE:2` cannot be understood: ",
    );
    check(
        "secret.toml",
        "admin_token = \"hunter2\"\n",
        "`admin_token` in `FILE:1` is a secret, which has to come from `MARTY_ADMIN_TOKEN` or from the file",
    );
}

#[test]
fn names_the_file_that_is_not_there() {
    let error = config(&[("MARTY_CONFIG_FILE", "/nowhere/app.toml")]).unwrap_err();
    let text = format!("{error:?}");
    let expected = "cannot read `/nowhere/app.toml`, which `MARTY_CONFIG_FILE` names: ";
    assert!(text.starts_with(expected), "{text}");
}

#[tokio::test]
async fn does_not_start_with_a_key_that_nothing_reads() {
    let path = file("unknown.toml", "page_size = 5\nmax_conections = 7\n");
    let lookup = lookup(&[("MARTY_CONFIG_FILE", path.to_str().unwrap())]);
    let config = Config::read(PORTS, &lookup).unwrap();
    // The service's own keys are known once they are read.
    assert_eq!(lookup.parse("MARTY_PAGE_SIZE", 50_u32).unwrap(), 5);
    let service = Service::new(marty_runtime::service_info!(), config);
    let error = service.start().await.unwrap_err();
    let expected = format!(
        "`{}:2` sets `max_conections`, which is not known; did you mean `max_connections`?",
        path.display()
    );
    assert_eq!(error.to_string(), expected);
}

fn password(variables: &[(&str, &str)]) -> Result<Option<Secret>, ConfigError> {
    lookup(variables).parse_optional("MARTY_PASSWORD")
}

#[test]
fn takes_a_secret_from_its_variable_or_from_a_file() {
    let path = file("password", "hun ter2 \n");
    let path = path.to_str().unwrap();
    let found = password(&[("MARTY_PASSWORD", "hunter2")]).unwrap();
    assert!(found.unwrap().matches("hunter2"));
    // Only the line's end is not the secret's.
    let found = password(&[("MARTY_PASSWORD_FILE", path)]).unwrap();
    assert_eq!(found.unwrap().expose(), "hun ter2 ");
    let named = file("names-password.toml", &format!("password_file = {path:?}"));
    let found = password(&[("MARTY_CONFIG_FILE", named.to_str().unwrap())]).unwrap();
    assert_eq!(found.unwrap().expose(), "hun ter2 ");
    assert_eq!(password(&[]).unwrap(), None);
}

#[test]
fn says_what_is_wrong_with_a_secret_but_not_what_it_is() {
    let both = [("MARTY_PASSWORD", "hunter2"), ("MARTY_PASSWORD_FILE", "/x")];
    let error = password(&both).unwrap_err();
    let expected =
        "`MARTY_PASSWORD` and `MARTY_PASSWORD_FILE` are both set, but only one of them may be";
    assert_eq!(error.to_string(), expected);
    let error = password(&[("MARTY_PASSWORD_FILE", "/nowhere/password")]).unwrap_err();
    let text = format!("{error:?}");
    let expected = "cannot read `/nowhere/password`, which `MARTY_PASSWORD_FILE` names: ";
    assert!(text.starts_with(expected), "{text}");
    let empty = file("empty-password", "\n");
    let error = password(&[("MARTY_PASSWORD_FILE", empty.to_str().unwrap())]).unwrap_err();
    assert!(
        error.to_string().ends_with("but has to be a secret"),
        "{error}"
    );
}

fn printed(variables: &[(&str, &str)]) -> Output {
    let mut command = hello();
    command.envs(variables.iter().copied());
    command.arg("--print-config").output().unwrap()
}

#[test]
fn a_process_that_is_told_what_nobody_knows_ends() {
    let told = |argument: &str| hello().arg(argument).output().unwrap();
    let output = told("--print-confg");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.starts_with("error: unknown argument `--print-confg`\n"),
        "{said}"
    );
    assert!(said.contains("  --print-config  "), "{said}");
    let output = told("--help");
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{output:?}"
    );
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("  --print-config  "), "{said}");
}

#[test]
fn prints_every_setting_with_where_it_came_from_and_no_secret() {
    let path = file("printed.toml", "\nmax_connections = 7\n");
    let path = path.to_str().unwrap();
    let output = printed(&[
        ("MARTY_CONFIG_FILE", path),
        ("MARTY_ADMIN_TOKEN", "hunter2"),
        ("OTEL_SERVICE_NAME", "greeter"),
        ("MARTY_GREETING", "good day"),
    ]);
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Vec<&str>> = text
        .lines()
        .map(|line| line.split("  # ").map(str::trim).collect())
        .collect();
    let line = |setting: &str, origin: &str| {
        assert!(
            lines.contains(&vec![setting, origin]),
            "{setting} from {origin} in {text}"
        );
    };
    line("MARTY_MAX_CONNECTIONS = 7", &format!("{path}:2"));
    line("MARTY_REQUEST_TIMEOUT = 30s", "default");
    line("MARTY_ADMIN_TOKEN = ***", "MARTY_ADMIN_TOKEN");
    line("MARTY_SERVICE_NAME = greeter", "OTEL_SERVICE_NAME");
    line("MARTY_GREETING = good day", "MARTY_GREETING");
    assert!(!text.contains("hunter2"), "{text}");
    for variable in marty_runtime::config::VARIABLES {
        let begin = format!("{} =", variable.name);
        assert_eq!(
            text.lines().filter(|line| line.starts_with(&begin)).count(),
            1,
            "{begin}"
        );
    }
}

#[test]
fn refuses_to_print_what_it_would_not_start_with() {
    let path = file("not-printed.toml", "greetings = \"hello\"\n");
    let output = printed(&[("MARTY_CONFIG_FILE", path.to_str().unwrap())]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("did you mean `greeting`?"), "{text}");
}

#[test]
fn warns_of_variables_that_nothing_reads() {
    let mut command = hello();
    command.env("MARTY_REQUEST_TIME_OUT", "5s");
    let mut child = command.spawn().unwrap();
    let mut first = String::new();
    let mut log = BufReader::new(child.stdout.take().unwrap());
    log.read_line(&mut first).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let line: Value = serde_json::from_str(&first).unwrap();
    assert_eq!(line["message"], "variable is set, but nothing reads it");
    assert_eq!(line["level"], "warn");
    assert_eq!(line["variable"], "MARTY_REQUEST_TIME_OUT");
    assert_eq!(line["did_you_mean"], "MARTY_REQUEST_TIMEOUT");
}

/// What is said of a token out of the file at `path`.
fn token_in(path: &Path) -> Result<Secret, String> {
    let path = path.to_str().unwrap();
    match config(&[("MARTY_ADMIN_TOKEN_FILE", path)]) {
        Ok(config) => Ok(config.admin_token.unwrap()),
        Err(error) => Err(format!("{error:?}")),
    }
}

#[test]
fn takes_the_ends_of_lines_off_a_secret_and_nothing_else() {
    for (text, secret) in [
        ("hunter2", "hunter2"),
        ("hunter2\r\n", "hunter2"),
        ("hunter2\n\n", "hunter2"),
        (" hunter2 \n", " hunter2 "),
        ("two\nlines\n", "two\nlines"),
    ] {
        let found = token_in(&file("ends-of-lines", text)).unwrap();
        assert_eq!(found.expose(), secret, "{text:?}");
    }
    for text in ["", "\n", " \r\n"] {
        let error = token_in(&file("no-secret", text)).unwrap_err();
        assert!(error.ends_with("but has to be a secret"), "{error}");
    }
}

#[test]
fn reads_no_secret_that_has_no_end() {
    let refused = |path: &Path, why: &str| {
        let error = token_in(path).unwrap_err();
        let expected = format!(
            "cannot read `{}`, which `MARTY_ADMIN_TOKEN_FILE` names: {why}",
            path.display()
        );
        assert_eq!(error, expected);
    };
    let long = file("long-secret", &"x".repeat(64 * 1024 + 1));
    refused(&long, "it is longer than 65536 bytes");
    refused(long.parent().unwrap(), "it is no regular file");
    // Nobody writes to it: whoever opens it waits.
    let pipe = long.with_file_name("pipe-of-a-secret");
    let _ = fs::remove_file(&pipe);
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    refused(&pipe, "it is no regular file");
}
