//! The only writer: standard output for data, standard error for everything said about it.
//!
//! Colour only where the stream can show it. Nothing in here decides anything.

mod failure;
mod prompt;
pub mod style;

use std::io::{self, IsTerminal as _, Stderr, Stdout, Write as _};

use anstream::{AutoStream, ColorChoice};

pub use failure::Failure;
pub use prompt::PromptError;

/// The program's terminal, or what stands in its place.
#[derive(Debug)]
pub struct Ui {
    out: AutoStream<Stdout>,
    err: AutoStream<Stderr>,
}

/// Standard output that takes no more.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to standard output")]
pub struct OutputError(#[from] io::Error);

impl OutputError {
    /// Whether the reader has left, as `head` does when it has seen enough.
    #[must_use]
    pub fn reader_left(&self) -> bool {
        self.0.kind() == io::ErrorKind::BrokenPipe
    }
}

impl Ui {
    /// A terminal that shows colour when `choice` says so.
    #[must_use]
    pub fn new(choice: ColorChoice) -> Self {
        Self {
            out: AutoStream::new(io::stdout(), choice),
            err: AutoStream::new(io::stderr(), choice),
        }
    }

    /// Whether standard output shows colour.
    #[must_use]
    pub fn colors_data(&self) -> bool {
        self.out.current_choice() != ColorChoice::Never
    }

    /// Whether somebody is there to answer: both standard input and standard error are terminals.
    #[must_use]
    pub fn can_ask(&self) -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Prints what the command was run for.
    ///
    /// # Errors
    /// When standard output takes no more.
    pub fn data(&mut self, text: &str) -> Result<(), OutputError> {
        self.out.write_all(text.as_bytes())?;
        Ok(self.out.flush()?)
    }

    /// Says something about what happens, on standard error.
    pub fn say(&mut self, text: &str) {
        // Whoever closed standard error does not want to hear of it.
        let _ = self.err.write_all(text.as_bytes());
        let _ = self.err.flush();
    }

    /// Says what went wrong, why, and what to do.
    pub fn fail(&mut self, failure: &Failure) {
        self.say(&failure.to_string());
    }
}
