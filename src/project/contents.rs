//! The files of a project that say something about what it exports and what is made of that.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::mpsc;

use super::link::is_of_kernel;
use super::pattern;
pub use super::role::Role;
pub use super::walk::Unreadable;
use super::walk::{relative, unwalkable, walk};
use crate::model::scrape::ScrapeConfig;
use crate::model::source::Source;
use crate::model::yaml;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 8 << 20;

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

impl Contents {
    /// Reads the project at `root`. What `.gitignore` names is not looked at.
    ///
    /// # Errors
    /// When `root` is no directory that can be listed. A file that cannot be read is none: it is
    /// named in [`Contents::unreadable`].
    pub fn read(root: &Path) -> io::Result<Self> {
        fs::read_dir(root)?;
        let mut contents = Self::default();
        let (refuse, refused) = mpsc::channel();
        for entry in walk(root, refuse) {
            match entry {
                Ok(entry) if entry.file_type().is_some_and(|kind| !kind.is_dir()) => {
                    contents.add(root, entry.path());
                }
                Ok(_) => {}
                Err(error) => contents.unreadable.extend(unwalkable(root, &error)),
            }
        }
        contents
            .unreadable
            .extend(refused.try_iter().map(|(folder, reason)| {
                let inside = relative(root, &folder);
                let path = if inside.is_empty() {
                    ".".to_owned()
                } else {
                    inside
                };
                Unreadable {
                    path,
                    reason: reason.to_owned(),
                }
            }));
        contents.add_rules(root);
        contents.add_tested(root);
        contents
            .files
            .sort_by(|one, other| one.source.path.cmp(&other.source.path));
        Ok(contents)
    }

    /// The file at `path`, if it was read.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&ProjectFile> {
        let found = self
            .files
            .binary_search_by(|file| file.source.path.as_str().cmp(path));
        found.ok().and_then(|at| self.files.get(at))
    }

    /// Reads what `prometheus.yml` loads as rules and no place tells.
    fn add_rules(&mut self, root: &Path) {
        let configs = self
            .files
            .iter()
            .filter(|file| file.role == Role::Prometheus);
        let patterns: Vec<String> = configs.flat_map(|file| rule_files(&file.source)).collect();
        let loaded: Vec<String> = self
            .paths
            .iter()
            .filter(|path| Role::of(path).is_none())
            .filter(|path| patterns.iter().any(|it| pattern::matches(it, path)))
            .cloned()
            .collect();
        for path in loaded {
            self.read_file(&root.join(&path), path, Role::Rules);
        }
    }

    /// Takes note of rule files that tests name and that are there all the same, though git ignores
    /// them: something makes them.
    fn add_tested(&mut self, root: &Path) {
        let tests = self.files.iter().filter(|it| it.role == Role::RuleTests);
        let named = tests.flat_map(|file| rule_files(&file.source));
        let there: Vec<String> = named.filter(|path| root.join(path).is_file()).collect();
        self.paths.extend(there);
    }

    fn add(&mut self, root: &Path, file: &Path) {
        let path = relative(root, file);
        self.paths.insert(path.clone());
        if let Some(role) = Role::of(&path) {
            self.read_file(file, path, role);
        }
    }

    fn read_file(&mut self, file: &Path, path: String, role: Role) {
        match read(file) {
            Ok(text) => {
                let source = Source { path, text };
                self.files.push(ProjectFile { role, source });
            }
            Err(reason) => self.unreadable.push(Unreadable { path, reason }),
        }
    }
}

/// The patterns of rule files in a `prometheus.yml` or in tests, as paths of the project. Where an absolute one
/// leads is not known.
fn rule_files(source: &Source) -> Vec<String> {
    let documents = yaml::parse(&source.text).documents;
    let configs = documents.iter().map(ScrapeConfig::of);
    let written = configs.flat_map(|config| config.rule_files);
    let relative = written.filter(|it| !it.decoded.starts_with('/'));
    relative
        .filter_map(|it| pattern::resolve(&source.path, &it.decoded))
        .collect()
}

