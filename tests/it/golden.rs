//! A generated project, untouched, before the judges of the field.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, Mutex, PoisonError};

use crate::server;

/// Its services.
pub(crate) const SERVICES: [&str; 6] = [
    "user-service",
    "order-service",
    "billing-service",
    "account-service",
    "courier-service",
    WORKER,
];

/// The one of them that handles events.
pub(crate) const WORKER: &str = "directory-worker";

/// Where the project's rules lie.
const MONITORING: &str = "observability/monitoring/prometheus";

/// A project with a service of each kind, with a database and with events, at a place that stays the same so that builds can be reused.
/// One project for all of them: what they have in common is compiled once.
pub(crate) static PROJECT: LazyLock<Golden> = LazyLock::new(|| {
    let arguments: [&[&str]; SERVICES.len()] = [
        &[],
        &["--kind", "grpc"],
        &["--with", "postgres"],
        &["--with", "postgres", "--with", "events"],
        &["--kind", "grpc", "--with", "events"],
        &["--kind", "worker"],
    ];
    Golden::of("golden", SERVICES.into_iter().zip(arguments))
});

/// A project whose services run: it gets files of the tests' own, and so is another than the one that is judged.
pub(crate) static LIVE: LazyLock<Golden> = LazyLock::new(|| {
    let services: [(&str, &[&str]); 4] = [
        ("user-service", &[]),
        ("order-service", &["--kind", "grpc"]),
        ("account-service", &["--with", "events"]),
        (WORKER, &["--kind", "worker"]),
    ];
    Golden::of("live", services)
});

/// A generated project.
pub(crate) struct Golden {
    root: PathBuf,
    /// Held by who changes what is built.
    changing: Mutex<()>,
}

impl Golden {
    /// Generates one of these services, each with its arguments, at a place of its own.
    fn of<'a>(place: &str, services: impl IntoIterator<Item = (&'a str, &'a [&'a str])>) -> Self {
        let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(place);
        let _ = fs::remove_dir_all(place.join("shop"));
        fs::create_dir_all(&place).unwrap();
        for (name, arguments) in services {
            let mut command = Command::new(env!("CARGO_BIN_EXE_marty"));
            let command = command
                .args(["new", name, "--dir", "shop"])
                .args(arguments)
                .current_dir(&place);
            succeeds(command);
        }
        Self {
            root: place.join("shop"),
            changing: Mutex::default(),
        }
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// Cargo in the project, with a target directory that all its tests share. Another project needs another: cargo gives what
    /// two projects call alike the same place, and one would take it from under the other.
    pub(crate) fn cargo<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(env!("CARGO"));
        command
            .args(arguments)
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", self.target())
            .env_remove("RUSTFLAGS")
            .env_remove("RUSTDOCFLAGS");
        command
    }

    /// Where its programs are built.
    pub(crate) fn target(&self) -> PathBuf {
        self.root.with_file_name("target")
    }

    /// The program of an example that is added to a service with such features, after cargo was told `commands`.
    pub(crate) fn example(
        &self,
        (service, features): (&str, Option<&str>),
        name: &str,
        source: &str,
        commands: &[&str],
    ) -> PathBuf {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let examples = self.path(&format!("services/{service}/examples"));
        fs::create_dir_all(&examples).unwrap();
        fs::write(examples.join(format!("{name}.rs")), source).unwrap();
        let features = features.map_or_else(String::new, |it| format!(" --features {it}"));
        let build = format!("build --package {service} --example {name}{features}");
        for command in commands.iter().copied().chain([&*build]) {
            succeeds(&mut self.cargo(command.split(' ')));
        }
        self.target().join("debug/examples").join(name)
    }

    /// Builds what these arguments of cargo say.
    pub(crate) fn build(&self, arguments: &str) {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        succeeds(&mut self.cargo(arguments.split(' ')));
    }

    pub(crate) fn run(
        &self,
        program: impl AsRef<OsStr>,
        directory: &str,
        arguments: &[&str],
    ) -> String {
        let mut command = Command::new(program);
        succeeds(
            command
                .args(arguments)
                .current_dir(self.root.join(directory)),
        )
    }
}

/// Runs a command that must succeed; returns what it printed.
#[track_caller]
pub(crate) fn succeeds(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let printed = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (printed(&output.stdout), printed(&output.stderr));
    assert!(
        output.status.success(),
        "{command:?}: {}\n{out}\n{err}",
        output.status
    );
    format!("{out}{err}")
}

/// How many tests the summary lines of `cargo test` say have passed.
pub(crate) fn passed(printed: &str) -> usize {
    let lines = printed
        .lines()
        .filter_map(|line| line.strip_prefix("test result: ok. "));
    lines
        .filter_map(|line| line.split(' ').next()?.parse::<usize>().ok())
        .sum()
}

#[test]
fn it_is_formatted() {
    succeeds(&mut PROJECT.cargo(["fmt", "--all", "--check"]));
}

