//! What can go wrong between a request and a finished tree.

use std::io;
use std::path::{Path, PathBuf};

use super::extra::Extra;
use super::kind::Kind;
use crate::project::name::NameError;

/// An embedded file that cannot be rendered: a fault of this program, never of its user.
#[derive(Debug, thiserror::Error)]
#[error("the embedded file `{path}` cannot be rendered")]
pub(super) struct RenderError {
    path: String,
    source: RenderErrorKind,
}

#[derive(Debug, thiserror::Error)]
enum RenderErrorKind {
    #[error(transparent)]
    Template(Box<handlebars::RenderError>),
    #[error(transparent)]
    Manifest(toml_edit::TomlError),
    #[error("it is not a dashboard with panels and variables")]
    Dashboard,
}

impl RenderError {
    pub(super) fn template(path: &str, error: handlebars::RenderError) -> Self {
        Self {
            path: path.to_owned(),
            source: RenderErrorKind::Template(Box::new(error)),
        }
    }

    pub(super) fn dashboard(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            source: RenderErrorKind::Dashboard,
        }
    }

    pub(super) fn manifest(error: toml_edit::TomlError) -> Self {
        let path = "runtime/Cargo.toml".to_owned();
        Self {
            path,
            source: RenderErrorKind::Manifest(error),
        }
    }
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
pub(super) enum SiteErrorKind {
    Read,
    Understand,
    NotADirectory,
    Link,
    DeadLink,
    ReadOnly,
    MissingLock,
    Nested,
}

