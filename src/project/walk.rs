//! The way through a project's folders: what is not looked at, and what cannot be.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;

use ignore::{Walk, WalkBuilder};

use super::link::{Links, Way};
use super::role::Role;

/// Folders that hold no sources of the project.
const PASSED_OVER: &[&str] = &[".git", ".marty", "node_modules"];

/// Folders of the root that hold files with a role.
const FOLDERS: &[&str] = &[".github", "crates", "observability", "services"];

/// A file that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Its path relative to the project's root.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// Every file and folder of a project, and the folders that `refuse` is told of, each with the
/// reason, because they cannot be walked without harm.
pub(super) fn walk(root: &Path, refuse: Sender<(PathBuf, &'static str)>) -> Walk {
    let around = root.to_path_buf();
    let links = Links::of(root);
    let ignores_root = !refuses(root, &refuse);
    WalkBuilder::new(root)
        .hidden(false)
        .follow_links(true)
        // What is looked at follows from the project alone, not from where it lies or who looks.
        .parents(false)
        .ignore(false)
        .git_ignore(ignores_root)
        .git_global(false)
        .git_exclude(false)
        .require_git(false)
        .sort_by_file_name(Ord::cmp)
        .filter_entry(move |entry| {
            if is_passed_over(entry.path(), entry.depth()) {
                return false;
            }
            let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
            let is_wanted = || {
                !entry.path_is_symlink()
                    || may_hold(&around, entry.path()) && is_followed(&links, entry.path(), &refuse)
            };
            !is_folder || is_wanted() && !refuses(entry.path(), &refuse)
        })
        .build()
}

/// Whether nothing at `path` is a source. Cargo builds into the `target` of the root or beside
/// another manifest; any other may be a service.
fn is_passed_over(path: &Path, depth: usize) -> bool {
    let name = path.file_name().unwrap_or_default();
    let is_build = || depth == 1 || path.with_file_name("Cargo.toml").exists();
    PASSED_OVER.iter().any(|it| name == *it) || name == "target" && is_build()
}

/// Whether the folder at `path` may hold something with a role. Other links are not followed: they
/// may lead anywhere.
fn may_hold(root: &Path, path: &Path) -> bool {
    let inside = relative(root, path);
    let first = inside.split('/').next().unwrap_or_default();
    inside.is_empty() || FOLDERS.contains(&first)
}

/// Whether the link to a folder at `path` is followed.
fn is_followed(links: &Links, path: &Path, refuse: &Sender<(PathBuf, &'static str)>) -> bool {
    let way = links.way(path);
    if way == Way::Tangled {
        let _ = refuse.send((path.to_path_buf(), "too many links lead to this folder"));
    }
    way == Way::In
}

/// Whether opening the `.gitignore` of a folder would wait for somebody to write into it.
fn refuses(folder: &Path, refuse: &Sender<(PathBuf, &'static str)>) -> bool {
    let special = fs::metadata(folder.join(".gitignore"))
        .is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir());
    if special {
        // Whoever reads the project listens until the walk is over.
        let _ = refuse.send((folder.to_path_buf(), "its `.gitignore` is no file"));
    }
    special
}

/// The path of a file from the project's root.
pub(super) fn relative(root: &Path, path: &Path) -> String {
    let inside = path.strip_prefix(root).unwrap_or(path);
    inside.to_string_lossy().replace('\\', "/")
}

/// What keeps a place from being walked, unless nothing is lost by it.
pub(super) fn unwalkable(root: &Path, error: &ignore::Error) -> Option<Unreadable> {
    let (path, cause) = place(error);
    let path = path.map_or_else(|| ".".to_owned(), |path| relative(root, path));
    // A link to nowhere is no folder of which something could be missing.
    let dangling = fs::symlink_metadata(root.join(&path)).is_ok_and(|it| it.is_symlink())
        && fs::metadata(root.join(&path)).is_err();
    if matches!(cause, ignore::Error::Loop { .. }) || dangling && Role::of(&path).is_none() {
        return None;
    }
    let reason = match cause.io_error() {
        // Its message would name the whole path again.
        Some(error) => error.kind().to_string(),
        None => cause.to_string(),
    };
    Some(Unreadable { path, reason })
}

/// The place that an error is about, and the error itself.
fn place(error: &ignore::Error) -> (Option<&Path>, &ignore::Error) {
    match error {
        ignore::Error::WithPath { path, err } => (Some(path), place(err).1),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            place(err)
        }
        ignore::Error::Loop { child, .. } => (Some(child), error),
        _ => (None, error),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, ErrorKind};
    use std::path::Path;

    use super::unwalkable;

    #[test]
    fn a_folder_that_cannot_be_listed_is_named_from_the_root() {
        let denied = io::Error::new(ErrorKind::PermissionDenied, "/shop/services/a: denied");
        let error = ignore::Error::WithDepth {
            depth: 2,
            err: Box::new(ignore::Error::WithPath {
                path: "/shop/services/a".into(),
                err: Box::new(ignore::Error::Io(denied)),
            }),
        };
        let found = unwalkable(Path::new("/shop"), &error).unwrap();
        assert_eq!(
            (found.path.as_str(), found.reason.as_str()),
            ("services/a", "permission denied")
        );
    }
}
