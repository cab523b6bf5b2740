//! Types a variable can be read as.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// A type that a variable can be read as. A service implements it for its own, such as an enum.
///
/// ```
/// use marty_runtime::config::{Lookup, Setting};
///
/// #[derive(Debug, PartialEq)]
/// enum Store {
///     Memory,
///     Disk,
/// }
///
/// impl Setting for Store {
///     const ACCEPTED: &'static str = "`memory` or `disk`";
///
///     fn parse(text: &str) -> Option<Self> {
///         match text {
///             "memory" => Some(Self::Memory),
///             "disk" => Some(Self::Disk),
///             _ => None,
///         }
///     }
/// }
///
/// let lookup = Lookup::new(|name| (name == "MARTY_STORE").then(|| "disk".to_owned()));
/// assert_eq!(lookup.parse("MARTY_STORE", Store::Memory)?, Store::Disk);
/// # Ok::<(), marty_runtime::config::ConfigError>(())
/// ```
pub trait Setting: Sized {
    /// What is accepted, as a phrase that follows "has to be".
    const ACCEPTED: &'static str;

    /// Whether values are secret: they are not shown, and may come from the file that `<variable>_FILE` names.
    const SECRET: bool = false;

    /// Reads the text of a variable, which is neither empty nor surrounded by blanks.
    fn parse(text: &str) -> Option<Self>;

    /// The value as a variable would have it, for the list of settings to show a default; nothing if that cannot be told.
    fn text(&self) -> Option<String> {
        None
    }
}

macro_rules! from_str {
    ($($type:ty: $accepted:literal,)*) => {
        $(impl Setting for $type {
            const ACCEPTED: &'static str = $accepted;

            fn parse(text: &str) -> Option<Self> {
                text.parse().ok()
            }

            fn text(&self) -> Option<String> {
                Some(self.to_string())
            }
        })*
    };
}

from_str! {
    bool: "`true` or `false`",
    u16: "a whole number from 0 to 65535",
    u32: "a whole number from 0 to 4294967295",
    u64: "a whole number that is not negative",
    usize: "a whole number that is not negative",
    SocketAddr: "an address with a port, such as `127.0.0.1:8080` or `[::1]:8080`",
    String: "text",
}

impl Setting for PathBuf {
    const ACCEPTED: &'static str = "a path";

    fn parse(text: &str) -> Option<Self> {
        Some(text.into())
    }

    fn text(&self) -> Option<String> {
        Some(self.display().to_string())
    }
}

/// The longest time a variable can set: longer ones mean nothing, and the clock ends somewhere.
pub(crate) const LONGEST_TIME: Duration = Duration::from_hours(365 * 24);

impl Setting for Duration {
    const ACCEPTED: &'static str =
        "a time with its unit, such as `500ms`, `10s` or `1m 30s`, of at most `365d`";

    fn parse(text: &str) -> Option<Self> {
        humantime::parse_duration(text)
            .ok()
            .filter(|time| *time <= LONGEST_TIME)
    }

    fn text(&self) -> Option<String> {
        Some(humantime::format_duration(*self).to_string())
    }
}
