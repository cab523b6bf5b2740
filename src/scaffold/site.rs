//! The place a service is made in, as it is before anything happens.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

use super::base;
use super::cargo_lock::CargoLock;
use super::catalogue;
use super::lock::{LOCK_PATH, Lock};
use super::plan::Request;
use crate::project::config::Config;
use crate::project::name::ServiceName;
use crate::project::root::MANIFEST;

/// How many paths in the way are named one by one.
const NAMED: usize = 5;

/// What lies at the place where a service is to be made.
#[derive(Debug)]
pub struct Site {
    pub(super) root: PathBuf,
    pub(super) state: State,
    /// The first paths in the way.
    pub(super) occupied: Vec<String>,
    /// How many paths are in the way beside those.
    pub(super) more: usize,
}

#[derive(Debug)]
pub(super) enum State {
    /// No project: the directory is empty or does not exist.
    Vacant {
        /// What the project will be called.
        project: String,
    },
    /// A project.
    Project(Box<ProjectState>),
}

/// The files of a project that change when a service is added.
#[derive(Debug)]
pub(super) struct ProjectState {
    pub(super) config: Config,
    pub(super) config_text: String,
    pub(super) lock: Lock,
    pub(super) lock_text: String,
    /// None where the project keeps no `Cargo.lock`.
    pub(super) cargo_lock: Option<(CargoLock, String)>,
    /// The paths of the pristine copies.
    pub(super) copies: BTreeSet<String>,
}

/// A place that cannot be used as it is.
#[derive(Debug, thiserror::Error)]
#[error("{} `{}`", kind.what(), path.display())]
pub struct SiteError {
    path: PathBuf,
    kind: SiteErrorKind,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

#[derive(Debug, Clone, Copy)]
enum SiteErrorKind {
    Read,
    Understand,
    NotADirectory,
    MissingLock,
}

impl SiteErrorKind {
    fn what(self) -> &'static str {
        match self {
            Self::Read => "cannot read",
            Self::Understand => "cannot understand",
            Self::NotADirectory => "a directory is needed, and this is none:",
            Self::MissingLock => "the project has lost its record of what was generated,",
        }
    }
}

impl SiteError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self.kind {
            SiteErrorKind::Read => None,
            SiteErrorKind::Understand => Some("repair it or restore it from version control"),
            SiteErrorKind::NotADirectory => Some("choose another directory with `--dir DIR`"),
            SiteErrorKind::MissingLock => Some("restore `.marty` from version control"),
        }
    }

    fn new(path: &Path, kind: SiteErrorKind) -> Self {
        Self {
            path: path.to_owned(),
            kind,
            source: None,
        }
    }

    fn because(
        path: &Path,
        kind: SiteErrorKind,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self {
            source: Some(source.into()),
            ..Self::new(path, kind)
        }
    }
}

impl Site {
    /// Looks at `root`: a project if it has a `marty.toml`, otherwise the directory of a new one.
    ///
    /// # Errors
    /// When something there cannot be read, or is not what its name says.
    pub fn inspect(root: &Path, request: &Request) -> Result<Self, SiteError> {
        let state = if root.join(MANIFEST).exists() {
            State::Project(Box::new(ProjectState::read(root)?))
        } else {
            State::Vacant {
                project: project_name(root, &request.name),
            }
        };
        let entries = entries(root)?;
        let planned = catalogue::paths(request, matches!(state, State::Vacant { .. }));
        let mut occupied: Vec<String> = planned
            .into_iter()
            .filter(|path| root.join(path).symlink_metadata().is_ok())
            .collect();
        if occupied.is_empty() && matches!(state, State::Vacant { .. }) {
            occupied = entries;
        }
        let more = occupied.len().saturating_sub(NAMED);
        occupied.truncate(NAMED);
        Ok(Self {
            root: root.to_owned(),
            state,
            occupied,
            more,
        })
    }

    /// Whether a project is there already.
    #[must_use]
    pub fn is_project(&self) -> bool {
        matches!(self.state, State::Project(_))
    }

    /// The version of marty that made the project, if that is another than this.
    #[must_use]
    pub fn other_version(&self) -> Option<&str> {
        match &self.state {
            State::Project(project) => project.lock.other_version(),
            State::Vacant { .. } => None,
        }
    }
}

impl ProjectState {
    fn read(root: &Path) -> Result<Self, SiteError> {
        let understand = SiteErrorKind::Understand;
        let manifest = root.join(MANIFEST);
        let config_text = read(&manifest)?.unwrap_or_default();
        let config = Config::parse(&config_text)
            .map_err(|error| SiteError::because(&manifest, understand, error))?;
        let path = root.join(LOCK_PATH);
        let Some(lock_text) = read(&path)? else {
            return Err(SiteError::new(&path, SiteErrorKind::MissingLock));
        };
        let lock = Lock::parse(&lock_text)
            .map_err(|error| SiteError::because(&path, understand, error))?;
        let path = root.join(catalogue::CARGO_LOCK);
        let cargo_lock = match read(&path)? {
            None => None,
            Some(text) => {
                let lock = CargoLock::parse(&text)
                    .map_err(|error| SiteError::because(&path, understand, error))?;
                Some((lock, text))
            }
        };
        let copies = entries(&root.join(base::DIRECTORY))?;
        let copies = copies
            .iter()
            .map(|name| format!("{}/{name}", base::DIRECTORY))
            .collect();
        Ok(Self {
            config,
            config_text,
            lock,
            lock_text,
            cargo_lock,
            copies,
        })
    }
}

/// A new project is called like its directory, or like its service where that is no name.
fn project_name(root: &Path, service: &ServiceName) -> String {
    let absolute = std::path::absolute(root).unwrap_or_else(|_| root.to_owned());
    let name = absolute
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    name.filter(|name| name.parse::<ServiceName>().is_ok())
        .unwrap_or_else(|| service.to_string())
}

/// What is in a directory. A repository without files is as good as an empty directory.
fn entries(root: &Path) -> Result<Vec<String>, SiteError> {
    let listing = match fs::read_dir(root) {
        Ok(listing) => listing,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            return Err(SiteError::new(root, SiteErrorKind::NotADirectory));
        }
        Err(error) => return Err(SiteError::because(root, SiteErrorKind::Read, error)),
    };
    let mut names = listing
        .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| SiteError::because(root, SiteErrorKind::Read, error))?;
    names.retain(|name| name != ".git");
    names.sort_unstable();
    Ok(names)
}

/// The text of a file, or none if it does not exist.
fn read(path: &Path) -> Result<Option<String>, SiteError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(SiteError::because(path, SiteErrorKind::Read, error)),
    }
}
