//! Which files a project and a service are made of, rendered.

use std::collections::BTreeMap;

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};
use toml_edit::DocumentMut;

use super::answer::Answers;
use super::cargo_lock::CargoLock;
use super::dashboard::with_rows_of;
use super::digest::{sha256, sha256_of_all};
use super::error::RenderError;
use super::file::Rendered;
use super::kind::Kind;
use super::path::destination;
use super::plan::Request;
use super::render::{Variables, render};
use super::runtime_crate;
use crate::assets::{self, Asset};
use crate::project::port;

/// The name that shipped dashboards, alerts and runbooks carry where the service's goes. They are
/// valid as they are, so that the field's tools can check them before anybody generates them.
const EXAMPLE: &str = "example-service";

/// Where a service lies, as the path of a runbook begins.
const SERVICES: &str = "services/";

/// What follows the service's name in its dashboard's uid.
const UID_SUFFIX: &str = "-detail";

/// Where the rules of all services lie.
const RULES: &str = "observability/monitoring/prometheus/rules";

/// The longest dashboard uid that Grafana takes.
const UID_LENGTH: usize = 40;

/// The root manifest of a project, and the template it is made from.
pub(super) const CARGO_MANIFEST: &str = "Cargo.toml";
const MANIFEST_TEMPLATE: &str = "Cargo.toml.hbs";

/// The shipped lock, which becomes the project's.
pub(super) const CARGO_LOCK: &str = "Cargo.lock";

/// The lock that the templates of this kind were tested with.
pub(super) fn shipped_cargo_lock(kind: Kind) -> Option<CargoLock> {
    let mut files = assets::templates(set(kind)).into_iter();
    let lock = files.find(|asset| asset.path == CARGO_LOCK)?;
    CargoLock::parse(&text(&lock)).ok()
}

/// The root manifest of a project whose services are all of this kind.
pub(super) fn shipped_manifest(request: &Request) -> Option<DocumentMut> {
    let mut files = assets::templates("project").into_iter();
    let manifest = files.find(|asset| asset.path == MANIFEST_TEMPLATE)?;
    let answers = Answers::new(request.name.clone(), request.kind, port::first());
    let text = render(&text(&manifest), &Variables::new("", &answers)).ok()?;
    text.parse().ok()
}

/// Tells sets of templates apart.
pub(super) fn fingerprint() -> String {
    let assets = assets::all();
    sha256_of_all(
        assets
            .iter()
            .flat_map(|asset| [asset.path.as_bytes(), asset.bytes]),
    )
}

/// The files that a project has once, less those that every service changes.
pub(super) fn project(project: &str, answers: &Answers) -> Result<Vec<Rendered>, RenderError> {
    let templates = assets::templates("project");
    let mut files = from_templates(templates.iter(), project, answers)?;
    files.extend(runtime_crate::files().map_err(RenderError::manifest)?);
    Ok(files)
}

/// The files of a service.
pub(super) fn service(
    project: &str,
    answers: &Answers,
    runbook_base: &str,
) -> Result<Vec<Rendered>, RenderError> {
    let templates = templates(answers.kind);
    let mut files = from_templates(templates.iter(), project, answers)?;
    let example = Example::new(answers, runbook_base);
    for (path, text) in observability(answers.kind, answers.name.as_str())? {
        let content = example.adapt(&text);
        files.push(Rendered { path, content });
    }
    Ok(files)
}

/// The paths of a service's files.
pub(super) fn paths(request: &Request) -> Vec<String> {
    let name = request.name.as_str();
    let mut paths: Vec<String> = templates(request.kind)
        .iter()
        .map(|asset| destination(&asset.path, name).path)
        .collect();
    let dashboards = of_kind(assets::dashboards(), request.kind);
    paths.extend(dashboards.iter().map(|it| dashboard_path(&it.path, name)));
    let alerts = of_kind(assets::alerts(), request.kind);
    paths.extend(alerts.iter().map(|it| alert_path(&it.path, name)));
    paths
}

/// The templates that a service of this kind is made of: of every service, of those that keep users, of its own kind.
fn templates(kind: Kind) -> Vec<Asset> {
    let sets = ["service", "users", set(kind)];
    let templates = sets.into_iter().flat_map(assets::templates);
    templates.filter(|asset| asset.path != CARGO_LOCK).collect()
}

/// The templates that only this kind has.
fn set(kind: Kind) -> &'static str {
    match kind {
        Kind::Http => "http",
        Kind::Grpc => "grpc",
    }
}

/// The dashboards, alerts and runbooks of a service of this kind, written for the example, with the paths of its own.
fn observability(kind: Kind, name: &str) -> Result<Vec<(String, String)>, RenderError> {
    let mut files = Vec::new();
    for Shipped { path, common, own } in of_kind(assets::dashboards(), kind) {
        let text = match (common, own) {
            (Some(common), Some(own)) => with_rows_of(&text(&own), &text(&common))
                .ok_or_else(|| RenderError::dashboard(&path))?,
            (common, own) => own.or(common).as_ref().map(text).unwrap_or_default(),
        };
        files.push((dashboard_path(&path, name), text));
    }
    for Shipped { path, common, own } in of_kind(assets::alerts(), kind) {
        let text = own.or(common).as_ref().map(text).unwrap_or_default();
        files.push((alert_path(&path, name), text));
    }
    Ok(files)
}