fn read(file: &Path) -> Result<String, String> {
    let metadata = fs::metadata(file).map_err(|error| error.to_string())?;
    // What the kernel shows as a file may be one that never ends.
    let is_shown = file.is_symlink() && file.canonicalize().is_ok_and(|it| is_of_kernel(&it));
    if is_shown || !metadata.is_file() {
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Contents, Role};

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
    fn rule_files_that_tests_name_are_there_though_git_ignores_them() {
        let root = tempfile::tempdir().unwrap();
        let folder = "observability/monitoring/prometheus/rules";
        for (path, text) in [
            (".gitignore", "made.*\n"),
            ("made.rules.yml", ""),
            ("made.other.yml", ""),
            ("a.test.yml", "rule_files: [made.rules.yml, none.yml]\n"),
        ] {
            let path = root.path().join(folder).join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let contents = Contents::read(root.path()).unwrap();
        let paths = ["a.test.yml", "made.rules.yml"].map(|it| format!("{folder}/{it}"));
        let ignore = format!("{folder}/.gitignore");
        let found: Vec<_> = contents
            .paths
            .into_iter()
            .filter(|it| *it != ignore)
            .collect();
        assert_eq!(found, paths);
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

    #[test]
    fn rules_are_wherever_prometheus_looks_for_them() {
        let root = tempfile::tempdir().unwrap();
        let folder = "observability/monitoring/prometheus";
        for (path, text) in [
            (
                "prometheus.yml",
                "rule_files: [recording/*.yml, ../*.yml]\n",
            ),
            ("recording/a.yml", ""),
            ("recording/a.test.yml", ""),
            ("other/b.yml", ""),
        ] {
            let path = root.path().join(folder).join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let contents = Contents::read(root.path()).unwrap();
        let read = contents.files.iter();
        let rules: Vec<&str> = read
            .filter(|file| file.role == Role::Rules)
            .map(|file| file.source.path.as_str())
            .collect();
        assert_eq!(rules, [format!("{folder}/recording/a.yml")]);
        let of = |path: &str| contents.file(&format!("{folder}/{path}"));
        assert!(of("recording/a.test.yml").is_some() && of("other/b.yml").is_none());
    }

    #[cfg(unix)]
    #[test]
    fn linked_folders_are_read_where_they_may_say_something() {
        use std::os::unix::fs::symlink;
        let around = tempfile::tempdir().unwrap();
        let root = around.path().join("shop");
        let source = around.path().join("apps/a/src");
        std::fs::create_dir_all(&source).unwrap();
        std::fs::create_dir(&root).unwrap();
        std::fs::write(source.join("lib.rs"), "").unwrap();
        symlink("../apps", root.join("services")).unwrap();
        // Back to itself, to nowhere, and to where nothing of the project is.
        symlink("..", source.join("up")).unwrap();
        symlink("nowhere", root.join("README.md")).unwrap();
        symlink("/", root.join("data")).unwrap();
        symlink("nowhere.rs", source.join("main.rs")).unwrap();
        let contents = Contents::read(&root).unwrap();
        assert!(contents.file("services/a/src/lib.rs").is_some());
        assert_eq!(contents.files.len(), 1);
        assert_eq!(contents.paths.len(), 1, "{:?}", contents.paths);
        let unreadable: Vec<_> = contents.unreadable.iter().map(|it| &it.path).collect();
        assert_eq!(unreadable, ["services/a/src/main.rs"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_among_each_other_are_followed_to_an_end() {
        use std::os::unix::fs::symlink;
        let root = tempfile::tempdir().unwrap();
        let source = root.path().join("services/a/src");
        // Through each folder two ways lead to the next: 2^40 to the last.
        for at in 0..40 {
            let folder = source.join(format!("f{at:02}"));
            std::fs::create_dir_all(&folder).unwrap();
            for name in ["x", "y"] {
                symlink(format!("../f{:02}", at + 1), folder.join(name)).unwrap();
            }
        }
        std::fs::create_dir(source.join("f40")).unwrap();
        std::fs::write(source.join("f40/lib.rs"), "").unwrap();
        let contents = Contents::read(root.path()).unwrap();
        assert!(contents.file("services/a/src/f39/y/lib.rs").is_some());
        let reasons: std::collections::BTreeSet<_> = contents
            .unreadable
            .iter()
            .map(|it| it.reason.as_str())
            .collect();
        assert!(reasons.contains("too many links lead to this folder"));
        assert_eq!(reasons.len(), 1);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn links_to_what_the_kernel_shows_are_not_followed() {
        use std::os::unix::fs::symlink;
        let root = tempfile::tempdir().unwrap();
        let service = root.path().join("services/a");
        std::fs::create_dir_all(service.join("src")).unwrap();
        for (name, target) in [("p", "/proc/self"), ("s", "/sys"), ("r", "/")] {
            symlink(target, service.join(name)).unwrap();
        }
        symlink("/proc/self/maps", service.join("src/lib.rs")).unwrap();
        let contents = Contents::read(root.path()).unwrap();
        assert_eq!(contents.paths.len(), 1);
        let unreadable = contents.unreadable.iter();
        let unreadable: Vec<_> = unreadable.map(|it| (&*it.path, &*it.reason)).collect();
        assert_eq!(unreadable, [("services/a/src/lib.rs", "this is no file")]);
    }

    #[cfg(unix)]
    #[test]
    fn a_gitignore_that_nobody_writes_into_is_not_waited_for() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("services/a");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(root.path().join("marty.toml"), "").unwrap();
        let fifo = |folder: &Path| {
            let made = std::process::Command::new("mkfifo")
                .arg(folder.join(".gitignore"))
                .status();
            assert!(made.unwrap().success());
        };
        fifo(&folder);
        let unreadable = || {
            let contents = Contents::read(root.path()).unwrap();
            assert!(contents.file("marty.toml").is_some());
            let named = contents.unreadable.into_iter();
            named.map(|it| (it.path, it.reason)).collect::<Vec<_>>()
        };
        let reason = "its `.gitignore` is no file".to_owned();
        let inner = ("services/a".to_owned(), reason.clone());
        let found = unreadable();
        assert_eq!(found.as_slice(), std::slice::from_ref(&inner));
        fifo(root.path());
        assert_eq!(unreadable(), [(".".to_owned(), reason), inner]);
    }
}
