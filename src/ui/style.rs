//! The styles of words; the streams drop them where they cannot be shown.

use anstyle::{AnsiColor, Style};

/// What went wrong.
pub const ERROR: Style = AnsiColor::BrightRed.on_default().bold();

/// What to look at.
pub const WARNING: Style = AnsiColor::BrightYellow.on_default().bold();

/// What to do about it.
pub const HINT: Style = AnsiColor::BrightCyan.on_default().bold();

/// What was done.
pub const DONE: Style = AnsiColor::BrightGreen.on_default().bold();

/// What can be typed.
pub const LITERAL: Style = AnsiColor::BrightCyan.on_default();

/// What is less important.
pub const DIMMED: Style = Style::new().dimmed();

/// A word in a style.
#[must_use]
pub fn styled(style: Style, word: &str) -> String {
    format!("{style}{word}{style:#}")
}