/// What ships at a path: for every kind, of which HTTP is the first, and for one kind.
struct Shipped {
    path: String,
    common: Option<Asset>,
    own: Option<Asset>,
}

/// What ships for a kind: what lies in the folder of its name comes to what has the same path beside that.
fn of_kind(assets: Vec<Asset>, kind: Kind) -> Vec<Shipped> {
    let mut shipped: BTreeMap<String, Shipped> = BTreeMap::new();
    for asset in assets {
        let inside = Kind::ALL.iter().find_map(|kind| {
            let path = asset.path.strip_prefix(kind.name())?.strip_prefix('/')?;
            Some((*kind, path.to_owned()))
        });
        let (of, path) = match inside {
            Some((of, path)) => (Some(of), path),
            None => (None, asset.path.clone()),
        };
        if of.is_some_and(|of| of != kind) {
            continue;
        }
        let entry = shipped.entry(path.clone()).or_insert(Shipped {
            path,
            common: None,
            own: None,
        });
        match of {
            Some(_) => entry.own = Some(asset),
            None => entry.common = Some(asset),
        }
    }
    shipped.into_values().collect()
}

fn dashboard_path(path: &str, name: &str) -> String {
    format!("services/{name}/observability/dashboards/{path}")
}

fn alert_path(path: &str, name: &str) -> String {
    if path.starts_with("runbooks/") {
        format!("services/{name}/observability/{path}")
    } else {
        format!("{RULES}/{}", path.replace(EXAMPLE, name))
    }
}

fn from_templates<'a>(
    templates: impl Iterator<Item = &'a Asset>,
    project: &str,
    answers: &Answers,
) -> Result<Vec<Rendered>, RenderError> {
    let variables = Variables::new(project, answers);
    let templates: Vec<&Asset> = templates.collect();
    templates
        .par_iter()
        .map(|asset| {
            let destination = destination(&asset.path, answers.name.as_str());
            let text = text(asset);
            let content = if destination.rendered {
                render(&text, &variables)
                    .map_err(|error| RenderError::template(&asset.path, error))?
            } else {
                text
            };
            Ok(Rendered {
                path: destination.path,
                content,
            })
        })
        .collect()
}

fn text(asset: &Asset) -> String {
    String::from_utf8_lossy(asset.bytes).into_owned()
}

/// Puts a service in the place of the example that the shipped artefacts are written for.
struct Example<'a> {
    name: &'a str,
    uid: String,
    runbook_base: String,
}

impl<'a> Example<'a> {
    fn new(answers: &'a Answers, runbook_base: &str) -> Self {
        let name = answers.name.as_str();
        let mut runbook_base = runbook_base.trim_end_matches('/').to_owned();
        if !runbook_base.is_empty() {
            runbook_base.push('/');
        }
        Self {
            name,
            uid: uid(name),
            runbook_base,
        }
    }

    fn adapt(&self, text: &str) -> String {
        // In one pass: what is put in may itself contain the example's name.
        let mut parts = text.split(EXAMPLE);
        let mut adapted = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            if let Some(before) = adapted.strip_suffix(SERVICES)
                && before.ends_with("runbook_url: ")
            {
                adapted.insert_str(before.len(), &self.runbook_base);
            }
            let (name, rest) = match part.strip_prefix(UID_SUFFIX) {
                Some(rest) => (self.uid.as_str(), rest),
                None => (self.name, part),
            };
            adapted.push_str(name);
            adapted.push_str(rest);
        }
        adapted
    }
}

