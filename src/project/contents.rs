//! The files of a project that say something about what it exports and what is made of that.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use ignore::WalkBuilder;

use super::root::MANIFEST;
use crate::model::source::Source;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 8 << 20;

/// Folders that hold no sources of the project.
const PASSED_OVER: &[&str] = &[".git", ".marty", "node_modules", "target"];

/// What a project consists of, in the order of the paths.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contents {
    /// The files that were read.
    pub files: Vec<ProjectFile>,
    /// The files that could not be.
    pub unreadable: Vec<Unreadable>,
    /// The paths of all files, also of those that say nothing about metrics.
    pub paths: BTreeSet<String>,
}

/// A file and what it is to the project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectFile {
    /// What its place makes of it.
    pub role: Role,
    /// Its text.
    pub source: Source,
}

/// A file that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Its path relative to the project's root.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// What a file is to the project; follows from its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// `marty.toml`.
    Project,
    /// A `Cargo.toml` or `service.toml`.
    Toml,
    /// A workflow.
    Yaml,
    /// A source file of a crate.
    Rust {
        /// The crate's folder name.
        package: String,
    },
    /// A dashboard.
    Dashboard,
    /// Alerts and recording rules.
    Rules,
    /// Tests of rules.
    RuleTests,
    /// `prometheus.yml`.
    Prometheus,
    /// The targets of services.
    Targets,
    /// A runbook.
    Runbook,
}

impl Role {
    /// The role of the file at `path`, relative to the project's root.
    #[must_use]
    pub fn of(path: &str) -> Option<Self> {
        let segments: Vec<&str> = path.split('/').collect();
        let name = segments.last().copied().unwrap_or_default();
        if path == MANIFEST {
            return Some(Self::Project);
        }
        if let ["services" | "crates", package, "src", ..] = segments[..]
            && has_extension(name, &["rs"])
        {
            return Some(Self::Rust {
                package: package.to_owned(),
            });
        }
        match segments[..] {
            ["Cargo.toml"] | ["services" | "crates", _, "Cargo.toml" | "service.toml"] => {
                Some(Self::Toml)
            }
            [".github", "workflows", _] if is_yaml(name) => Some(Self::Yaml),
            ["observability", "monitoring", "prometheus", ref inside @ ..] => prometheus(inside),
            _ if segments.contains(&"observability") => artefact(&segments, name),
            _ => None,
        }
    }
}

fn prometheus(inside: &[&str]) -> Option<Role> {
    match inside {
        ["prometheus.yml"] => Some(Role::Prometheus),
        ["targets", name] if has_extension(name, &["json", "yml", "yaml"]) => Some(Role::Targets),
        ["rules", name] if name.ends_with(".test.yml") => Some(Role::RuleTests),
        ["rules", name] if is_yaml(name) => Some(Role::Rules),
        _ => None,
    }
}

fn artefact(segments: &[&str], name: &str) -> Option<Role> {
    if segments.contains(&"dashboards") && has_extension(name, &["json"]) {
        return Some(Role::Dashboard);
    }
    (segments.contains(&"runbooks") && has_extension(name, &["md"])).then_some(Role::Runbook)
}

fn is_yaml(name: &str) -> bool {
    has_extension(name, &["yml", "yaml"])
}

fn has_extension(name: &str, extensions: &[&str]) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(stem, end)| !stem.is_empty() && extensions.contains(&end))
}

impl Contents {
    /// Reads the project at `root`. What `.gitignore` names is not looked at.
    ///
    /// # Errors
    /// When `root` is no directory that can be listed. A file that cannot be read is none: it is
    /// named in [`Contents::unreadable`].
    pub fn read(root: &Path) -> io::Result<Self> {
        fs::read_dir(root)?;
        let mut contents = Self::default();
        let walk = WalkBuilder::new(root)
            .hidden(false)
            // What is looked at follows from the project alone, not from where it lies or who looks.
            .parents(false)
            .ignore(false)
            .git_global(false)
            .git_exclude(false)
            .require_git(false)
            .sort_by_file_name(Ord::cmp)
            .filter_entry(|entry| {
                let name = entry.file_name().to_string_lossy();
                !PASSED_OVER.contains(&name.as_ref())
            })
            .build();
        for entry in walk {
            match entry {
                Ok(entry) if entry.file_type().is_some_and(|kind| !kind.is_dir()) => {
                    contents.add(root, entry.path());
                }
                Ok(_) => {}
                Err(error) => contents.unreadable.push(unwalkable(root, &error)),
            }
        }
        contents
            .files
            .sort_by(|one, other| one.source.path.cmp(&other.source.path));
        Ok(contents)
    }

