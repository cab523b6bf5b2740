//! Remembers what was done to a disk, to take it back in reverse.

use std::io;
use std::path::{Path, PathBuf};

use super::filesystem::FileSystem;

/// Does things to a disk and can undo them.
#[derive(Debug)]
pub(super) struct UndoLog<'a> {
    files: &'a dyn FileSystem,
    done: Vec<Step>,
}

#[derive(Debug)]
enum Step {
    Directory(PathBuf),
    File(PathBuf),
    Moved { from: PathBuf, to: PathBuf },
}

impl<'a> UndoLog<'a> {
    pub(super) fn new(files: &'a dyn FileSystem) -> Self {
        Self {
            files,
            done: Vec::new(),
        }
    }

    /// Makes a directory and those above it, as far as they are missing.
    pub(super) fn create_directories(&mut self, path: &Path) -> io::Result<()> {
        let missing: Vec<&Path> = path
            .ancestors()
            .take_while(|directory| !directory.as_os_str().is_empty() && !directory.exists())
            .collect();
        for directory in missing.into_iter().rev() {
            self.files.create_directory(directory)?;
            self.done.push(Step::Directory(directory.to_owned()));
        }
        Ok(())
    }

    pub(super) fn write_new(&mut self, path: &Path, content: &[u8]) -> io::Result<()> {
        self.files.write_new(path, content)?;
        self.done.push(Step::File(path.to_owned()));
        Ok(())
    }

    pub(super) fn copy_permissions(&self, path: &Path, like: &Path) -> io::Result<()> {
        self.files.copy_permissions(path, like)
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        self.files.rename(from, to)?;
        self.done.push(Step::Moved {
            from: from.to_owned(),
            to: to.to_owned(),
        });
        Ok(())
    }

    /// Takes everything back, the last thing first; returns what could not be taken back.
    pub(super) fn undo(self) -> Vec<PathBuf> {
        let mut left = Vec::new();
        for step in self.done.into_iter().rev() {
            let (path, undone) = match step {
                Step::Directory(path) => {
                    let undone = self.files.remove_directory(&path);
                    (path, undone)
                }
                Step::File(path) => {
                    let undone = self.files.remove_file(&path);
                    (path, undone)
                }
                Step::Moved { from, to } => {
                    let undone = self.files.rename(&to, &from);
                    (to, undone)
                }
            };
            if undone.is_err() {
                left.push(path);
            }
        }
        left
    }
}
