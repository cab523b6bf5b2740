//! `marty events`.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand};

/// The arguments of `marty events`.
#[derive(Debug, Args)]
pub struct Events {
    /// What to do with them.
    #[command(subcommand)]
    pub what: EventsCommand,

    /// The brokers: `host:port`, several separated by commas [env: `MARTY_KAFKA_BROKERS`] [default: 127.0.0.1:9092]
    // The variable is read where services read it, too: empty, it counts as not set.
    #[arg(long, global = true, value_name = "ADDRESSES", value_parser = NonEmptyStringValueParser::new())]
    pub brokers: Option<String>,

    /// Print JSON, for programs
    #[arg(long, global = true)]
    pub json: bool,
}

/// What is done with events.
#[derive(Debug, Subcommand)]
pub enum EventsCommand {
    /// Look at dead letters, put them back, or discard them
    #[command(subcommand)]
    Dlq(Dlq),

    /// Show events as they come, personal data masked
    Tail(Tail),

    /// Compare the topics that `marty.toml` declares with those that exist
    Topics(Topics),
}

/// What is done with dead letters.
#[derive(Debug, Subcommand)]
pub enum Dlq {
    /// A line for each letter
    List(List),

    /// All that there is to a letter, personal data masked
    Show(Show),

    /// Put letters back into the topic that they came from, for the group that gave them up
    ///
    /// What is interrupted goes on with the same command, and nothing is put back twice.
    Replay(Replay),

    /// Mark letters as done without handling them
    Discard(Discard),
}

/// The arguments of `marty events dlq list`.
#[derive(Debug, Args)]
pub struct List {
    /// The topic of dead letters, `{topic}.{group}.dlq` [default: all that exist]
    pub topic: Option<String>,

    /// Which letters.
    #[command(flatten)]
    pub filter: LetterFilter,

    /// Also those that are done
    #[arg(long)]
    pub all: bool,
}

/// The arguments of `marty events dlq show`.
#[derive(Debug, Args)]
pub struct Show {
    /// The topic of dead letters, `{topic}.{group}.dlq`
    pub topic: String,

    /// Which letters.
    #[command(flatten)]
    pub filter: LetterFilter,

    /// Also those that are done
    #[arg(long)]
    pub all: bool,
}

/// The arguments of `marty events dlq replay`.
#[derive(Debug, Args)]
pub struct Replay {
    /// The topic of dead letters, `{topic}.{group}.dlq`
    pub topic: String,

    /// Which letters.
    #[command(flatten)]
    pub filter: LetterFilter,

    /// Leave letters that were put back so often
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub max_replays: u32,

    /// The span that this is part of, as W3C Trace Context writes it: attempts to handle the letters link to it [env: `TRACEPARENT`]
    #[arg(long)]
    pub traceparent: Option<String>,

    /// Print what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// The arguments of `marty events dlq discard`.
#[derive(Debug, Args)]
pub struct Discard {
    /// The topic of dead letters, `{topic}.{group}.dlq`
    pub topic: String,

    /// Which letters.
    #[command(flatten)]
    pub filter: LetterFilter,

    /// Print what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Which letters are meant; without any of these, all that are open.
#[derive(Debug, Args)]
pub struct LetterFilter {
    /// Only events of this type, with its version or without
    #[arg(long = "type", value_name = "TYPE")]
    pub kind: Option<String>,

    /// Only errors of this class, or that say this
    #[arg(long)]
    pub error: Option<String>,

    /// Only what last failed at this time or later: RFC 3339, or how long ago, such as `2h`
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,

    /// Only what last failed at this time or before
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,

    /// Only the event of this id, or the letter at this place, `PARTITION/OFFSET`; may be given several times
    #[arg(long = "id", value_name = "ID")]
    pub ids: Vec<String>,
}

/// The arguments of `marty events tail`.
#[derive(Debug, Args)]
pub struct Tail {
    /// The topic
    pub topic: String,

    /// Begin with the oldest event that there is
    #[arg(long)]
    pub from_start: bool,

    /// End after so many events
    #[arg(long, value_name = "N")]
    pub count: Option<u64>,
}

/// The arguments of `marty events topics`.
#[derive(Debug, Args)]
pub struct Topics {
    /// The project's directory, or one inside it
    #[arg(value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,

    /// Create those that are missing
    #[arg(long)]
    pub apply: bool,
}
