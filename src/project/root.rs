//! Where a project is.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};

/// The file that makes a directory a project.
pub const MANIFEST: &str = "marty.toml";

/// Where a project has the runtime that its services share.
pub const RUNTIME: &str = "crates/marty-runtime";

/// The innermost directory that holds a `marty.toml`, from `start` upwards.
///
/// `start` need not exist: the search begins at its nearest existing ancestor.
#[must_use]
pub fn find(start: &Path) -> Option<PathBuf> {
    start
        .ancestors()
        .find(|directory| directory.join(MANIFEST).is_file())
        .map(Path::to_path_buf)
}

/// The same as [`find`], for whoever has to know whether there is no project or none to be seen.
///
/// # Errors
/// When it cannot be told whether a directory holds a `marty.toml`.
pub fn look(start: &Path) -> io::Result<Option<PathBuf>> {
    for directory in start.ancestors() {
        match fs::metadata(directory.join(MANIFEST)) {
            Ok(manifest) if manifest.is_file() => return Ok(Some(directory.to_path_buf())),
            Ok(_) => {}
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// The text of a project's `marty.toml`.
///
/// # Errors
/// When it cannot be read.
pub fn manifest(root: &Path) -> io::Result<String> {
    fs::read_to_string(root.join(MANIFEST))
}

/// The absolute path of something that exists.
///
/// # Errors
/// When it does not exist or cannot be looked at.
pub fn existing(path: &Path) -> io::Result<PathBuf> {
    path.canonicalize()
}

/// The absolute path that `path` means in the directory `current`, without links, `.` and `..`,
/// whether it exists or not.
///
/// # Errors
/// When `current` cannot be resolved.
pub fn absolute(path: &Path, current: &Path) -> io::Result<PathBuf> {
    let joined = current.join(path);
    let existing = joined.ancestors().find(|ancestor| ancestor.exists());
    let existing = existing.unwrap_or(current);
    let mut resolved = existing.canonicalize()?;
    for component in joined.strip_prefix(existing).unwrap_or(path).components() {
        match component {
            Component::ParentDir => _ = resolved.pop(),
            Component::Normal(name) => resolved.push(name),
            _ => {}
        }
    }
    Ok(resolved)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{absolute, find, look};

    #[test]
    fn a_path_is_resolved_as_far_as_it_exists() {
        let place = tempfile::tempdir().unwrap();
        let current = place.path().canonicalize().unwrap();
        std::fs::create_dir(current.join("a")).unwrap();
        for (path, expected) in [
            (".", ""),
            ("a/..", ""),
            ("a/../b", "b"),
            ("nope/../shop", "shop"),
            ("./x/y", "x/y"),
        ] {
            let resolved = absolute(Path::new(path), &current).unwrap();
            assert_eq!(
                resolved,
                current
                    .join(expected)
                    .components()
                    .collect::<std::path::PathBuf>()
            );
        }
    }

    #[test]
    fn the_innermost_project_around_a_directory_is_found() {
        let outer = tempfile::tempdir().unwrap();
        let inner = outer.path().join("a/b");
        std::fs::create_dir_all(inner.join("c")).unwrap();
        assert_eq!(find(&inner), None);
        std::fs::write(outer.path().join("marty.toml"), "").unwrap();
        assert_eq!(find(&inner.join("c")).as_deref(), Some(outer.path()));
        std::fs::write(inner.join("marty.toml"), "").unwrap();
        assert_eq!(
            find(&inner.join("c/not/there")).as_deref(),
            Some(inner.as_path())
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_project_that_cannot_be_seen_is_not_taken_for_none() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path();
        assert_eq!(look(root).unwrap(), None);
        std::os::unix::fs::symlink("marty.toml", root.join("marty.toml")).unwrap();
        look(root).unwrap_err();
        std::fs::remove_file(root.join("marty.toml")).unwrap();
        std::fs::write(root.join("marty.toml"), "").unwrap();
        assert_eq!(look(&root.join("a/b")).unwrap().as_deref(), Some(root));
    }
}
