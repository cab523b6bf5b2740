//! Where a project is.

use std::io;
use std::path::{Component, Path, PathBuf};

/// The file that makes a directory a project.
pub const MANIFEST: &str = "marty.toml";

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

    use super::{absolute, find};

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
}
