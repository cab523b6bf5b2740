//! Where a project is.

use std::path::{Path, PathBuf};

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

#[cfg(test)]
mod tests {
    use super::find;

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