impl SiteErrorKind {
    fn what(self) -> &'static str {
        match self {
            Self::Read => "cannot read",
            Self::Understand => "cannot understand",
            Self::NotADirectory => "a directory is needed, and this is none:",
            Self::Link => "a file is needed, and this is a link:",
            Self::DeadLink => "a directory is needed, and this is a link that leads nowhere:",
            Self::ReadOnly => "this has to change, and is read-only:",
            Self::Nested => "a project cannot lie inside another, here inside",
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
            SiteErrorKind::NotADirectory | SiteErrorKind::DeadLink => {
                Some("choose another directory with `--dir DIR`")
            }
            SiteErrorKind::Link => Some("put the file itself in its place, and run this again"),
            SiteErrorKind::ReadOnly => Some("make it writable, and run this again"),
            SiteErrorKind::Nested => {
                Some("leave out `--dir` there to add the service to that project")
            }
            SiteErrorKind::MissingLock => Some("restore `.marty` from version control"),
        }
    }

    pub(super) fn new(path: &Path, kind: SiteErrorKind) -> Self {
        Self {
            path: path.to_owned(),
            kind,
            source: None,
        }
    }

    pub(super) fn because(
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

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct PlanError(#[from] PlanErrorKind);

#[derive(Debug, thiserror::Error)]
pub(super) enum PlanErrorKind {
    #[error("{0}")]
    Name(NameError),
    #[error("`{name}` is already a service of the project in `{}`", root.display())]
    Taken { name: String, root: PathBuf },
    #[error("`{name}` is already a service of the project in `{}`, and its folder is gone", root.display())]
    Gone {
        name: String,
        root: PathBuf,
        left: Vec<String>,
        more: usize,
    },
    #[error("`{name}` is already a crate that the project in `{}` builds with", root.display())]
    TakenCrate { name: String, root: PathBuf },
    #[error("`{}` is not empty: {}", root.display(), listed(paths, *more))]
    Occupied {
        root: PathBuf,
        paths: Vec<String>,
        more: usize,
    },
    #[error("something is where the service's files would be in `{}`: {}", root.display(), listed(paths, *more))]
    Collision {
        root: PathBuf,
        paths: Vec<String>,
        more: usize,
    },
    #[error("a service of the kind `{kind}` cannot be made with `{extra}`; {} can", kinds(*extra))]
    Unfit { extra: Extra, kind: Kind },
    #[error("every pair of ports is taken in `marty.toml`")]
    NoPorts,
    #[error("the embedded `Cargo.lock` cannot be read")]
    NoCargoLock,
    #[error(transparent)]
    Render(#[from] RenderError),
    #[error("cannot write the records of marty")]
    Lock(#[from] toml_edit::ser::Error),
    #[error("cannot compress a pristine copy")]
    Base(#[source] io::Error),
}

impl PlanError {
    /// What to do about it, one line for each way out.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        match &self.0 {
            PlanErrorKind::Name(error) => {
                vec![format!("`{}` would do", error.suggestion())]
            }
            PlanErrorKind::Taken { .. } | PlanErrorKind::TakenCrate { .. } => {
                vec!["choose another name".to_owned()]
            }
            PlanErrorKind::Gone {
                name, left, more, ..
            } => vec![
                format!(
                    "to make it anew, remove its table `[services.{name}]` from `marty.toml`{}",
                    left_over(left, *more)
                ),
                "or choose another name".to_owned(),
            ],
            PlanErrorKind::Unfit { extra, .. } => vec![format!(
                "leave out `--with {extra}`, or choose another `--kind`"
            )],
            PlanErrorKind::Occupied { .. } => vec![
                "choose a directory that does not exist yet, with `--dir DIR`".to_owned(),
                "or move away what is in it, and run this again".to_owned(),
            ],
            PlanErrorKind::Collision { .. } => vec![
                "choose another name for the service".to_owned(),
                "or move these files away, and run this again".to_owned(),
            ],
            _ => Vec::new(),
        }
    }
}

/// The kinds that can have it, as a phrase.
fn kinds(extra: Extra) -> String {
    let kinds = extra.kinds().iter().map(|kind| format!("`{kind}`"));
    kinds.collect::<Vec<_>>().join(", ")
}

/// What is left of a service beside its table, as the end of a phrase.
fn left_over(paths: &[String], more: usize) -> String {
    if paths.is_empty() {
        return String::new();
    }
    format!(" and what is left of it: {}", named(paths, more))
}

fn listed(paths: &[String], more: usize) -> String {
    let is_one = paths.len() == 1 && more == 0;
    let ending = if is_one { "s" } else { "" };
    format!("{} exist{ending}", named(paths, more))
}

fn named(paths: &[String], more: usize) -> String {
    let paths: Vec<String> = paths.iter().map(|path| format!("`{path}`")).collect();
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    format!("{}{more}", paths.join(", "))
}

/// Why a plan was not carried out. The tree is as it was before, unless
/// [`left_behind`](ApplyError::left_behind) says otherwise.
#[derive(Debug, thiserror::Error)]
#[error("{what} `{}`", path.display())]
pub struct ApplyError {
    what: &'static str,
    path: PathBuf,
    source: Option<io::Error>,
    left_behind: Vec<PathBuf>,
    taken: bool,
}

impl ApplyError {
    /// Another run is at work here, or was until somebody killed it.
    pub(super) fn taken(staging: &Path) -> Self {
        let what = "another run is at work here, or one was killed and left";
        Self {
            taken: true,
            ..Self::refused(what, staging)
        }
    }

    /// What to do about it, one line for each thing.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        if self.taken {
            let path = self.path.display();
            return vec![
                "wait until no other `marty` runs here".to_owned(),
                format!(
                    "if none does, see what it left in `{path}`, remove that, and run this again"
                ),
            ];
        }
        if self.left_behind.is_empty() {
            return vec!["nothing was changed".to_owned()];
        }
        let left = self.left_behind.iter().map(|path| {
            format!(
                "`{}` could not be put back as it was; look at it by hand",
                path.display()
            )
        });
        left.collect()
    }

    pub(super) fn new(what: &'static str, path: &Path, source: io::Error) -> Self {
        Self {
            what,
            path: path.to_owned(),
            source: Some(source),
            left_behind: Vec::new(),
            taken: false,
        }
    }

    pub(super) fn refused(what: &'static str, path: &Path) -> Self {
        Self {
            what,
            path: path.to_owned(),
            source: None,
            left_behind: Vec::new(),
            taken: false,
        }
    }

    pub(super) fn leaving(mut self, left_behind: Vec<PathBuf>) -> Self {
        self.left_behind = left_behind;
        self
    }

    /// What could not be put back as it was; empty unless putting it back failed too.
    #[must_use]
    pub fn left_behind(&self) -> &[PathBuf] {
        &self.left_behind
    }
}

#[cfg(test)]
mod tests {
    use super::{Extra, Kind, PlanErrorKind};

    #[test]
    fn a_kind_that_cannot_have_something_is_told_which_can() {
        let (extra, kind) = (Extra::Postgres, Kind::Grpc);
        assert_eq!(
            PlanErrorKind::Unfit { extra, kind }.to_string(),
            "a service of the kind `grpc` cannot be made with `postgres`; `http` can"
        );
    }
}
