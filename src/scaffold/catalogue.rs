//! Which files a project and a service are made of, rendered.
//!
//! They come in sets: of every service, of its kind, and one for each extra. What lies in a later one takes the place of
//! what has the same path in an earlier.

use std::collections::BTreeMap;

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};
use toml_edit::DocumentMut;

use super::answer::Answers;
use super::cargo_lock::{self, CargoLock};
use super::error::RenderError;
use super::extra::Extra;
use super::file::Rendered;
use super::kind::Kind;
use super::manifest;
use super::observability;
use super::path::destination;
use super::render::{Variables, render};
use super::request::Request;
use super::runtime_crate;
use crate::assets::{self, Asset};
use crate::project::port;

/// The root manifest of a project, and the template it is made from.
pub(super) const CARGO_MANIFEST: &str = "Cargo.toml";
const MANIFEST_TEMPLATE: &str = "Cargo.toml.hbs";

/// The shipped lock, which becomes the project's.
pub(super) const CARGO_LOCK: &str = "Cargo.lock";

/// The text of the lock that a project of this kind starts with. A worker takes what an HTTP service does: the rest is the runtime's.
fn cargo_lock(kind: Kind) -> Option<&'static str> {
    let of = match kind {
        Kind::Http | Kind::Worker => Kind::Http,
        Kind::Grpc => Kind::Grpc,
    };
    let mut files = assets::templates(of.name()).into_iter();
    let lock = files.find(|asset| asset.path == CARGO_LOCK)?;
    std::str::from_utf8(lock.bytes).ok()
}

/// The crates that services of any kind build with.
pub(super) fn dependencies() -> impl Iterator<Item = &'static str> {
    let locks = Kind::ALL.iter().filter_map(|kind| cargo_lock(*kind));
    locks.flat_map(cargo_lock::fetched)
}

/// The lock that the templates of such a service were tested with.
pub(super) fn shipped_cargo_lock(request: &Request) -> Option<CargoLock> {
    let manifest = shipped_manifest(request)?;
    let lock = CargoLock::parse(cargo_lock(request.kind)?).ok()?;
    Some(lock.with_dependencies(manifest::dependencies(&manifest)))
}

/// The root manifest of a project whose services are all like this one.
pub(super) fn shipped_manifest(request: &Request) -> Option<DocumentMut> {
    let mut files = assets::templates("project").into_iter();
    let manifest = files.find(|asset| asset.path == MANIFEST_TEMPLATE)?;
    let answers = Answers::new(request.name.clone(), request.kind, port::first());
    let answers = answers.with(&request.with);
    let text = render(&text(&manifest), &Variables::new("", &answers)).ok()?;
    text.parse().ok()
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
    let sets = sets(answers.kind, &answers.with);
    let templates = templates(answers.kind, &sets, answers.name.as_str());
    let mut files = from_templates(templates.values(), project, answers)?;
    files.extend(observability::files(&sets, &answers.name, runbook_base)?);
    Ok(files)
}

/// The paths of a service's files.
pub(super) fn paths(request: &Request) -> Vec<String> {
    let name = request.name.as_str();
    let sets = sets(request.kind, &request.with);
    let templates = templates(request.kind, &sets, name).into_keys();
    templates.chain(observability::paths(&sets, name)).collect()
}

/// The names of the sets that only such services have.
fn sets(kind: Kind, extras: &[Extra]) -> Vec<&'static str> {
    let extras = extras.iter().map(|extra| extra.name());
    [kind.name()].into_iter().chain(extras).collect()
}

/// The templates of a service by the path of what they make: of every service, of those that keep users, of its own sets.
fn templates(kind: Kind, sets: &[&str], name: &str) -> BTreeMap<String, Asset> {
    let common: &[&str] = match kind {
        Kind::Http | Kind::Grpc => &["service", "users"],
        Kind::Worker => &["service"],
    };
    let sets = common.iter().chain(sets);
    let templates = sets.flat_map(|set| assets::templates(set));
    templates
        .filter(|asset| asset.path != CARGO_LOCK)
        .map(|asset| (destination(&asset.path, name).path, asset))
        .collect()
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
            Ok(Rendered::new(destination.path, content))
        })
        .collect()
}

