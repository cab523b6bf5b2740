//! `marty explain`.

use super::Stop;
use super::status::Status;
use crate::check;
use crate::cli;
use crate::ui::{Failure, Ui};

pub(super) fn run(arguments: &cli::Explain, ui: &mut Ui) -> Result<Status, Stop> {
    let Some(name) = &arguments.rule else {
        ui.data(&listing())?;
        return Ok(Status::Success);
    };
    let rule = check::rule(name).ok_or_else(|| unknown(name))?;
    ui.data(&rule.explanation())?;
    Ok(Status::Success)
}

fn listing() -> String {
    let width = check::rules()
        .iter()
        .map(|rule| rule.name.len())
        .max()
        .unwrap_or_default();
    check::rules().iter().fold(String::new(), |text, rule| {
        text + &format!("{:width$}  {}\n", rule.name, rule.summary)
    })
}

fn unknown(name: &str) -> Failure {
    let failure = Failure::message(format!("there is no rule `{name}`"));
    match check::similar_rule(name) {
        Some(known) => failure.hint(format!("did you mean `{known}`?")),
        None => failure.hint("`marty explain` lists them"),
    }
}
