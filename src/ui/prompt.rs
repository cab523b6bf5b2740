//! Questions, on standard error. Only to be asked when [`Ui::can_ask`] says so.

use std::io;

use dialoguer::Input;
use dialoguer::console::{Key, Term};
use dialoguer::theme::{ColorfulTheme, SimpleTheme, Theme};

use super::Ui;

/// What Ctrl-D types.
const END_OF_INPUT: char = '\u{4}';

/// A question that was not answered.
#[derive(Debug, thiserror::Error)]
#[error("the question was not answered")]
pub struct PromptError(#[source] Option<dialoguer::Error>);

impl<E: Into<dialoguer::Error>> From<E> for PromptError {
    fn from(error: E) -> Self {
        Self(Some(error.into()))
    }
}

impl Ui {
    /// Asks for a line until `accept` has nothing against it.
    ///
    /// # Errors
    /// When there is nobody to answer, or the answer is an interruption.
    pub fn ask(
        &self,
        question: &str,
        accept: impl Fn(&str) -> Result<(), String>,
    ) -> Result<String, PromptError> {
        let answer = Input::<String>::with_theme(self.theme())
            .with_prompt(question)
            .validate_with(|answer: &String| accept(answer))
            .interact_text()?;
        Ok(answer)
    }

    /// Asks for a line until `accept` has nothing against it; `usual` is what enter means.
    ///
    /// # Errors
    /// When there is nobody to answer, or the answer is an interruption.
    pub fn ask_or(
        &self,
        question: &str,
        usual: &str,
        accept: impl Fn(&str) -> Result<(), String>,
    ) -> Result<String, PromptError> {
        // A list to move in hides the cursor, and dies of Ctrl-C without showing it again.
        let answer = Input::<String>::with_theme(self.theme())
            .with_prompt(question)
            .default(usual.to_owned())
            .validate_with(|answer: &String| accept(answer))
            .interact_text()?;
        Ok(answer)
    }

    /// Asks for yes or no; yes is what enter means.
    ///
    /// # Errors
    /// When there is nobody to answer, or the answer is to leave: escape, Ctrl-C or Ctrl-D.
    pub fn confirm(&self, question: &str) -> Result<bool, PromptError> {
        let term = Term::stderr();
        if !term.is_term() {
            return Err(io::Error::from(io::ErrorKind::NotConnected).into());
        }
        let theme = self.theme();
        let mut text = String::new();
        theme
            .format_confirm_prompt(&mut text, question, Some(true))
            .map_err(io::Error::other)?;
        term.write_str(&text)?;
        // The prompt of the library hides the cursor, and dies of Ctrl-C without showing it again.
        let answer = loop {
            match Said::by(&term.read_key_raw()?) {
                Said::Answer(answer) => break Some(answer),
                Said::Leave => break None,
                Said::Nothing => {}
            }
        };
        text.clear();
        theme
            .format_confirm_prompt_selection(&mut text, question, answer)
            .map_err(io::Error::other)?;
        term.clear_line()?;
        term.write_line(&text)?;
        answer.ok_or(PromptError(None))
    }

    fn theme(&self) -> &'static dyn Theme {
        static COLORFUL: std::sync::LazyLock<ColorfulTheme> =
            std::sync::LazyLock::new(ColorfulTheme::default);
        if self.err.current_choice() == anstream::ColorChoice::Never {
            &SimpleTheme
        } else {
            &*COLORFUL
        }
    }
}

/// What a key says to a question for yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Answer(bool),
    Leave,
    Nothing,
}

impl Said {
    fn by(key: &Key) -> Self {
        match key {
            Key::Enter | Key::Char('y' | 'Y') => Self::Answer(true),
            Key::Char('n' | 'N') => Self::Answer(false),
            Key::Escape | Key::CtrlC | Key::Char(END_OF_INPUT) => Self::Leave,
            _ => Self::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Key, Said};

    #[test]
    fn a_key_says_yes_or_no_or_leaves_or_means_nothing() {
        for yes in [Key::Enter, Key::Char('y'), Key::Char('Y')] {
            assert_eq!(Said::by(&yes), Said::Answer(true), "{yes:?}");
        }
        for no in [Key::Char('n'), Key::Char('N')] {
            assert_eq!(Said::by(&no), Said::Answer(false), "{no:?}");
        }
        for leaving in [Key::Escape, Key::CtrlC, Key::Char('\u{4}')] {
            assert_eq!(Said::by(&leaving), Said::Leave, "{leaving:?}");
        }
        for other in [Key::Char('x'), Key::Tab, Key::Unknown] {
            assert_eq!(Said::by(&other), Said::Nothing, "{other:?}");
        }
    }
}
