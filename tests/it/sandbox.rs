//! An empty directory in which the program runs, and what came of it in a form to compare.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A directory that is removed with the value.
pub(crate) struct Sandbox {
    directory: TempDir,
}

/// Everything below a directory by its path.
pub(crate) type Tree = BTreeMap<String, Node>;

/// What is at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    Directory,
    File { content: Vec<u8>, mode: u32 },
    Link(PathBuf),
}

impl Node {
    pub(crate) fn is_file(&self) -> bool {
        matches!(self, Self::File { .. })
    }

    /// The bytes of a file.
    pub(crate) fn content(&self) -> &[u8] {
        match self {
            Self::File { content, .. } => content,
            Self::Directory | Self::Link(_) => &[],
        }
    }
}

/// How many files a tree has.
pub(crate) fn files(tree: &Tree) -> usize {
    tree.values().filter(|node| node.is_file()).count()
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    /// A sandbox with a project `shop` in it that has the service `user-service`.
    pub(crate) fn with_project() -> Self {
        let sandbox = Self::new();
        let made = sandbox
            .marty(["new", "user-service", "--dir", "shop"])
            .output()
            .unwrap();
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        sandbox
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn join(&self, path: &str) -> PathBuf {
        self.path().join(path)
    }

    /// Puts a file into the sandbox.
    #[track_caller]
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[track_caller]
    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.join(path)).unwrap()
    }

    /// The program, about to run in the sandbox with nothing but a path in its environment.
    pub(crate) fn marty<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        self.marty_in("", arguments)
    }

    /// The same in a directory of the sandbox.
    pub(crate) fn marty_in<S: AsRef<OsStr>>(
        &self,
        directory: &str,
        arguments: impl IntoIterator<Item = S>,
    ) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_marty"));
        command
            .args(arguments)
            .current_dir(self.join(directory))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .stdin(Stdio::null());
        command
    }

    /// Everything in the sandbox.
    pub(crate) fn tree(&self) -> Tree {
        tree(self.path())
    }

    /// What a run came to, with the sandbox's path and the program's version taken out.
    #[track_caller]
    pub(crate) fn outcome(&self, command: &mut Command) -> String {
        let output = command.output().unwrap();
        self.describe(&output)
    }

    pub(crate) fn describe(&self, output: &Output) -> String {
        let mut text = format!("status: {}\n", output.status.code().unwrap_or(-1));
        for (name, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
            let printed = self.anonymous(&String::from_utf8_lossy(bytes));
            let _ = write!(text, "--- {name}\n{printed}");
        }
        text
    }

    fn anonymous(&self, text: &str) -> String {
        let canonical = self.path().canonicalize().unwrap();
        text.replace(&*canonical.to_string_lossy(), "[sandbox]")
            .replace(&*self.path().to_string_lossy(), "[sandbox]")
            .replace(env!("CARGO_PKG_VERSION"), "[version]")
    }
}

/// Everything below a directory.
pub(crate) fn tree(directory: &Path) -> Tree {
    let mut found = Tree::new();
    collect(directory, directory, &mut found);
    found
}

fn collect(root: &Path, directory: &Path, found: &mut Tree) {
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let path = entry.path();
        let name = path
            .strip_prefix(root)
            .unwrap()
            .to_string_lossy()
            .replace('\\', "/");
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            found.insert(name, Node::Directory);
            collect(root, &path, found);
        } else if kind.is_symlink() {
            found.insert(name, Node::Link(fs::read_link(&path).unwrap()));
        } else {
            let content = fs::read(&path).unwrap();
            found.insert(
                name,
                Node::File {
                    content,
                    mode: mode(&path),
                },
            );
        }
    }
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).unwrap().permissions().mode()
}

#[cfg(not(unix))]
fn mode(_: &Path) -> u32 {
    0
}

/// The paths of a tree's files, one a line; of places with many alike files only the place.
pub(crate) fn listing(tree: &Tree) -> String {
    let mut lines: Vec<String> = Vec::new();
    for path in tree
        .iter()
        .filter(|(_, content)| content.is_file())
        .map(|(path, _)| path)
    {
        let many = [".marty/base/", "crates/marty-runtime/src/"];
        let line = match many
            .iter()
            .find_map(|place| Some(path.split_once(place)?.0.len() + place.len()))
        {
            Some(end) => format!("{}…", &path[..end]),
            None => path.clone(),
        };
        if lines.last() != Some(&line) {
            lines.push(line);
        }
    }
    lines.join("\n")
}
