//! What is embedded in the program, and nothing else embeds: templates, dashboards, alerts, the
//! runtime's sources.
//!
//! Bytes and paths only; what becomes of them is the scaffold's business.

pub(crate) mod runtime;
/// What the build script takes tests out with, to be tested itself.
#[cfg(test)]
#[path = "../../build/source.rs"]
mod source;

use include_dir::{Dir, File, include_dir};

/// The templates, rooted at a generated project's root.
static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates");
static DASHBOARDS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/dashboards");
static ALERTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/alerts");
/// A hash of all that is embedded.
pub(crate) const FINGERPRINT: &str = include_str!(concat!(env!("OUT_DIR"), "/fingerprint.txt"));

/// An embedded file.
#[derive(Debug, Clone)]
pub(crate) struct Asset {
    /// Its path below the embedded tree, with `/` on every platform.
    pub(crate) path: String,
    /// What is in it.
    pub(crate) bytes: &'static [u8],
}

/// The files below `templates/<set>`.
pub(crate) fn templates(set: &str) -> Vec<Asset> {
    TEMPLATES
        .get_dir(set)
        .map(|tree| files(tree, &format!("{set}/")))
        .unwrap_or_default()
}

/// The dashboards that every service has.
pub(crate) fn dashboards() -> Vec<Asset> {
    without_sets(files(&DASHBOARDS, ""))
}

/// The dashboards below `dashboards/<set>`.
pub(crate) fn dashboards_of(set: &str) -> Vec<Asset> {
    below(&DASHBOARDS, set)
}

/// The rules, their tests and the runbooks that every service has.
pub(crate) fn alerts() -> Vec<Asset> {
    without_sets(files(&ALERTS, ""))
}

/// The rules, their tests and the runbooks below `alerts/<set>`.
pub(crate) fn alerts_of(set: &str) -> Vec<Asset> {
    below(&ALERTS, set)
}

/// Those that are in no folder, and the runbooks. The other folders are sets for those services that have something to show.
fn without_sets(mut assets: Vec<Asset>) -> Vec<Asset> {
    assets.retain(|asset| !asset.path.contains('/') || asset.path.starts_with("runbooks/"));
    assets
}

fn below(tree: &'static Dir<'static>, set: &str) -> Vec<Asset> {
    tree.get_dir(set)
        .map(|folder| files(folder, &format!("{set}/")))
        .unwrap_or_default()
}

/// All files of a tree in the order of their paths, without `prefix` in front.
fn files(tree: &'static Dir<'static>, prefix: &str) -> Vec<Asset> {
    let mut found = Vec::new();
    collect(tree, &mut found);
    let mut assets: Vec<Asset> = found
        .into_iter()
        .map(|file| {
            let path = file.path().to_string_lossy().replace('\\', "/");
            let path = path
                .strip_prefix(prefix)
                .map_or_else(|| path.clone(), str::to_owned);
            Asset {
                path,
                bytes: file.contents(),
            }
        })
        .collect();
    assets.sort_by(|one, other| one.path.cmp(&other.path));
    assets
}

fn collect(tree: &'static Dir<'static>, found: &mut Vec<&'static File<'static>>) {
    found.extend(tree.files());
    for directory in tree.dirs() {
        collect(directory, found);
    }
}

#[cfg(test)]
mod tests {
    use super::{Asset, alerts, alerts_of, dashboards, dashboards_of, runtime, templates};

    #[test]
    fn every_embedded_file_is_safe_to_ship() {
        let sets = [
            "project", "service", "users", "http", "grpc", "worker", "postgres", "events",
        ]
        .map(templates);
        assert!(sets.iter().all(|set| !set.is_empty()));
        let optional = ["postgres", "events", "worker"];
        let optional = optional
            .map(|set| [dashboards_of(set), alerts_of(set)])
            .into_iter()
            .flatten();
        let optional: Vec<_> = optional.collect();
        assert!(optional.iter().all(|set| !set.is_empty()));
        let runtime = runtime::FILES.iter().map(|file| Asset {
            path: file.path.to_owned(),
            bytes: file.text.as_bytes(),
        });
        for asset in sets
            .into_iter()
            .flatten()
            .chain(optional.into_iter().flatten())
            .chain(dashboards())
            .chain(alerts())
            .chain(runtime)
        {
            let path = &asset.path;
            let name = path.rsplit('/').next().unwrap();
            // Cargo leaves a directory with a manifest out of a package, and git applies an
            // embedded `.gitignore` to this repository.
            assert!(name != "Cargo.toml" && !name.starts_with('.'), "{path}");
            assert!(
                !asset.bytes.windows(2).any(|two| two == b"\r\n"),
                "{path} has CRLF"
            );
            assert!(
                asset.bytes.ends_with(b"\n"),
                "{path} has no newline at its end"
            );
            assert!(
                std::str::from_utf8(asset.bytes).is_ok(),
                "{path} is not UTF-8"
            );
        }
    }
}
