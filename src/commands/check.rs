//! `marty check`.

use std::io;
use std::path::{Path, PathBuf};

use super::Stop;
use super::status::Status;
use crate::check;
use crate::cli::{self, OutputFormat};
use crate::project::contents::Contents;
use crate::project::root;
use crate::ui::style::{DONE, ERROR, styled};
use crate::ui::{Failure, Ui};

pub(super) fn run(arguments: &cli::Check, ui: &mut Ui) -> Result<Status, Stop> {
    let root = project(&arguments.dir)?;
    let contents = Contents::read(&root).map_err(|error| {
        Failure::message(format!("cannot read `{}`", root.display())).cause(&error)
    })?;
    let findings = check::run(&contents);
    match arguments.output_format {
        OutputFormat::Full => {
            print(ui, &check::full(&findings, &contents, ui.colors_data()))?;
            ui.say(&summary(findings.len(), contents.files.len()));
        }
        OutputFormat::Json => {
            let report = check::json(&findings, &contents).map_err(|error| Failure::new(&error))?;
            print(ui, &report)?;
        }
    }
    Ok(if findings.is_empty() {
        Status::Success
    } else {
        Status::Findings
    })
}

/// Prints the report. Whoever has left has not read the findings, but the exit status tells of them.
fn print(ui: &mut Ui, report: &str) -> Result<(), Stop> {
    match ui.data(report) {
        Err(error) if !error.reader_left() => Err(error.into()),
        _ => Ok(()),
    }
}

/// The project around a directory.
pub(super) fn project(dir: &Path) -> Result<PathBuf, Failure> {
    let unseen = |error: io::Error| {
        Failure::message(format!("cannot look into `{}`", dir.display()))
            .cause(&error)
            .hint("name the project's directory, or run this inside it without one")
    };
    let start = root::existing(dir).map_err(unseen)?;
    root::look(&start).map_err(unseen)?.ok_or_else(|| {
        let place = start.display();
        Failure::message(format!("there is no project in `{place}` or above it")).hint(format!(
            "a project has a `{}`; `marty new NAME` makes one",
            root::MANIFEST
        ))
    })
}

fn summary(findings: usize, files: usize) -> String {
    match findings {
        0 => format!("{}: {files} files fit together\n", styled(DONE, "checked")),
        1 => format!("{}: 1 finding in {files} files\n", styled(ERROR, "checked")),
        _ => format!(
            "{}: {findings} findings in {files} files\n",
            styled(ERROR, "checked")
        ),
    }
}
