//! Which files a project and a service are made of, rendered.

use std::collections::BTreeMap;

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use super::answer::Answers;
use super::cargo_lock::CargoLock;
use super::digest::{sha256, sha256_of_all};
use super::error::RenderError;
use super::extra::Extra;
use super::file::Rendered;
use super::kind::Kind;
use super::path::destination;
use super::plan::Request;
use super::render::{Variables, render};
use super::runtime_crate;
use crate::assets::{self, Asset};

/// The name that shipped dashboards, alerts and runbooks carry where the service's goes. They are
/// valid as they are, so that the field's tools can check them before anybody generates them.
const EXAMPLE: &str = "example-service";

/// Where a service lies, as the path of a runbook begins.
const SERVICES: &str = "services/";

/// What follows the service's name in the uids of its dashboards.
const UID_SUFFIXES: [&str; 2] = ["-detail", "-database"];

/// Where the rules of all services lie.
const RULES: &str = "observability/monitoring/prometheus/rules";

/// The longest dashboard uid that Grafana takes.
const UID_LENGTH: usize = 40;

/// The shipped lock, which becomes the project's.
pub(super) const CARGO_LOCK: &str = "Cargo.lock";

/// The lock that the templates were tested with.
pub(super) fn shipped_cargo_lock() -> Option<CargoLock> {
    let mut files = assets::templates("project").into_iter();
    let lock = files.find(|asset| asset.path == CARGO_LOCK)?;
    CargoLock::parse(&text(&lock)).ok()
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
    let templates = templates.iter().filter(|asset| asset.path != CARGO_LOCK);
    let mut files = from_templates(templates, project, answers)?;
    files.extend(runtime_crate::files().map_err(RenderError::manifest)?);
    Ok(files)
}

/// The files of a service.
pub(super) fn service(
    project: &str,
    answers: &Answers,
    runbook_base: &str,
) -> Result<Vec<Rendered>, RenderError> {
    let templates = templates(answers.kind, &answers.with, answers.name.as_str());
    let mut files = from_templates(templates.values(), project, answers)?;
    let example = Example::new(answers, runbook_base);
    let name = answers.name.as_str();
    let shipped = shipped(&answers.with, name);
    files.extend(shipped.into_iter().map(|(path, asset)| Rendered {
        path,
        content: example.adapt(&text(&asset)),
    }));
    Ok(files)
}

/// The paths of a service's files.
pub(super) fn paths(request: &Request) -> Vec<String> {
    let name = request.name.as_str();
    let templates = templates(request.kind, &request.with, name).into_keys();
    let shipped = shipped(&request.with, name).into_iter();
    templates.chain(shipped.map(|(path, _)| path)).collect()
}

/// The templates of a service by the path of what they make. Those of an extra take the place of the kind's.
fn templates(kind: Kind, extras: &[Extra], name: &str) -> BTreeMap<String, Asset> {
    let sets = ["service", set(kind)].into_iter();
    let sets = sets.chain(extras.iter().map(|extra| extra.name()));
    sets.flat_map(assets::templates)
        .map(|asset| (destination(&asset.path, name).path, asset))
        .collect()
}

/// The dashboards, alerts and runbooks of a service, each with its place.
fn shipped(extras: &[Extra], name: &str) -> Vec<(String, Asset)> {
    let sets = || extras.iter().map(|extra| extra.name());
    let dashboards = assets::dashboards().into_iter();
    let dashboards = dashboards.chain(sets().flat_map(assets::dashboards_of));
    let alerts = assets::alerts().into_iter();
    let alerts = alerts.chain(sets().flat_map(assets::alerts_of));
    let dashboards = dashboards.map(|asset| (dashboard_path(&asset, name), asset));
    dashboards
        .chain(alerts.map(|asset| (alert_path(&asset, name), asset)))
        .collect()
}

/// The templates that only this kind has.
fn set(kind: Kind) -> &'static str {
    match kind {
        Kind::Http => "http",
    }
}

fn dashboard_path(asset: &Asset, name: &str) -> String {
    format!("services/{name}/observability/dashboards/{}", asset.path)
}

fn alert_path(asset: &Asset, name: &str) -> String {
    if asset.path.starts_with("runbooks/") {
        format!("services/{name}/observability/{}", asset.path)
    } else {
        format!("{RULES}/{}", asset.path.replace(EXAMPLE, name))
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
    uids: [(&'static str, String); 2],
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
            uids: UID_SUFFIXES.map(|suffix| (suffix, uid(name, suffix))),
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
            let uids = self.uids.iter();
            let mut uids = uids.filter_map(|(suffix, uid)| Some((uid, part.strip_prefix(suffix)?)));
            let (name, rest) = uids
                .next()
                .map_or((self.name, part), |(uid, rest)| (uid.as_str(), rest));
            adapted.push_str(name);
            adapted.push_str(rest);
        }
        adapted
    }
}

/// The uid of a service's dashboard: its name, shortened to what Grafana takes.
fn uid(name: &str, suffix: &str) -> String {
    const DIGITS: usize = 8;
    if name.len() + suffix.len() <= UID_LENGTH {
        return format!("{name}{suffix}");
    }
    // Names that begin alike keep different uids.
    let hash = sha256(name.as_bytes());
    let kept = UID_LENGTH - suffix.len() - DIGITS - 1;
    let (start, digits) = (name.get(..kept), hash.get(..DIGITS));
    format!(
        "{}-{}{suffix}",
        start.unwrap_or(name).trim_end_matches('-'),
        digits.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::{Example, project, service, uid};
    use crate::project::port;
    use crate::scaffold::{Answers, Extra, Kind};

    fn answers(name: &str) -> Answers {
        Answers::new(name.parse().unwrap(), Kind::Http, port::first())
    }

    #[test]
    fn a_uid_is_never_longer_than_grafana_takes() {
        assert_eq!(uid("user-service", "-detail"), "user-service-detail");
        for length in 1..=63 {
            assert!(
                uid(&"x".repeat(length), "-database").len() <= 40,
                "{length}"
            );
        }
        let (one, other) = (
            format!("{}1", "x".repeat(62)),
            format!("{}2", "x".repeat(62)),
        );
        assert_ne!(uid(&one, "-detail"), uid(&other, "-detail"));
    }

    #[test]
    fn nothing_of_the_example_is_left() {
        let answers = answers("order-service").with(Extra::ALL);
        for file in service("shop", &answers, "").unwrap() {
            assert!(!file.content.contains("example-service"), "{}", file.path);
            assert!(!file.path.contains("example-service"), "{}", file.path);
        }
    }

    #[test]
    fn a_name_that_contains_the_example_s_is_put_in_once() {
        for name in [
            "my-example-service",
            "example-service",
            "example-service-detail",
        ] {
            let (service, uid) = (answers(name), uid(name, "-detail"));
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
        let answers = answers("user-service").with(Extra::ALL);
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
