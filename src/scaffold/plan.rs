//! Everything that will happen, as one value.
//!
//! Pure: made from a request and a [`Site`], complete and free of conflicts, or not made at all.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use super::answer::Answers;
use super::base;
use super::cargo_lock::CargoLock;
use super::catalogue;
use super::error::{PlanError, PlanErrorKind};
use super::file::{Class, Rendered};
use super::lock::{LOCK_PATH, Lock};
use super::name::service_name;
use super::request::Request;
use super::site::{ProjectState, Site, State};
use super::style::in_the_style_of;
use crate::assets::{FINGERPRINT, runtime};
use crate::project::config::Config;
use crate::project::port;
use crate::project::root::MANIFEST;

/// Every file that will be made or changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    root: PathBuf,
    project: String,
    new_project: bool,
    answers: Answers,
    changes: Vec<Change>,
}

/// What happens to one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its path relative to the project's root, with `/` on every platform.
    pub path: String,
    /// Whose it is.
    pub class: Class,
    /// Whether it is new.
    pub action: Action,
    /// What will be in it.
    pub content: Cow<'static, [u8]>,
}

/// How a file changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// There is no such file.
    Create,
    /// The file is there.
    Update {
        /// What is in it; the plan holds only as long as this is so.
        before: Vec<u8>,
    },
}

impl Plan {
    /// The plan for a request at a place.
    ///
    /// # Errors
    /// When the name will not do or is taken, or when files are in the way.
    pub fn new(request: &Request, site: &Site) -> Result<Self, PlanError> {
        service_name(request.name.as_str()).map_err(PlanErrorKind::Name)?;
        check_extras(request)?;
        let shipped = shipped_lock(request)?;
        let plan = match &site.state {
            State::Vacant { project } => new_project(request, site, project, &shipped)?,
            State::Project(state) => new_service(request, site, state, &shipped)?,
        };
        Ok(plan)
    }

    /// Where the project is.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What the project is called.
    #[must_use]
    pub fn project(&self) -> &str {
        &self.project
    }

    /// Whether the project is made too.
    #[must_use]
    pub fn is_new_project(&self) -> bool {
        self.new_project
    }

    /// What the service is made from.
    #[must_use]
    pub fn answers(&self) -> &Answers {
        &self.answers
    }

    /// The changes in the order of their paths.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }
}

fn shipped_lock(request: &Request) -> Result<CargoLock, PlanErrorKind> {
    catalogue::shipped_cargo_lock(request).ok_or(PlanErrorKind::NoCargoLock)
}

fn new_project(
    request: &Request,
    site: &Site,
    project: &str,
    shipped: &CargoLock,
) -> Result<Plan, PlanErrorKind> {
    if !site.occupied.is_empty() {
        let (paths, more) = (site.occupied.clone(), site.more);
        return Err(PlanErrorKind::Occupied {
            root: site.root.clone(),
            paths,
            more,
        });
    }
    let answers = Answers::new(request.name.clone(), request.kind, port::first());
    let answers = answers.with(&request.with);
    let config = Config::of_new_project(project);
    let mut files = catalogue::project(project, &answers)?;
    files.extend(catalogue::service(
        project,
        &answers,
        config.runbook_base_url(),
    )?);
    let mut draft = Draft::default();
    let lock = Lock::new(project, FINGERPRINT, runtime::COPY_SHA256);
    draft.generate(files, lock, &answers)?;
    draft.put(
        &base::path(runtime::COPY_SHA256),
        Cow::Borrowed(runtime::COPY),
    );
    draft.create(MANIFEST, config.with_service(&answers.name, answers.ports));
    draft.create(
        catalogue::CARGO_LOCK,
        shipped.renamed(answers.name.as_str()).to_text(),
    );
    Ok(draft.into_plan(site, project, answers))
}