/// The uid of a service's dashboard: its name, shortened to what Grafana takes.
fn uid(name: &str) -> String {
    const DIGITS: usize = 8;
    if name.len() + UID_SUFFIX.len() <= UID_LENGTH {
        return format!("{name}{UID_SUFFIX}");
    }
    // Names that begin alike keep different uids.
    let hash = sha256(name.as_bytes());
    let kept = UID_LENGTH - UID_SUFFIX.len() - DIGITS - 1;
    let (start, digits) = (name.get(..kept), hash.get(..DIGITS));
    format!(
        "{}-{}{UID_SUFFIX}",
        start.unwrap_or(name).trim_end_matches('-'),
        digits.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use toml_edit::{DocumentMut, Item};

    use super::{Example, observability, paths, project, service, shipped_manifest, uid};
    use crate::project::port;
    use crate::scaffold::{Answers, Kind, Request};

    fn answers(name: &str) -> Answers {
        Answers::new(name.parse().unwrap(), Kind::Http, port::first())
    }

    #[test]
    fn a_uid_is_never_longer_than_grafana_takes() {
        assert_eq!(uid("user-service"), "user-service-detail");
        for length in 1..=63 {
            assert!(uid(&"x".repeat(length)).len() <= 40, "{length}");
        }
        let (one, other) = (
            format!("{}1", "x".repeat(62)),
            format!("{}2", "x".repeat(62)),
        );
        assert_ne!(uid(&one), uid(&other));
    }

    #[test]
    fn nothing_of_the_example_is_left() {
        for kind in Kind::ALL {
            let answers = Answers {
                kind: *kind,
                ..answers("order-service")
            };
            for file in service("shop", &answers, "").unwrap() {
                assert!(!file.content.contains("example-service"), "{}", file.path);
                assert!(!file.path.contains("example-service"), "{}", file.path);
            }
        }
    }

    #[test]
    fn the_paths_of_a_service_are_those_of_its_files() {
        for kind in Kind::ALL {
            let answers = Answers {
                kind: *kind,
                ..answers("order-service")
            };
            let files = service("shop", &answers, "").unwrap();
            let mut made: Vec<_> = files.into_iter().map(|file| file.path).collect();
            let request = Request {
                name: answers.name,
                kind: *kind,
            };
            let mut named = paths(&request);
            made.sort_unstable();
            named.sort_unstable();
            assert_eq!(named, made);
        }
    }

    #[test]
    fn a_service_is_watched_by_the_metrics_of_its_kind() {
        for (kind, own, other) in [
            (Kind::Http, "http_server_", "rpc_server_"),
            (Kind::Grpc, "rpc_server_", "http_server_"),
        ] {
            for (path, text) in observability(kind, "a").unwrap() {
                assert!(!text.contains(other), "{path}");
                let without = ["service-down.md"].iter().any(|it| path.ends_with(it));
                assert!(without || text.contains(own), "{path}");
            }
        }
    }

    #[test]
    fn a_service_that_is_down_is_told_of_in_the_same_words_whatever_its_kind() {
        let told = |kind, file: &str, from: &str, to: &str| {
            let files = observability(kind, "a").unwrap();
            let (_, text) = files.iter().find(|(path, _)| path.ends_with(file)).unwrap();
            let (_, rest) = text.split_once(from).unwrap();
            rest.split_once(to).unwrap().0.to_owned()
        };
        for (file, from, to) in [
            ("a.rules.yml", "-availability", "- name: "),
            ("a.test.yml", "--- ServiceDown", "# ---"),
        ] {
            let http = told(Kind::Http, file, from, to);
            assert_eq!(told(Kind::Grpc, file, from, to), http);
        }
    }

    #[test]
    fn a_name_that_contains_the_example_s_is_put_in_once() {
        for name in [
            "my-example-service",
            "example-service",
            "example-service-detail",
        ] {
            let (service, uid) = (answers(name), uid(name));
            let base = "https://example-service.example/";
            let adapted = Example::new(&service, base).adapt(
                "example-service, /d/example-service-detail\nrunbook_url: services/example-service/a\n",
            );
            assert_eq!(
                adapted,
                format!("{name}, /d/{uid}\nrunbook_url: {base}services/{name}/a\n")
            );
        }
    }

    #[test]
    fn a_runbook_base_is_put_in_front() {
        let files = service("shop", &answers("a"), "https://x.example/").unwrap();
        let rules = files
            .iter()
            .find(|file| file.path.ends_with("a.rules.yml"))
            .unwrap();
        let based = "runbook_url: https://x.example/services/a/observability/runbooks/";
        assert_eq!(
            rules.content.matches("runbook_url: ").count(),
            rules.content.matches(based).count()
        );
    }

    #[test]
    fn no_two_files_have_one_path() {
        for kind in Kind::ALL {
            let answers = Answers {
                kind: *kind,
                ..answers("user-service")
            };
            let mut paths: Vec<String> = project("shop", &answers)
                .unwrap()
                .into_iter()
                .chain(service("shop", &answers, "").unwrap())
                .map(|file| file.path)
                .collect();
            let count = paths.len();
            paths.sort_unstable();
            paths.dedup();
            assert_eq!(paths.len(), count);
        }
    }

    /// What the tables of a manifest's dependencies name.
    fn named(manifest: &DocumentMut, tables: &[&str]) -> BTreeSet<String> {
        let tables = tables.iter().filter_map(|table| manifest.get(table));
        let tables = tables.filter_map(Item::as_table_like);
        tables
            .flat_map(|table| table.iter().map(|(name, _)| name.to_owned()))
            .collect()
    }

    #[test]
    fn a_project_has_the_dependencies_that_its_service_takes_and_no_others() {
        for kind in Kind::ALL {
            let answers = Answers {
                kind: *kind,
                ..answers("user-service")
            };
            let files = service("shop", &answers, "").unwrap();
            let manifest = files
                .iter()
                .find(|file| file.path == "services/user-service/Cargo.toml")
                .unwrap();
            let manifest: DocumentMut = manifest.content.parse().unwrap();
            let taken = named(
                &manifest,
                &["dependencies", "dev-dependencies", "build-dependencies"],
            );
            let request = Request {
                name: answers.name,
                kind: *kind,
            };
            let shipped = shipped_manifest(&request).unwrap();
            let shipped = shipped["workspace"].as_table().unwrap().clone();
            assert_eq!(named(&shipped.into(), &["dependencies"]), taken, "{kind}");
        }
    }
}
