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
    Replaced { place: PathBuf, kept: PathBuf },
}

impl<'a> UndoLog<'a> {
    pub(super) fn new(files: &'a dyn FileSystem) -> Self {
        Self {
            files,
            done: Vec::new(),
        }
    }

    /// Makes a directory that does not exist, in one that does.
    pub(super) fn create_directory(&mut self, path: &Path) -> io::Result<()> {
        let made = self.files.create_directory(path);
        self.remember_new(&made, path, Step::Directory(path.to_owned()));
        made
    }

    /// Makes a directory and those above it, as far as they are missing. A failure comes with the
    /// directory that it is about.
    pub(super) fn create_directories(&mut self, path: &Path) -> Result<(), (PathBuf, io::Error)> {
        let missing: Vec<&Path> = path
            .ancestors()
            .take_while(|directory| !directory.as_os_str().is_empty() && !directory.exists())
            .collect();
        for directory in missing.into_iter().rev() {
            self.create_directory(directory)
                .map_err(|error| (directory.to_owned(), error))?;
        }
        Ok(())
    }

    pub(super) fn write_new(&mut self, path: &Path, content: &[u8]) -> io::Result<()> {
        let written = self.files.write_new(path, content);
        self.remember_new(&written, path, Step::File(path.to_owned()));
        written
    }

    pub(super) fn copy_permissions(&self, path: &Path, like: &Path) -> io::Result<()> {
        self.files.copy_permissions(path, like)
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let renamed = self.files.rename(from, to);
        if renamed.is_ok() || is_gone(from) {
            self.done.push(Step::Moved {
                from: from.to_owned(),
                to: to.to_owned(),
            });
        }
        renamed
    }

    /// Puts a file in the place of another, of which a copy is kept at `kept`. The place is never
    /// empty.
    pub(super) fn replace(&mut self, from: &Path, place: &Path, kept: &Path) -> io::Result<()> {
        let copied = self.files.copy(place, kept);
        self.remember_new(&copied, kept, Step::File(kept.to_owned()));
        copied?;
        let renamed = self.files.rename(from, place);
        if renamed.is_err() && !is_gone(from) {
            return renamed;
        }
        // The new file is gone from where it was written, and the copy will be.
        let moved = |step: &Step| matches!(step, Step::File(path) if path == from || path == kept);
        self.done.retain(|step| !moved(step));
        self.done.push(Step::Replaced {
            place: place.to_owned(),
            kept: kept.to_owned(),
        });
        renamed
    }

    /// Remembers a step that makes something new at `path`. One that failed may have come half way,
    /// as when the disk fills up during a write; what it left has to go too. What was there before
    /// is somebody else's.
    fn remember_new(&mut self, outcome: &io::Result<()>, path: &Path, step: Step) {
        let left_something = match outcome {
            Ok(()) => true,
            Err(error) => error.kind() != io::ErrorKind::AlreadyExists && !is_gone(path),
        };
        if left_something {
            self.done.push(step);
        }
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
                Step::Replaced { place, kept } => {
                    let undone = self.files.rename(&kept, &place);
                    (place, undone)
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

/// Whether nothing is at `path`, not even a link.
fn is_gone(path: &Path) -> bool {
    path.symlink_metadata()
        .is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}
