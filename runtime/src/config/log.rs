//! What is logged, and how a line looks.

use std::{fmt, str::FromStr};

use tracing_subscriber::filter::{LevelFilter, Targets};

use super::Setting;

/// Which events are logged: a level, or levels by target, such as `info,user_service=debug`.
#[derive(Clone)]
pub struct LogDirectives {
    text: String,
    targets: Targets,
}

impl LogDirectives {
    pub(crate) const fn targets(&self) -> &Targets {
        &self.targets
    }
}

impl Setting for LogDirectives {
    const ACCEPTED: &'static str = "a level (`off`, `error`, `warn`, `info`, `debug`, `trace`) or levels by target, such as `info,user_service=debug`";

    fn parse(text: &str) -> Option<Self> {
        // A word alone would be taken for a target at the highest level: surely not what a misspelt level means.
        let sound = text
            .split(',')
            .all(|directive| match directive.trim().rsplit_once('=') {
                Some((target, level)) => !target.trim().is_empty() && is_level(level),
                None => is_level(directive),
            });
        let targets = text.parse().ok().filter(|_| sound)?;
        Some(Self {
            text: text.to_owned(),
            targets,
        })
    }

    fn text(&self) -> Option<String> {
        Some(self.text.clone())
    }
}

fn is_level(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && LevelFilter::from_str(text).is_ok()
}

impl Default for LogDirectives {
    fn default() -> Self {
        let targets = Targets::new().with_default(tracing::Level::INFO);
        Self {
            text: "info".to_owned(),
            targets,
        }
    }
}

impl fmt::Debug for LogDirectives {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    #[default]
    Auto,
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

impl Setting for LogFormat {
    const ACCEPTED: &'static str = "`auto`, `json` or `text`";

    fn parse(text: &str) -> Option<Self> {
        match text {
            "auto" => Some(Self::Auto),
            "json" => Some(Self::Json),
            "text" => Some(Self::Text),
            _ => None,
        }
    }

    fn text(&self) -> Option<String> {
        let text = match self {
            Self::Auto => "auto",
            Self::Json => "json",
            Self::Text => "text",
        };
        Some(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_levels_and_levels_by_target() {
        for text in [
            "info",
            "off",
            "WARN",
            "info,user_service=debug",
            "user_service::api=trace, warn",
        ] {
            assert!(LogDirectives::parse(text).is_some(), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_level() {
        for text in [
            "inof",
            "user_service",
            "user_service=loud",
            "=info",
            "info,,debug",
            "a=b=c",
        ] {
            assert!(LogDirectives::parse(text).is_none(), "{text}");
        }
    }
}
