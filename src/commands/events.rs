//! `marty events`.

use std::time::SystemTime;

use serde_json::json;

use super::Stop;
use super::status::Status;
use crate::cli::{self, Dlq, EventsCommand, LetterFilter};
use crate::events::{
    self, Asked, Broker, EventsError, Filter, Found, Report, Settling, Shown, State,
};
use crate::project::config::Config;
use crate::project::{root, topic};
use crate::ui::style::{DONE, styled};
use crate::ui::{Failure, Ui};

impl From<EventsError> for Stop {
    fn from(error: EventsError) -> Self {
        let hint = error.hint().map(str::to_owned);
        Failure::new(&error).hints(hint).into()
    }
}

impl From<serde_json::Error> for Stop {
    fn from(error: serde_json::Error) -> Self {
        Failure::new(&error).into()
    }
}

pub(super) fn run(arguments: &cli::Events, ui: &mut Ui) -> Result<Status, Stop> {
    let (brokers, json) = (arguments.brokers.as_deref(), arguments.json);
    match &arguments.what {
        EventsCommand::Dlq(dlq) => dead_letters(dlq, brokers, json, ui),
        EventsCommand::Tail(tail) => show_live(tail, &Broker::connect(brokers)?, json, ui),
        EventsCommand::Topics(topics) => compare_topics(topics, brokers, json, ui),
    }
}

fn dead_letters(dlq: &Dlq, brokers: Option<&str>, json: bool, ui: &mut Ui) -> Result<Status, Stop> {
    let (filter, all) = match dlq {
        Dlq::List(list) => (&list.filter, list.all),
        Dlq::Show(show) => (&show.filter, show.all),
        Dlq::Replay(replay) => (&replay.filter, false),
        Dlq::Discard(discard) => (&discard.filter, false),
    };
    let filter = Filter::new(asked(filter, all), SystemTime::now())?;
    let trace = match dlq {
        Dlq::Replay(replay) => {
            let around = std::env::var("TRACEPARENT").ok();
            events::trace(replay.traceparent.as_deref(), around)?
        }
        _ => None,
    };
    let broker = Broker::connect(brokers)?;
    let report = match dlq {
        Dlq::List(list) => match &list.topic {
            Some(topic) => look("list", &broker, &[topic], &filter)?,
            None => look(
                "list",
                &broker,
                &broker.letter_topics().collect::<Vec<_>>(),
                &filter,
            )?,
        },
        Dlq::Show(show) => look("show", &broker, &[&show.topic], &filter)?,
        Dlq::Replay(replay) => {
            let settling = Settling {
                to: State::Replayed,
                most_replays: replay.max_replays,
                dry_run: replay.dry_run,
                trace: trace.as_deref(),
            };
            settle("replay", &broker, &replay.topic, (&filter, settling), ui)?
        }
        Dlq::Discard(discard) => {
            let settling = Settling {
                to: State::Discarded,
                most_replays: 0,
                dry_run: discard.dry_run,
                trace: None,
            };
            settle("discard", &broker, &discard.topic, (&filter, settling), ui)?
        }
    };
    ui.data(&if json { report.json()? } else { report.text() })?;
    Ok(if report.has_left() {
        Status::Findings
    } else {
        Status::Success
    })
}

fn asked(filter: &LetterFilter, all: bool) -> Asked<'_> {
    Asked {
        kind: filter.kind.as_deref(),
        error: filter.error.as_deref(),
        since: filter.since.as_deref(),
        until: filter.until.as_deref(),
        ids: &filter.ids,
        all,
    }
}

fn look(
    action: &'static str,
    broker: &Broker,
    topics: &[&str],
    filter: &Filter<'_>,
) -> Result<Report, Stop> {
    let mut shown = Vec::new();
    for topic in topics {
        let letters = events::letters(broker, topic)?;
        let meant = letters.iter().filter(|letter| filter.takes(letter));
        shown.extend(meant.map(|letter| Shown::of(topic, letter, None, action == "show")));
    }
    Ok(Report::new(action, false, shown))
}

fn settle(
    action: &'static str,
    broker: &Broker,
    topic: &str,
    (filter, settling): (&Filter<'_>, Settling<'_>),
    ui: &mut Ui,
) -> Result<Report, Stop> {
    let progress = |done, all| ui.say(&format!("{done} of {all} letters\n"));
    let settled = events::settle(broker, topic, filter, settling, progress)?;
    let shown = settled
        .iter()
        .map(|it| Shown::of(topic, &it.letter, it.left, false));
    let report = Report::new(action, settling.dry_run, shown.collect());
    let (would, done) = (
        if settling.dry_run { "would be " } else { "" },
        report.done(),
    );
    let what = styled(DONE, settling.to.as_str());
    ui.say(&format!(
        "{would}{what}: {done} of {} letters\n",
        settled.len()
    ));
    Ok(report)
}

fn show_live(tail: &cli::Tail, broker: &Broker, json: bool, ui: &mut Ui) -> Result<Status, Stop> {
    let mut left = tail.count;
    if left != Some(0) {
        events::tail(broker, &tail.topic, tail.from_start, |live| {
            ui.data(&if json { live.json()? } else { live.text() })?;
            left = left.map(|left| left - 1);
            Ok::<_, Stop>(left != Some(0))
        })?;
    }
    Ok(Status::Success)
}

fn compare_topics(
    topics: &cli::Topics,
    brokers: Option<&str>,
    json: bool,
    ui: &mut Ui,
) -> Result<Status, Stop> {
    let project = super::check::project(&topics.dir)?;
    let manifest = project.join(root::MANIFEST);
    let unusable = |error: &dyn std::error::Error| {
        Failure::message(format!("cannot use `{}`", manifest.display()))
            .cause(error)
            .hint("repair it or restore it from version control")
    };
    let text = root::manifest(&project).map_err(|error| unusable(&error))?;
    let config = Config::parse(&text).map_err(|error| unusable(&error))?;
    let declared = topic::declared(&config).map_err(|error| unusable(&error))?;
    let broker = Broker::connect(brokers)?;
    let mut found = events::compare(&broker, &declared)?;
    if topics.apply {
        events::create(&broker, &mut found)?;
    }
    ui.data(&if json {
        format!("{:#}\n", json!({ "schema": 1, "topics": found }))
    } else {
        found.iter().map(Found::text).collect()
    })?;
    Ok(if found.iter().any(Found::is_finding) {
        Status::Findings
    } else {
        Status::Success
    })
}
