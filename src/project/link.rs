//! Which links to folders a walk follows, so that it comes to an end: never more than what they lead
//! to a few times.
//!
//! Nothing is read in here but where links lead.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Folders in which the kernel shows itself. No source is there, and some of them never end.
const OF_KERNEL: &[&str] = &["/proc", "/sys"];

/// How often links that lie behind other links may lead to one folder. Each may do so by every way
/// to it, of which there can be more than can be walked.
const WAYS: usize = 16;

/// What to do with a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// It leads to what may be of the project.
    In,
    /// It leads to what never is.
    Out,
    /// Its folder was reached through other links too often.
    Tangled,
}

/// The links of one walk.
pub(super) struct Links {
    root: PathBuf,
    reached: Mutex<BTreeMap<PathBuf, usize>>,
}

impl Links {
    /// Those of the project at `root`.
    pub(super) fn of(root: &Path) -> Self {
        Self {
            root: root.to_path_buf(),
            reached: Mutex::default(),
        }
    }

    /// What to do with the link to a folder at `link`.
    pub(super) fn way(&self, link: &Path) -> Way {
        let Ok(target) = link.canonicalize() else {
            return Way::In;
        };
        if target.parent().is_none() || is_of_kernel(&target) {
            return Way::Out;
        }
        if self.is_direct(link) {
            return Way::In;
        }
        let mut reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        let ways = reached.entry(target).or_default();
        *ways += 1;
        if *ways > WAYS { Way::Tangled } else { Way::In }
    }

    /// Whether no other link lies between the root and `link`.
    fn is_direct(&self, link: &Path) -> bool {
        let folders = link.ancestors().skip(1);
        let mut between = folders.take_while(|folder| *folder != self.root);
        !between.any(Path::is_symlink)
    }
}

/// Whether a file or folder, at its real path, is one in which the kernel shows itself.
pub(super) fn is_of_kernel(target: &Path) -> bool {
    OF_KERNEL.iter().any(|it| target.starts_with(it))
}
