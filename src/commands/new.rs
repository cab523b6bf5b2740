//! `marty new`.

use std::path::{Path, PathBuf};

use super::Stop;
use super::interrupt::Interrupt;
use super::status::Status;
use crate::cli;
use crate::project::name::ServiceName;
use crate::project::root;
use crate::scaffold::{self, Disk, Kind, Outcome, Plan, Request, Site, next, summary};
use crate::ui::style::{DIMMED, DONE, HINT, LITERAL, WARNING, styled};
use crate::ui::{Failure, Ui};

pub(super) fn run(arguments: &cli::New, ui: &mut Ui) -> Result<Status, Stop> {
    let asking = arguments.name.is_none() && !arguments.no_input && ui.can_ask();
    let request = request(arguments, asking, ui)?;
    let current = std::env::current_dir()
        .map_err(|error| Failure::new(&error).hint("change to a directory that exists"))?;
    let root = target(arguments.dir.as_deref(), &request.name, &current);
    let site = Site::inspect(&root, &request)
        .map_err(|error| Failure::new(&error).hints(error.hint().map(str::to_owned)))?;
    let plan =
        Plan::new(&request, &site).map_err(|error| Failure::new(&error).hints(error.hints()))?;
    if let Some(version) = site.other_version() {
        let label = styled(WARNING, "warning");
        ui.say(&format!(
            "{label}: this project was made by marty {version}, another version\n"
        ));
    }
    let next = next::commands(&plan, &current);
    if arguments.form.dry_run || arguments.form.diff {
        return show(arguments, &plan, next, ui);
    }
    if asking {
        if !confirmed(arguments, &plan, ui)? {
            ui.say("nothing was written\n");
            return Ok(Status::Success);
        }
        ui.say(&format!(
            "{}: {}\n",
            styled(HINT, "same as"),
            equivalent(arguments, &request)
        ));
    }
    carry_out(arguments, &plan, next, ui)
}

fn request(arguments: &cli::New, asking: bool, ui: &Ui) -> Result<Request, Failure> {
    let name = match &arguments.name {
        Some(name) => name.clone(),
        None if asking => ask_name(ui)?,
        None => {
            return Err(Failure::message("a service needs a name").hint("`marty new user-service`"));
        }
    };
    let name: ServiceName = name
        .parse()
        .map_err(|error: crate::project::name::NameError| {
            Failure::new(&error).hint(format!("`{}` would do", error.suggestion()))
        })?;
    let kind = match arguments.kind {
        Some(kind) => kind,
        None if asking => ask_kind(ui)?,
        None => Kind::default(),
    };
    Ok(Request { name, kind })
}

fn ask_name(ui: &Ui) -> Result<String, Failure> {
    let accept = |name: &str| match name.parse::<ServiceName>() {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("{error}; `{}` would do", error.suggestion())),
    };
    ui.ask("name of the service", accept)
        .map_err(|error| Failure::new(&error))
}

/// Asks only where there is something to choose.
fn ask_kind(ui: &Ui) -> Result<Kind, Failure> {
    let [_, _, ..] = Kind::ALL else {
        return Ok(Kind::default());
    };
    let choices: Vec<String> = Kind::ALL
        .iter()
        .map(|kind| format!("{kind}: {}", kind.summary()))
        .collect();
    let chosen = ui
        .choose("kind of service", &choices)
        .map_err(|error| Failure::new(&error))?;
    Ok(Kind::ALL.get(chosen).copied().unwrap_or_default())
}

/// The project's directory: the one that is named, the project around, or a new one.
fn target(dir: Option<&Path>, name: &ServiceName, current: &Path) -> PathBuf {
    match dir {
        Some(dir) => dir.to_owned(),
        None => root::find(current).unwrap_or_else(|| PathBuf::from(name.as_str())),
    }
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

fn confirmed(arguments: &cli::New, plan: &Plan, ui: &mut Ui) -> Result<bool, Failure> {
    if arguments.yes {
        return Ok(true);
    }
    let question = format!("create {}?", summary::headline(plan));
    ui.confirm(&question).map_err(|error| Failure::new(&error))
}

/// The command line that would have done the same without questions.
fn equivalent(arguments: &cli::New, request: &Request) -> String {
    let mut words = vec!["marty new".to_owned(), request.name.to_string()];
    words.push(format!("--kind {}", request.kind));
    if let Some(dir) = &arguments.dir {
        words.push(format!("--dir {}", next::quoted(&dir.to_string_lossy())));
    }
    words.push("--no-input".to_owned());
    styled(LITERAL, &words.join(" "))
}

fn carry_out(
    arguments: &cli::New,
    plan: &Plan,
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
    if arguments.form.json {
        ui.data(&json(plan, true, next)?)?;
    } else {
        ui.say(&report(plan, &next));
    }
    Ok(Status::Success)
}

fn not_applied(error: &scaffold::ApplyError) -> Failure {
    let failure = Failure::new(error);
    if error.left_behind().is_empty() {
        return failure.hint("nothing was changed");
    }
    let left = error.left_behind().iter().map(|path| {
        format!(
            "`{}` could not be put back as it was; look at it by hand",
            path.display()
        )
    });
    failure.hints(left)
}

fn json(plan: &Plan, applied: bool, next: Vec<String>) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(&Outcome::new(plan, applied, next))
        .map_err(|error| Failure::new(&error))?;
    Ok(format!("{text}\n"))
}

fn report(plan: &Plan, next: &[String]) -> String {
    let done = styled(DONE, "created");
    let commands = next.iter().fold(String::new(), |text, command| {
        text + "  " + &styled(LITERAL, command) + "\n"
    });
    let note = styled(DIMMED, "the first build takes a minute or two");
    format!(
        "{done} {}\n{}{}\n{}: ({note})\n{commands}",
        summary::headline(plan),
        summary::places(plan),
        summary::listeners(plan),
        styled(HINT, "next"),
    )
}