    fn add(&mut self, root: &Path, file: &Path) {
        let inside = file.strip_prefix(root).unwrap_or(file);
        let path = inside.to_string_lossy().replace('\\', "/");
        if let Some(role) = Role::of(&path) {
            match read(file) {
                Ok(text) => {
                    let source = Source {
                        path: path.clone(),
                        text,
                    };
                    self.files.push(ProjectFile { role, source });
                }
                Err(reason) => self.unreadable.push(Unreadable {
                    path: path.clone(),
                    reason,
                }),
            }
        }
        self.paths.insert(path);
    }
}

fn read(file: &Path) -> Result<String, String> {
    let metadata = fs::metadata(file).map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("this is no file".to_owned());
    }
    if metadata.len() > LARGEST {
        return Err(format!("it is larger than {} MiB", LARGEST >> 20));
    }
    let bytes = fs::read(file).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| {
        format!(
            "it is not UTF-8 from byte {} on",
            error.utf8_error().valid_up_to()
        )
    })
}

fn unwalkable(root: &Path, error: &ignore::Error) -> Unreadable {
    let path = match error {
        ignore::Error::WithPath { path, .. } => path.strip_prefix(root).unwrap_or(path),
        _ => Path::new("."),
    };
    Unreadable {
        path: path.to_string_lossy().replace('\\', "/"),
        reason: error
            .io_error()
            .map_or_else(|| error.to_string(), ToString::to_string),
    }
}

#[cfg(test)]
mod tests {
    use super::{Contents, Role};

    #[test]
    fn the_role_follows_from_the_place() {
        let rust = |package: &str| {
            Some(Role::Rust {
                package: package.to_owned(),
            })
        };
        let prometheus = "observability/monitoring/prometheus";
        for (path, role) in [
            ("marty.toml".to_owned(), Some(Role::Project)),
            ("services/a/Cargo.toml".to_owned(), Some(Role::Toml)),
            ("services/a/src/api/mod.rs".to_owned(), rust("a")),
            (
                "crates/marty-runtime/src/names.rs".to_owned(),
                rust("marty-runtime"),
            ),
            ("services/a/tests/api.rs".to_owned(), None),
            (
                "services/a/observability/dashboards/d.json".to_owned(),
                Some(Role::Dashboard),
            ),
            (
                "services/a/observability/runbooks/r.md".to_owned(),
                Some(Role::Runbook),
            ),
            (
                format!("{prometheus}/prometheus.yml"),
                Some(Role::Prometheus),
            ),
            (format!("{prometheus}/rules/a.rules.yml"), Some(Role::Rules)),
            (
                format!("{prometheus}/rules/a.test.yml"),
                Some(Role::RuleTests),
            ),
            (format!("{prometheus}/targets/a.json"), Some(Role::Targets)),
            (".github/workflows/ci.yml".to_owned(), Some(Role::Yaml)),
            ("README.md".to_owned(), None),
        ] {
            assert_eq!(Role::of(&path), role, "{path}");
        }
    }

    #[test]
    fn ignore_files_around_the_project_have_no_say() {
        let around = tempfile::tempdir().unwrap();
        let root = around.path().join("shop");
        std::fs::create_dir(&root).unwrap();
        std::fs::write(around.path().join(".gitignore"), "*\n").unwrap();
        std::fs::write(root.join(".gitignore"), "local.json\n").unwrap();
        std::fs::write(root.join("local.json"), "").unwrap();
        std::fs::write(root.join("marty.toml"), "").unwrap();
        let contents = Contents::read(&root).unwrap();
        assert_eq!(contents.files.len(), 1);
        assert!(!contents.paths.contains("local.json"));
    }

    #[test]
    fn what_cannot_be_read_is_named_and_the_rest_is_read() {
        let root = tempfile::tempdir().unwrap();
        let source = root.path().join("services/a/src");
        std::fs::create_dir_all(&source).unwrap();
        std::fs::create_dir_all(root.path().join("target/x")).unwrap();
        std::fs::write(root.path().join("target/x/y"), "").unwrap();
        std::fs::write(root.path().join("marty.toml"), "").unwrap();
        std::fs::write(source.join("lib.rs"), b"// \xff").unwrap();
        std::fs::write(source.join("main.rs"), "").unwrap();
        let contents = Contents::read(root.path()).unwrap();
        let read: Vec<&str> = contents
            .files
            .iter()
            .map(|it| it.source.path.as_str())
            .collect();
        assert_eq!(read, ["marty.toml", "services/a/src/main.rs"]);
        assert_eq!(contents.unreadable[0].path, "services/a/src/lib.rs");
        assert_eq!(
            contents.unreadable[0].reason,
            "it is not UTF-8 from byte 3 on"
        );
        assert_eq!(contents.paths.len(), 3);
        assert!(Contents::read(&root.path().join("nowhere")).is_err());
    }
}