fn text(asset: &Asset) -> String {
    String::from_utf8_lossy(asset.bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use toml_edit::{DocumentMut, Item};

    use super::{paths, project, service, shipped_cargo_lock, shipped_manifest};
    use crate::project::port;
    use crate::scaffold::{Answers, Extra, Kind, Request};

    /// Every kind, alone and with all it can have.
    fn requests() -> Vec<Request> {
        let kinds = Kind::ALL.iter();
        let requests = kinds.flat_map(|kind| {
            let fit = |extra: &&Extra| extra.kinds().contains(kind);
            let all: Vec<Extra> = Extra::ALL.iter().filter(fit).copied().collect();
            [Vec::new(), all].map(|with| Request {
                name: "user-service".parse().unwrap(),
                kind: *kind,
                with,
            })
        });
        requests.collect()
    }

    fn answers(request: &Request) -> Answers {
        let answers = Answers::new(request.name.clone(), request.kind, port::first());
        answers.with(&request.with)
    }

    #[test]
    fn nothing_of_the_example_is_left() {
        for request in requests() {
            for file in service("shop", &answers(&request), "").unwrap() {
                assert!(!file.content.contains("example-service"), "{}", file.path);
                assert!(!file.path.contains("example-service"), "{}", file.path);
            }
        }
    }

    #[test]
    fn the_paths_of_a_service_are_those_of_its_files() {
        for request in requests() {
            let files = service("shop", &answers(&request), "").unwrap();
            let mut made: Vec<_> = files.into_iter().map(|file| file.path).collect();
            let mut named = paths(&request);
            made.sort_unstable();
            named.sort_unstable();
            assert_eq!(named, made);
        }
    }

    #[test]
    fn no_two_files_have_one_path() {
        for request in requests() {
            let answers = answers(&request);
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
        for request in requests() {
            let files = service("shop", &answers(&request), "").unwrap();
            let manifest = files
                .iter()
                .find(|file| file.path == "services/user-service/Cargo.toml")
                .unwrap();
            let manifest: DocumentMut = manifest.content.parse().unwrap();
            let taken = named(
                &manifest,
                &["dependencies", "dev-dependencies", "build-dependencies"],
            );
            let shipped = shipped_manifest(&request).unwrap();
            let shipped = shipped["workspace"].as_table().unwrap().clone();
            let shipped = named(&shipped.into(), &["dependencies"]);
            assert_eq!(shipped, taken, "{request:?}");
            let lock = shipped_cargo_lock(&request).unwrap();
            let locked: BTreeSet<_> = lock.needs_of_service().map(str::to_owned).collect();
            assert_eq!(locked, taken, "{request:?}");
        }
    }

    /// Who publishes an event and who handles it may lie in projects of different people: what both hold to is the schema.
    #[test]
    fn both_sides_of_an_event_have_the_same_schemas() {
        let schemas = |set| {
            let files = crate::assets::templates(set).into_iter();
            let files = files.filter(|file| file.path.contains("/events/user."));
            let files = files.filter(|file| !file.path.contains("/src/"));
            let files = files.map(|file| (file.path, file.bytes));
            files.collect::<Vec<_>>()
        };
        assert_eq!(schemas("events").len(), 3);
        assert_eq!(schemas("events"), schemas("worker"));
    }

    #[test]
    fn what_the_runtime_and_services_share_is_locked_with_the_same_features() {
        let runtime: DocumentMut = crate::assets::runtime::MANIFEST.parse().unwrap();
        let own = runtime["dependencies"]["sqlx"].as_inline_table().unwrap();
        let requests = requests().into_iter();
        let with = requests.filter(|request| request.with.contains(&Extra::Postgres));
        for request in with {
            let shipped = shipped_manifest(&request).unwrap();
            let added = &shipped["workspace"]["dependencies"]["sqlx"];
            let added = added.as_inline_table().unwrap();
            for key in ["version", "default-features", "features"] {
                let text = |table: &toml_edit::InlineTable| table[key].to_string();
                assert_eq!(text(added).trim(), text(own).trim());
            }
        }
    }
}