#[test]
fn it_is_formatted_whatever_the_name() {
    let sandbox = crate::sandbox::Sandbox::new();
    let sets: [(&[&str], [&str; 2]); 7] = [
        (&[], ["a", "x"]),
        (&["--kind", "grpc"], ["b", "y"]),
        (&["--with", "postgres"], ["c", "z"]),
        (&["--with", "events"], ["d", "w"]),
        (&["--kind", "grpc", "--with", "events"], ["e", "v"]),
        (&["--with", "postgres", "--with", "events"], ["f", "u"]),
        (&["--kind", "worker"], ["g", "t"]),
    ];
    for (arguments, [short, long]) in sets {
        for name in [short, &long.repeat(63)] {
            let mut command = sandbox.marty(["new", name, "--dir", "shop"]);
            succeeds(command.args(arguments));
        }
    }
    let mut command = Command::new(env!("CARGO"));
    succeeds(
        command
            .args(["fmt", "--all", "--check"])
            .current_dir(sandbox.join("shop")),
    );
}

#[test]
fn clippy_finds_nothing_not_even_pedantically() {
    let arguments = [
        "clippy",
        "--locked",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ];
    let pedantic = ["-W", "clippy::pedantic"];
    succeeds(&mut PROJECT.cargo(arguments.into_iter().chain(pedantic)));
}

/// Alone, an HTTP service links a runtime without gRPC, which is other code than with it.
#[test]
fn clippy_finds_nothing_in_a_service_without_the_other_kind() {
    let arguments = ["clippy", "--locked", "--package", "user-service"];
    let pedantic = ["--", "-D", "warnings", "-W", "clippy::pedantic"];
    succeeds(&mut PROJECT.cargo(arguments.into_iter().chain(pedantic)));
}

#[test]
fn its_own_tests_pass() {
    let arguments = ["test", "--locked", "--workspace"];
    // The service with a database starts a server of its own unless there is one.
    let mut command = PROJECT.cargo(arguments);
    let printed = succeeds(command.env_remove("MARTY_TEST_DATABASE_URL"));
    assert!(passed(&printed) > 340, "{printed}");
}

#[test]
fn its_documentation_has_no_warnings() {
    let arguments = ["doc", "--locked", "--workspace", "--no-deps"];
    succeeds(PROJECT.cargo(arguments).env("RUSTDOCFLAGS", "-D warnings"));
}

/// The crates that a package is built from, as the project's lock has them.
fn built_from(package: &str) -> String {
    let tree = [
        "tree",
        "--locked",
        "--edges",
        "normal,build",
        "--prefix",
        "none",
    ];
    succeeds(&mut PROJECT.cargo(tree.into_iter().chain(["--package", package])))
}

#[test]
fn a_service_compiles_nothing_that_only_another_kind_needs() {
    let (http, grpc) = (built_from("user-service"), built_from("order-service"));
    for only_of_grpc in [
        "protox v",
        "tonic-health v",
        "tonic-prost-build v",
        "tonic-reflection v",
        "tonic-types v",
    ] {
        assert!(grpc.contains(only_of_grpc), "{grpc}");
        assert!(!http.contains(only_of_grpc), "{http}");
    }
}

#[test]
fn marty_finds_nothing_in_it() {
    let printed = PROJECT.run(env!("CARGO_BIN_EXE_marty"), "", &["check"]);
    assert!(printed.contains("fit together"), "{printed}");
}

#[test]
fn a_build_changes_nothing_that_is_committed() {
    let root = PROJECT.path("");
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
        let mut command = Command::new("git");
        succeeds(command.args(identity).args(arguments).current_dir(&root))
    };
    git(&["init", "--quiet"]);
    git(&["add", "--all"]);
    git(&["commit", "--quiet", "--message", "Begin"]);
    succeeds(
        PROJECT
            .cargo(["check", "--locked", "--workspace"])
            .env_remove("CARGO_TARGET_DIR"),
    );
    assert_eq!(git(&["status", "--porcelain"]), "");
}

#[test]
fn hadolint_accepts_the_dockerfiles() {
    let hadolint = server::program("hadolint", "hadolint");
    for service in SERVICES {
        let path = format!("services/{service}/Dockerfile");
        assert_eq!(PROJECT.run(&hadolint, "", &[&path]), "");
    }
}

#[test]
fn actionlint_accepts_the_workflow() {
    let actionlint = server::program("actionlint", "actionlint");
    assert_eq!(
        PROJECT.run(actionlint, "", &[".github/workflows/ci.yml"]),
        ""
    );
}

#[test]
fn prometheus_accepts_its_configuration_and_rules() {
    let promtool = server::program("prometheus", "promtool");
    let check = ["check", "config", "prometheus.yml"];
    let printed = PROJECT.run(&promtool, MONITORING, &check);
    // Beside one for each service, two of databases and three of events.
    assert!(printed.contains("11 rule files found"), "{printed}");
    for service in SERVICES {
        let rules = format!("rules/{service}.rules.yml");
        let lint = ["check", "rules", "--lint=all", "--lint-fatal", &rules];
        let printed = PROJECT.run(&promtool, MONITORING, &lint);
        assert!(printed.contains("5 rules found"), "{printed}");
    }
}

#[test]
fn the_tests_of_its_alerts_pass() {
    let promtool = server::program("prometheus", "promtool");
    for service in SERVICES {
        let tests = format!("rules/{service}.test.yml");
        PROJECT.run(&promtool, MONITORING, &["test", "rules", &tests]);
    }
}

#[test]
fn grafana_s_types_accept_its_dashboards() {
    let check = server::program("dashboard-check", "dashboard-check");
    for service in SERVICES {
        let directory = format!("services/{service}/observability/dashboards");
        PROJECT.run(&check, &directory, &["microservice-detail.json"]);
    }
}