fn new_service(
    request: &Request,
    site: &Site,
    state: &ProjectState,
    shipped: &CargoLock,
) -> Result<Plan, PlanErrorKind> {
    let name = request.name.as_str();
    check_taken(name, site, state)?;
    if !site.occupied.is_empty() {
        let (paths, more) = (site.occupied.clone(), site.more);
        return Err(PlanErrorKind::Collision {
            root: site.root.clone(),
            paths,
            more,
        });
    }
    let ports = port::next_free(&state.config.taken_ports()).ok_or(PlanErrorKind::NoPorts)?;
    let answers = Answers::new(request.name.clone(), request.kind, ports).with(&request.with);
    let project = state.config.project().unwrap_or(state.lock.project());
    let files = catalogue::service(project, &answers, state.config.runbook_base_url())?;
    let mut draft = Draft::default();
    draft.generate(files, state.lock.clone(), &answers)?;
    draft.update(LOCK_PATH, &state.lock_text);
    let config = state.config.with_service(&answers.name, ports);
    draft.create(MANIFEST, in_the_style_of(&state.config_text, &config));
    draft.update(MANIFEST, &state.config_text);
    if let Some((before, after)) = &state.cargo_manifest {
        draft.create(catalogue::CARGO_MANIFEST, in_the_style_of(before, after));
        draft.update(catalogue::CARGO_MANIFEST, before);
    }
    if let Some((lock, text)) = &state.cargo_lock {
        let lock = lock.with_service(shipped, name).to_text();
        draft.create(catalogue::CARGO_LOCK, in_the_style_of(text, &lock));
        draft.update(catalogue::CARGO_LOCK, text);
    }
    // A pristine copy is named by its content: one that is there is the one that is needed.
    draft.changes.retain(|path, _| !state.copies.contains(path));
    Ok(draft.into_plan(site, project, answers))
}

/// Not every kind of service can have everything.
fn check_extras(request: &Request) -> Result<(), PlanErrorKind> {
    let kind = request.kind;
    let unfit = request
        .with
        .iter()
        .find(|extra| !extra.kinds().contains(&kind));
    unfit.map_or(Ok(()), |extra| {
        Err(PlanErrorKind::Unfit {
            extra: *extra,
            kind,
        })
    })
}

/// A service, or a crate of the project or of its dependencies, may have the name already.
fn check_taken(name: &str, site: &Site, state: &ProjectState) -> Result<(), PlanErrorKind> {
    let (name_taken, root) = (name.to_owned(), site.root.clone());
    let forgotten = site.occupied.is_empty();
    let known = state.config.services().contains_key(name);
    if known || (state.lock.has_service(name) && !forgotten) {
        if !site.has_folder {
            return Err(PlanErrorKind::Gone {
                name: name_taken,
                root,
                left: site.occupied.clone(),
                more: site.more,
            });
        }
        return Err(PlanErrorKind::Taken {
            name: name_taken,
            root,
        });
    }
    let recorded = state.lock.has_service(name);
    let built = state
        .cargo_lock
        .as_ref()
        .is_some_and(|(lock, _)| lock.has(name));
    if state.crates.contains(name) || (built && !recorded) {
        return Err(PlanErrorKind::TakenCrate {
            name: name_taken,
            root,
        });
    }
    Ok(())
}

/// The changes while they are put together.
#[derive(Default)]
struct Draft {
    changes: BTreeMap<String, Change>,
}

impl Draft {
    /// The rendered files, their pristine copies and the lock that names them.
    fn generate(
        &mut self,
        files: Vec<Rendered>,
        lock: Lock,
        answers: &Answers,
    ) -> Result<(), PlanErrorKind> {
        // Compressing takes longer than all else, and each file stands for itself.
        let copies = files
            .par_iter()
            .map(base::copy)
            .collect::<Result<Vec<_>, _>>();
        let mut recorded = Vec::new();
        for (record, copy) in copies.map_err(PlanErrorKind::Base)?.into_iter().flatten() {
            if let Some(copy) = copy {
                self.put(&base::path(&record.sha256), Cow::Owned(copy));
            }
            recorded.push(record);
        }
        for file in files {
            let content = match file.content {
                Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                Cow::Owned(text) => Cow::Owned(text.into_bytes()),
            };
            self.put(&file.path, content);
        }
        self.create(
            LOCK_PATH,
            lock.with(answers, FINGERPRINT, recorded).to_text()?,
        );
        Ok(())
    }

    fn create(&mut self, path: &str, text: String) {
        self.put(path, Cow::Owned(text.into_bytes()));
    }

    fn put(&mut self, path: &str, content: Cow<'static, [u8]>) {
        let change = Change {
            path: path.to_owned(),
            class: Class::of(path),
            action: Action::Create,
            content,
        };
        self.changes.insert(path.to_owned(), change);
    }

    fn update(&mut self, path: &str, before: &str) {
        if let Some(change) = self.changes.get_mut(path) {
            change.action = Action::Update {
                before: before.as_bytes().to_vec(),
            };
        }
    }

    fn into_plan(self, site: &Site, project: &str, answers: Answers) -> Plan {
        Plan {
            root: site.root.clone(),
            project: project.to_owned(),
            new_project: !site.is_project(),
            answers,
            changes: self.changes.into_values().collect(),
        }
    }
}
