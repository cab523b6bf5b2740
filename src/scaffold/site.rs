//! The place a service is made in, as it is before anything happens.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fs, io};

use toml_edit::DocumentMut;

use super::base;
use super::cargo_lock::CargoLock;
use super::catalogue;
use super::error::{SiteError, SiteErrorKind};
use super::lock::{LOCK_PATH, Lock};
use super::manifest::{with_dependencies, with_member};
use super::request::Request;
use crate::project::config::Config;
use crate::project::name::ServiceName;
use crate::project::root::{self, MANIFEST};

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
    /// Whether there is anything in the service's own folder.
    pub(super) has_folder: bool,
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
    /// The root manifest of the project's crates as it is and as the service needs it; none where it has all that already.
    pub(super) cargo_manifest: Option<(String, String)>,
    /// None where the project keeps no `Cargo.lock`, or one that is not understood.
    pub(super) cargo_lock: Option<(CargoLock, String)>,
    /// Whether there is a `Cargo.lock` that is not understood.
    pub(super) strange_cargo_lock: bool,
    /// The paths of the pristine copies.
    pub(super) copies: BTreeSet<String>,
    /// The names of the crates beside the service's own, which cargo may not have locked yet.
    pub(super) crates: BTreeSet<String>,
}

impl Site {
    /// Looks at `root`: a project if it has a `marty.toml`, otherwise the directory of a new one.
    /// `root` is absolute.
    ///
    /// # Errors
    /// When something there cannot be read, or is not what its name says; when `root` lies inside
    /// another project.
    pub fn inspect(root: &Path, request: &Request) -> Result<Self, SiteError> {
        let (state, in_the_way) = match root::find(root) {
            Some(project) if project == root => {
                let state = State::Project(Box::new(ProjectState::read(root, request)?));
                (state, in_the_way_of_a_service(root, request)?)
            }
            Some(project) => return Err(SiteError::new(&project, SiteErrorKind::Nested)),
            None => {
                let project = project_name(root, &request.name);
                (State::Vacant { project }, entries(root)?)
            }
        };
        let mut occupied = in_the_way;
        let more = occupied.len().saturating_sub(NAMED);
        let folder = format!("services/{}", request.name);
        let has_folder = occupied.iter().any(|path| path.starts_with(&folder));
        occupied.truncate(NAMED);
        let root = root.to_owned();
        Ok(Self {
            root,
            state,
            occupied,
            more,
            has_folder,
        })
    }

    /// Whether a project is there already.
    #[must_use]
    pub fn is_project(&self) -> bool {
        matches!(self.state, State::Project(_))
    }

    /// The services of the project and their ports, as far as they are recorded.
    pub(super) fn services(&self) -> BTreeMap<&str, Vec<u16>> {
        match &self.state {
            State::Project(project) => project.config.services(),
            State::Vacant { .. } => BTreeMap::new(),
        }
    }

    /// Whether the project has a `Cargo.lock` to which nothing can be added here.
    #[must_use]
    pub fn has_strange_cargo_lock(&self) -> bool {
        matches!(&self.state, State::Project(project) if project.strange_cargo_lock)
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
    fn read(root: &Path, request: &Request) -> Result<Self, SiteError> {
        let understand = SiteErrorKind::Understand;
        let manifest = root.join(MANIFEST);
        let config_text = read(&manifest)?.unwrap_or_default();
        check_changeable(&manifest)?;
        let config = Config::parse(&config_text)
            .map_err(|error| SiteError::because(&manifest, understand, error))?;
        let path = root.join(LOCK_PATH);
        let Some(lock_text) = read(&path)? else {
            return Err(SiteError::new(&path, SiteErrorKind::MissingLock));
        };
        check_changeable(&path)?;
        let lock = Lock::parse(&lock_text)
            .map_err(|error| SiteError::because(&path, understand, error))?;
        let cargo_manifest = read_cargo_manifest(root, request)?;
        let (cargo_lock, strange_cargo_lock) = read_cargo_lock(root)?;
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
            cargo_manifest,
            cargo_lock,
            strange_cargo_lock,
            copies,
            crates: crates(root, request),
        })
    }
}

