//! The dashboards, alerts and runbooks of a service: which there are, where they go, and the service's name in them.
//!
//! Pure: it makes texts of what is embedded.

use std::collections::BTreeMap;

use super::dashboard::with_rows_of;
use super::digest::sha256;
use super::error::RenderError;
use super::file::Rendered;
use crate::assets::{self, Asset};
use crate::project::name::ServiceName;

/// The name that shipped dashboards, alerts and runbooks carry where the service's goes. They are
/// valid as they are, so that the field's tools can check them before anybody generates them.
const EXAMPLE: &str = "example-service";

/// Where a service lies, as the path of a runbook begins.
const SERVICES: &str = "services/";

/// What follows the service's name in the uids of its dashboards.
const UID_SUFFIXES: [&str; 3] = ["-detail", "-database", "-events"];

/// Where the rules of all services lie.
const RULES: &str = "observability/monitoring/prometheus/rules";

/// The longest dashboard uid that Grafana takes.
const UID_LENGTH: usize = 40;

/// The files of a service that has these sets.
pub(super) fn files(
    sets: &[&str],
    name: &ServiceName,
    runbook_base: &str,
) -> Result<Vec<Rendered>, RenderError> {
    let example = Example::new(name.as_str(), runbook_base);
    let texts = texts(sets, name.as_str())?.into_iter();
    let files = texts.map(|(path, text)| Rendered::new(path, example.adapt(&text)));
    Ok(files.collect())
}

/// The paths of these files.
pub(super) fn paths(sets: &[&str], name: &str) -> Vec<String> {
    let dashboards = dashboards(sets).into_keys();
    let dashboards = dashboards.map(|path| dashboard_path(&path, name));
    let alerts = alerts(sets).into_keys();
    let alerts = alerts.map(|path| alert_path(&path, name));
    dashboards.chain(alerts).collect()
}

/// What is in them, written for the example.
fn texts(sets: &[&str], name: &str) -> Result<Vec<(String, String)>, RenderError> {
    let mut files = Vec::new();
    for (path, layers) in dashboards(sets) {
        let text = combined(&layers).ok_or_else(|| RenderError::dashboard(&path))?;
        files.push((dashboard_path(&path, name), text));
    }
    for (path, layers) in alerts(sets) {
        let text = layers.last().map(text).unwrap_or_default();
        files.push((alert_path(&path, name), text));
    }
    Ok(files)
}

/// What lies at one path in one set after the other.
type Layers = BTreeMap<String, Vec<Asset>>;

fn dashboards(sets: &[&str]) -> Layers {
    layers(assets::dashboards(), sets, assets::dashboards_of)
}

fn alerts(sets: &[&str]) -> Layers {
    layers(assets::alerts(), sets, assets::alerts_of)
}

/// What every service has, and on top of it what those with the sets have.
fn layers(common: Vec<Asset>, sets: &[&str], of: fn(&str) -> Vec<Asset>) -> Layers {
    let mut layers = Layers::new();
    let own = sets.iter().flat_map(|set| of(set));
    for asset in common.into_iter().chain(own) {
        let path = asset.path.clone();
        layers.entry(path).or_default().push(asset);
    }
    layers
}

/// The dashboard that the layers make together; nothing if one of several is none.
fn combined(layers: &[Asset]) -> Option<String> {
    let mut texts = layers.iter().map(text);
    let common = texts.next()?;
    texts.try_fold(common, |below, own| with_rows_of(&own, &below))
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

fn text(asset: &Asset) -> String {
    String::from_utf8_lossy(asset.bytes).into_owned()
}

/// Puts a service in the place of the example that the shipped artefacts are written for.
struct Example<'a> {
    name: &'a str,
    uids: [(&'static str, String); UID_SUFFIXES.len()],
    runbook_base: String,
}

impl<'a> Example<'a> {
    fn new(name: &'a str, runbook_base: &str) -> Self {
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
    use super::{Example, files, texts, uid};

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
    fn a_service_is_watched_by_the_metrics_of_its_kind() {
        for (kind, own, other) in [
            ("http", "http_server_", "rpc_server_"),
            ("grpc", "rpc_server_", "http_server_"),
        ] {
            for (path, text) in texts(&[kind], "a").unwrap() {
                assert!(!text.contains(other), "{path}");
                let without = ["service-down.md"].iter().any(|it| path.ends_with(it));
                assert!(without || text.contains(own), "{path}");
            }
        }
    }

    #[test]
    fn a_set_adds_to_what_there_is() {
        let paths = |sets: &[&str]| super::paths(sets, "a");
        let (without, with) = (paths(&["http"]), paths(&["http", "postgres"]));
        assert!(without.iter().all(|path| with.contains(path)));
        assert!(with.len() > without.len());
        assert_eq!(paths(&["grpc"]), without);
        for set in ["events", "worker"] {
            let with = paths(&["http", set]);
            assert!(without.iter().all(|path| with.contains(path)));
            let own = with.iter().filter(|path| path.contains("events."));
            assert_eq!(own.count(), 3, "dashboard, rules and their tests");
        }
    }

    #[test]
    fn a_service_that_is_down_is_told_of_in_the_same_words_whatever_its_kind() {
        let told = |kind, file: &str, from: &str, to: &str| {
            let files = texts(&[kind], "a").unwrap();
            let (_, text) = files.iter().find(|(path, _)| path.ends_with(file)).unwrap();
            let (_, rest) = text.split_once(from).unwrap();
            rest.split_once(to).unwrap().0.to_owned()
        };
        for (file, from, to) in [
            ("a.rules.yml", "-availability", "- name: "),
            ("a.test.yml", "--- ServiceDown", "# ---"),
        ] {
            let http = told("http", file, from, to);
            assert_eq!(told("grpc", file, from, to), http);
        }
    }

    #[test]
    fn a_name_that_contains_the_example_s_is_put_in_once() {
        for name in [
            "my-example-service",
            "example-service",
            "example-service-detail",
        ] {
            let uid = uid(name, "-detail");
            let base = "https://example-service.example/";
            let adapted = Example::new(name, base).adapt(
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
        let name = "a".parse().unwrap();
        let files = files(&["http"], &name, "https://x.example/").unwrap();
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
}
