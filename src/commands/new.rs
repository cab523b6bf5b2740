//! `marty new`.

use std::path::{Path, PathBuf};

use super::Stop;
use super::ask;
use super::interrupt::Interrupt;
use super::status::Status;
use crate::cli;
use crate::project::name::ServiceName;
use crate::project::root;
use crate::scaffold::{self, Disk, Outcome, Plan, Site, next, summary};
use crate::ui::style::{DIMMED, DONE, HINT, LITERAL, WARNING, styled};
use crate::ui::{Failure, Ui};

pub(super) fn run(arguments: &cli::New, color: cli::Color, ui: &mut Ui) -> Result<Status, Stop> {
    let asking = arguments.name.is_none() && !arguments.no_input && ui.can_ask();
    let request = ask::request(arguments, color, asking, ui)?;
    let current = std::env::current_dir()
        .map_err(|error| Failure::message("cannot tell which directory this is").cause(&error))?;
    let root = target(arguments.dir.as_deref(), &request.name, &current)?;
    let site = Site::inspect(&root, &request)
        .map_err(|error| Failure::new(&error).hints(error.hint().map(str::to_owned)))?;
    let plan =
        Plan::new(&request, &site).map_err(|error| Failure::new(&error).hints(error.hints()))?;
    ui.say(&warnings(&site));
    let next = next::commands(&plan, &current);
    if arguments.form.dry_run || arguments.form.diff {
        return show(arguments, &plan, next, ui);
    }
    if asking && !arguments.yes && !ask::confirmed(&plan, ui)? {
        ui.say("nothing was written\n");
        return Ok(Status::Success);
    }
    carry_out(arguments, &plan, &site, next, ui)
}

/// The project's directory: the one that is named, the project around, or a new one.
fn target(dir: Option<&Path>, name: &ServiceName, current: &Path) -> Result<PathBuf, Failure> {
    let wanted = match dir {
        Some(dir) => dir.to_owned(),
        None => match root::find(current) {
            Some(project) => project,
            None => new_project(name, current)?,
        },
    };
    root::absolute(&wanted, current).map_err(|error| {
        Failure::message(format!("cannot resolve `{}`", wanted.display())).cause(&error)
    })
}

/// The directory of a new project. One that is there already is somebody's who has to be named: its name may be like this by chance.
fn new_project(name: &ServiceName, current: &Path) -> Result<PathBuf, Failure> {
    let place = current.join(name.as_str());
    if root::find(&place).is_none() {
        return Ok(place);
    }
    let hint = format!("`--dir {name}` adds the service to it");
    Err(Failure::message(format!("`{name}` is a project already")).hint(hint))
}

fn warnings(site: &Site) -> String {
    let version = site.other_version().map(|version| {
        format!(
            "marty {version} made this project, and this is another version; the new service may \
             need a newer `crates/marty-runtime`"
        )
    });
    let lock = site.has_strange_cargo_lock().then(|| {
        "`Cargo.lock` is not understood and stays as it is; cargo adds the service".to_owned()
    });
    let label = styled(WARNING, "warning");
    let warnings = version.into_iter().chain(lock);
    warnings.fold(String::new(), |text, warning| {
        text + &label + ": " + &warning + "\n"
    })
}

fn show(arguments: &cli::New, plan: &Plan, next: Vec<String>, ui: &mut Ui) -> Result<Status, Stop> {
    if arguments.form.json {
        ui.data(&json(plan, false, next)?)?;
        return Ok(Status::Success);
    }
    if arguments.form.diff {
        ui.data(&scaffold::unified(plan))?;
    } else {
        ui.data(&summary::listing(plan))?;
    }
    ui.say(&format!(
        "would create {}; nothing was written\n",
        summary::headline(plan)
    ));
    Ok(Status::Success)
}

fn carry_out(
    arguments: &cli::New,
    plan: &Plan,
    site: &Site,
    next: Vec<String>,
    ui: &mut Ui,
) -> Result<Status, Stop> {
    let interrupt = Interrupt::watch().map_err(|error| Failure::new(&error))?;
    let leftover = scaffold::apply(plan, &Disk, &|| interrupt.raised())
        .map_err(|error| not_applied(&error))?;
    if let Some(path) = leftover {
        let label = styled(WARNING, "warning");
        ui.say(&format!(
            "{label}: `{}` could not be removed; nobody needs it\n",
            path.display()
        ));
    }
    if !arguments.form.json {
        ui.say(&report(plan, site, &next));
        return Ok(Status::Success);
    }
    let printed = ui.data(&json(plan, true, next)?);
    if printed.is_err() {
        // Whoever tries again should know why that is refused.
        ui.say(&format!(
            "{} {}\n",
            styled(DONE, "created"),
            summary::headline(plan)
        ));
    }
    Ok(printed.map(|()| Status::Success)?)
}

fn not_applied(error: &scaffold::ApplyError) -> Failure {
    Failure::new(error).hints(error.hints())
}

fn json(plan: &Plan, applied: bool, next: Vec<String>) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(&Outcome::new(plan, applied, next))
        .map_err(|error| Failure::new(&error))?;
    Ok(format!("{text}\n"))
}

fn report(plan: &Plan, site: &Site, next: &[String]) -> String {
    let done = styled(DONE, "created");
    let commands = next.iter().fold(String::new(), |text, command| {
        text + "  " + &styled(LITERAL, command) + "\n"
    });
    let note = styled(DIMMED, "the first build takes a minute or two");
    format!(
        "{done} {}\n{}{}{}\n{}: ({note})\n{commands}",
        summary::headline(plan),
        summary::places(plan),
        summary::listeners(plan),
        summary::passed_over(plan, site),
        styled(HINT, "next"),
    )
}
