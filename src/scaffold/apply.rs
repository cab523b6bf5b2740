//! Carries a plan out: all of it, or none.
//!
//! Everything is written to a staging directory first and then moved into its place, whole
//! directories at once and files that exist by replacing them in one step. What goes wrong on the
//! way is undone. `kill -9` can stop that in the middle: then every file is either old or new, and
//! the staging directory stays, which the next run names. Nothing is forced to the disk, so what a
//! power cut leaves is up to the file system.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

use super::error::ApplyError;
use super::filesystem::FileSystem;
use super::plan::{Action, Change, Plan};
use super::undo::UndoLog;

/// The staging directory's name. It is always the same, so that of two runs at one place the second
/// finds it taken.
const STAGING: &str = ".marty-staging";

/// Carries `plan` out on `files`. `interrupted` is asked between any two steps.
///
/// Returns the staging directory if it could not be removed after everything was done.
///
/// # Errors
/// When a step fails, when the tree is no longer as the plan found it, or when it is interrupted.
/// The tree is then as it was before.
pub fn apply(
    plan: &Plan,
    files: &dyn FileSystem,
    interrupted: &dyn Fn() -> bool,
) -> Result<Option<PathBuf>, ApplyError> {
    let mut run = Run::new(plan, files, interrupted);
    match run.carry_out() {
        Ok(()) => Ok(run.clean_up()),
        Err(error) => {
            let left_behind = run.log.undo();
            Err(error.leaving(left_behind))
        }
    }
}

struct Run<'a> {
    plan: &'a Plan,
    files: &'a dyn FileSystem,
    interrupted: &'a dyn Fn() -> bool,
    log: UndoLog<'a>,
    /// Whether the whole root is moved into place at once.
    whole: bool,
    staging: PathBuf,
}

impl<'a> Run<'a> {
    fn new(plan: &'a Plan, files: &'a dyn FileSystem, interrupted: &'a dyn Fn() -> bool) -> Self {
        let whole = !plan.root().exists();
        let staging = if whole {
            let name = plan
                .root()
                .file_name()
                .unwrap_or_default()
                .to_string_lossy();
            plan.root().with_file_name(format!("{STAGING}-{name}"))
        } else {
            plan.root().join(STAGING)
        };
        Self {
            plan,
            files,
            interrupted,
            log: UndoLog::new(files),
            whole,
            staging,
        }
    }

    fn carry_out(&mut self) -> Result<(), ApplyError> {
        self.claim()?;
        self.stage()?;
        if self.whole {
            return self.put(&self.new_tree(), self.plan.root());
        }
        for unit in self.new_units() {
            let (from, to) = (self.new_tree().join(&unit), self.plan.root().join(&unit));
            self.put(&from, &to)?;
        }
        for change in self.plan.changes() {
            if let Action::Update { before } = &change.action {
                self.replace(change, before)?;
            }
        }
        Ok(())
    }

    fn new_tree(&self) -> PathBuf {
        self.staging.join("new")
    }

    fn old_tree(&self) -> PathBuf {
        self.staging.join("old")
    }

    /// Makes the staging directory, which only one run can.
    fn claim(&mut self) -> Result<(), ApplyError> {
        let staging = self.staging.clone();
        self.go_on(&staging)?;
        if let Some(parent) = staging.parent() {
            self.create_directories(parent)?;
        }
        match self.log.create_directory(&staging) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(ApplyError::taken(&staging))
            }
            // Its name says nothing to whoever may not write here; its parent's does.
            made => made.map_err(|error| {
                let place = staging.parent().unwrap_or(&staging);
                ApplyError::new("cannot write into", place, error)
            }),
        }
    }

    fn create_directories(&mut self, directory: &Path) -> Result<(), ApplyError> {
        self.log
            .create_directories(directory)
            .map_err(|(path, error)| ApplyError::new("cannot create", &path, error))
    }

    /// Writes every file of the plan into the staging directory.
    fn stage(&mut self) -> Result<(), ApplyError> {
        for change in self.plan.changes() {
            let staged = self.new_tree().join(&change.path);
            let place = self.plan.root().join(&change.path);
            self.go_on(&place)?;
            self.create_parents(&staged, &place)?;
            self.log
                .write_new(&staged, &change.content)
                .map_err(|error| ApplyError::new("cannot write", &place, error))?;
        }
        Ok(())
    }

    /// Makes the directories for a staged file; a failure names the place it was staged for.
    fn create_parents(&mut self, staged: &Path, place: &Path) -> Result<(), ApplyError> {
        let parent = staged.parent().unwrap_or(Path::new(""));
        self.log
            .create_directories(parent)
            .map_err(|(_, error)| ApplyError::new("cannot write", place, error))
    }

    /// The topmost paths that do not exist yet, of which each is moved into place at once.
    fn new_units(&self) -> BTreeSet<String> {
        let created = self
            .plan
            .changes()
            .iter()
            .filter(|change| change.action == Action::Create);
        created
            .map(|change| topmost_missing(self.plan.root(), &change.path))
            .collect()
    }

    /// Moves a new file or directory into its place.
    fn put(&mut self, from: &Path, to: &Path) -> Result<(), ApplyError> {
        self.go_on(to)?;
        if to.symlink_metadata().is_ok() {
            return Err(ApplyError::refused("somebody else has just created", to));
        }
        self.log
            .rename(from, to)
            .map_err(|error| ApplyError::new("cannot create", to, error))
    }

    /// Puts a new version in the place of a file.
    fn replace(&mut self, change: &Change, before: &[u8]) -> Result<(), ApplyError> {
        let place = self.plan.root().join(&change.path);
        let staged = self.new_tree().join(&change.path);
        let old = self.old_tree().join(&change.path);
        let fail = |error| ApplyError::new("cannot change", &place, error);
        self.go_on(&place)?;
        if place.is_symlink() {
            return Err(ApplyError::refused(
                "a file is needed, and this is a link:",
                &place,
            ));
        }
        if fs::read(&place).map_err(fail)? != before {
            return Err(ApplyError::refused(
                "somebody else has just changed",
                &place,
            ));
        }
        self.log.copy_permissions(&staged, &place).map_err(fail)?;
        self.create_parents(&old, &place)?;
        self.log.replace(&staged, &place, &old).map_err(fail)
    }

    fn go_on(&self, next: &Path) -> Result<(), ApplyError> {
        if (self.interrupted)() {
            return Err(ApplyError::refused("interrupted before", next));
        }
        Ok(())
    }

    /// Removes the staging directory; what cannot be removed harms nobody but is named.
    fn clean_up(&self) -> Option<PathBuf> {
        remove_tree(self.files, &self.staging)
            .err()
            .map(|_| self.staging.clone())
    }
}

/// The shortest beginning of `path` that does not exist below `root`.
fn topmost_missing(root: &Path, path: &str) -> String {
    let ends = path.match_indices('/').map(|(at, _)| at);
    ends.filter_map(|end| path.get(..end))
        .find(|beginning| root.join(beginning).symlink_metadata().is_err())
        .unwrap_or(path)
        .to_owned()
}

fn remove_tree(files: &dyn FileSystem, directory: &Path) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove_tree(files, &entry.path())?;
        } else {
            files.remove_file(&entry.path())?;
        }
    }
    files.remove_directory(directory)
}