/// The root manifest of the project's crates, before and after what the service needs is added to it.
fn read_cargo_manifest(
    root: &Path,
    request: &Request,
) -> Result<Option<(String, String)>, SiteError> {
    let path = root.join(catalogue::CARGO_MANIFEST);
    let (Some(text), Some(shipped)) = (read(&path)?, catalogue::shipped_manifest(request)) else {
        return Ok(None);
    };
    let unclear = |error| SiteError::because(&path, SiteErrorKind::Understand, error);
    let dependent = with_dependencies(&text, &shipped).map_err(unclear)?;
    let folder = format!("services/{}", request.name);
    let member = with_member(dependent.as_ref().unwrap_or(&text), &folder).map_err(unclear)?;
    let changed = member.or(dependent);
    if changed.is_some() {
        check_changeable(&path)?;
    }
    Ok(changed.map(|changed| (text, changed)))
}

/// The lock of the project's crates, and whether there is one that is not understood.
fn read_cargo_lock(root: &Path) -> Result<(Option<(CargoLock, String)>, bool), SiteError> {
    let path = root.join(catalogue::CARGO_LOCK);
    let Some(text) = read(&path)? else {
        return Ok((None, false));
    };
    let Ok(lock) = CargoLock::parse(&text) else {
        return Ok((None, true));
    };
    check_changeable(&path)?;
    Ok((Some((lock, text)), false))
}

/// A file that is replaced must be one, and nobody may have protected it.
fn check_changeable(path: &Path) -> Result<(), SiteError> {
    let metadata = path
        .symlink_metadata()
        .map_err(|error| SiteError::because(path, SiteErrorKind::Read, error))?;
    if metadata.is_symlink() {
        return Err(SiteError::new(path, SiteErrorKind::Link));
    }
    if metadata.permissions().readonly() {
        return Err(SiteError::new(path, SiteErrorKind::ReadOnly));
    }
    Ok(())
}

/// The names of the crates in the folders where cargo finds them, less the service's own folder.
fn crates(root: &Path, request: &Request) -> BTreeSet<String> {
    let own = root.join("services").join(request.name.as_str());
    let folders = ["crates", "services"].map(|folder| root.join(folder));
    let places = folders
        .iter()
        .filter_map(|folder| fs::read_dir(folder).ok());
    let places = places.flatten().flatten().map(|place| place.path());
    places
        .filter(|place| *place != own)
        .filter_map(|place| package(&place.join("Cargo.toml")))
        .collect()
}

/// The name in a crate's manifest; what cannot be read is not ours to judge.
fn package(manifest: &Path) -> Option<String> {
    let manifest: DocumentMut = fs::read_to_string(manifest).ok()?.parse().ok()?;
    let name = manifest.get("package")?.get("name")?.as_str()?;
    Some(name.to_owned())
}

/// What is where the files of a service will be: anything in its own folder, the files it has
/// elsewhere, and files where folders must be.
fn in_the_way_of_a_service(root: &Path, request: &Request) -> Result<Vec<String>, SiteError> {
    let folder = format!("services/{}", request.name);
    let mut found = BTreeSet::new();
    for path in catalogue::paths(request) {
        let inside = path.starts_with(&folder);
        let ends = path.match_indices('/').map(|(at, _)| at);
        let above = ends
            .filter_map(|end| path.get(..end))
            .find(|above| is_in_the_way_of_a_folder(&root.join(above)));
        if let Some(above) = above {
            found.insert(above.to_owned());
        } else if !inside && root.join(&path).symlink_metadata().is_ok() {
            found.insert(path);
        }
    }
    if !found.iter().any(|path| folder.starts_with(path.as_str())) {
        let inside = entries(&root.join(&folder))?;
        found.extend(inside.iter().map(|name| format!("{folder}/{name}")));
    }
    Ok(found.into_iter().collect())
}

/// Whether something is at `path` that is no directory and leads to none, such as a dead link.
fn is_in_the_way_of_a_folder(path: &Path) -> bool {
    path.symlink_metadata().is_ok() && !path.is_dir()
}

/// A new project is called like its directory, or like its service where that is no name.
fn project_name(root: &Path, service: &ServiceName) -> String {
    let name = root
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    name.filter(|name| name.parse::<ServiceName>().is_ok())
        .unwrap_or_else(|| service.to_string())
}

/// What is in a directory. A repository without files is as good as an empty directory.
fn entries(root: &Path) -> Result<Vec<String>, SiteError> {
    let listing = match fs::read_dir(root) {
        Ok(listing) => listing,
        // What does not exist is empty; a link that leads nowhere exists.
        Err(error) if error.kind() == io::ErrorKind::NotFound && !root.is_symlink() => {
            return Ok(Vec::new());
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(SiteError::new(root, SiteErrorKind::DeadLink));
        }
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
