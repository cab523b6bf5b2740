//! What `marty new` asks when somebody is there to answer and something is missing.

use clap::ValueEnum as _;

use crate::cli;
use crate::scaffold::{Kind, Plan, Request, next, service_name, summary};
use crate::ui::style::{HINT, LITERAL, styled};
use crate::ui::{Failure, Ui};

/// The request that the arguments make, completed by asking if `asking`.
pub(super) fn request(
    arguments: &cli::New,
    color: cli::Color,
    asking: bool,
    ui: &mut Ui,
) -> Result<Request, Failure> {
    let name = match &arguments.name {
        Some(name) => name.clone(),
        None if asking => ask_name(ui)?,
        None => {
            return Err(Failure::message("a service needs a name").hint("`marty new user-service`"));
        }
    };
    let name = service_name(&name)
        .map_err(|error| Failure::new(&error).hint(format!("`{}` would do", error.suggestion())))?;
    let kind = match arguments.kind {
        Some(kind) => kind,
        None if asking => ask_kind(ui)?,
        None => Kind::default(),
    };
    let with = arguments.with.clone();
    let request = Request { name, kind, with };
    if asking {
        let same = equivalent(arguments, color, &request);
        ui.say(&format!("{}: {same}\n", styled(HINT, "same as")));
    }
    Ok(request)
}

/// Whether the plan may be carried out.
pub(super) fn confirmed(plan: &Plan, ui: &Ui) -> Result<bool, Failure> {
    let question = format!("create {}?", summary::headline(plan));
    ui.confirm(&question)
        .map_err(|error| Failure::new(&error).hint("nothing was written; `--yes` does not ask"))
}

fn ask_name(ui: &Ui) -> Result<String, Failure> {
    let accept = |name: &str| match service_name(name) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("{error}; `{}` would do", error.suggestion())),
    };
    ui.ask("name of the service", accept)
        .map_err(|error| Failure::new(&error))
}

fn ask_kind(ui: &Ui) -> Result<Kind, Failure> {
    let accept = |name: &str| match name.parse::<Kind>() {
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    };
    let kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
    let question = format!("kind of service, {}", kinds.join(" or "));
    let name = ui
        .ask_or(&question, Kind::default().name(), accept)
        .map_err(|error| Failure::new(&error))?;
    name.parse().map_err(|error| Failure::new(&error))
}

/// The command line that does the same without questions.
fn equivalent(arguments: &cli::New, color: cli::Color, request: &Request) -> String {
    let mut words = vec!["marty new".to_owned(), request.name.to_string()];
    words.push(format!("--kind {}", request.kind));
    let with = request.with.iter().map(|extra| format!("--with {extra}"));
    words.extend(with);
    if let Some(dir) = &arguments.dir {
        words.push(format!("--dir {}", next::quoted(&dir.to_string_lossy())));
    }
    let form = &arguments.form;
    let flags = [
        (form.dry_run, "--dry-run"),
        (form.diff, "--diff"),
        (form.json, "--json"),
    ];
    let given = flags.iter().filter(|(given, _)| *given);
    words.extend(given.map(|(_, flag)| (*flag).to_owned()));
    if color != cli::Color::default()
        && let Some(when) = color.to_possible_value()
    {
        words.push(format!("--color {}", when.get_name()));
    }
    styled(LITERAL, &words.join(" "))
}
