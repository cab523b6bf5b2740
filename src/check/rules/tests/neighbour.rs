//! What the sources of one service say about those of another: nothing, unless one depends on the
//! other.

use super::{PROMETHEUS, contents, project};
use crate::check::run;

const USERS: &str = "services/user-service";
const ORDERS: &str = "services/order-service";

/// What is found in a project of two services once files of them were given other texts.
#[track_caller]
fn found(changes: &[(&str, &str, &str)]) -> Vec<String> {
    let mut files = project();
    files[0].1 += "[services.order-service]\nhttp-port = 8082\nadmin-port = 9082\n";
    let config = "pub const HTTP_PORT: u16 = 8082;\npub const ADMIN_PORT: u16 = 9082;\n";
    let targets = files[7].1.replace("user-service", "order-service");
    let targets = targets.replace("9081", "9082");
    files.extend([
        (format!("{ORDERS}/src/config.rs"), config.to_owned()),
        (format!("{PROMETHEUS}/targets/order-service.json"), targets),
        (format!("{ORDERS}/Cargo.toml"), "[package]\n".to_owned()),
        (format!("{USERS}/Cargo.toml"), "[package]\n".to_owned()),
    ]);
    for (service, path, text) in changes {
        let path = format!("{service}/{path}");
        let path = path.trim_start_matches('/').to_owned();
        files.retain(|(other, _)| *other != path);
        files.push((path, (*text).to_owned()));
    }
    let findings = run(&contents(files)).into_iter();
    findings.map(|finding| finding.message).collect()
}

const DECLARED: &str = "pub static CREATED: CounterFamily<Outcome> = counter!(\"users_created\", \"Users.\");\n\
     impl Labels for Outcome { const NAMES: &'static [&'static str] = &[\"outcome\"]; }\n";
const TOLD: &str = "fn told(service: Service) -> Service { service.metric(&CREATED) }\n";
const UNTOLD: &str = "nothing exports `users_created_total`: the service is not told of `CREATED`";

#[test]
fn a_family_that_another_service_hands_on_by_its_name_is_not_exported() {
    let declared = (USERS, "src/metrics.rs", DECLARED);
    assert_eq!(found(&[declared]), [UNTOLD]);
    let told = (ORDERS, "src/lib.rs", TOLD);
    assert_eq!(found(&[declared, told]), [UNTOLD]);
    let both = (ORDERS, "src/metrics.rs", DECLARED);
    assert_eq!(found(&[declared, both]), [UNTOLD, UNTOLD]);
}

#[test]
fn a_family_that_a_dependent_hands_on_is_exported() {
    let declared = (USERS, "src/metrics.rs", DECLARED);
    let told = (ORDERS, "src/lib.rs", TOLD);
    for dependencies in [
        "[dependencies]\nuser-service = { path = \"../user-service\" }\n",
        "[dependencies]\nuser_service.workspace = true\n",
        "[dependencies]\nusers = { path = \"../user-service/\" }\n",
        "[target.'cfg(unix)'.dependencies.users]\npackage = \"user-service\"\n",
        // What a broken manifest would have said is not known.
        "[dependencies\n",
    ] {
        let manifest = (ORDERS, "Cargo.toml", dependencies);
        let found = found(&[declared, told, manifest]);
        assert!(!found.iter().any(|it| it == UNTOLD), "{found:?}");
    }
    let inherited = (
        ORDERS,
        "Cargo.toml",
        "dependencies.users.workspace = true\n",
    );
    let path = "workspace.dependencies.users.path = \"services/user-service\"\n";
    assert_eq!(found(&[declared, told, inherited]), [UNTOLD]);
    let shared = ("", "Cargo.toml", path);
    assert_eq!(found(&[declared, told, inherited, shared]), [""; 0]);
}

#[test]
fn a_type_is_not_taken_for_that_of_another_service() {
    let labels = |name: &str| format!("#[derive(Labels)]\npub struct Outcome {{ {name}: u8 }}\n");
    let family = "pub static CREATED: CounterFamily<crate::labels::Outcome> = \
         counter!(\"users_created\", \"Users.\");\n";
    let family = format!("{family}{TOLD}");
    let (own, other) = (labels("outcome"), labels("size"));
    let files = [
        (USERS, "src/metrics.rs", family.as_str()),
        (USERS, "src/kinds.rs", own.as_str()),
        (USERS, "src/labels.rs", "pub use crate::kinds::Outcome;\n"),
        (ORDERS, "src/labels.rs", other.as_str()),
    ];
    assert_eq!(found(&files), [""; 0]);
}
