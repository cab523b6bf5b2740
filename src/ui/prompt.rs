//! Questions, on standard error. Only to be asked when [`Ui::can_ask`] says so.

use dialoguer::theme::{ColorfulTheme, SimpleTheme, Theme};
use dialoguer::{Confirm, Input, Select};

use super::Ui;

/// A question that was not answered.
#[derive(Debug, thiserror::Error)]
#[error("the question was not answered")]
pub struct PromptError(#[from] dialoguer::Error);

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

    /// Asks for one of several; returns its position.
    ///
    /// # Errors
    /// When there is nobody to answer, or the answer is an interruption.
    pub fn choose(&self, question: &str, choices: &[String]) -> Result<usize, PromptError> {
        let select = Select::with_theme(self.theme())
            .with_prompt(question)
            .items(choices);
        Ok(select.default(0).interact()?)
    }

    /// Asks for yes or no; yes is what enter means.
    ///
    /// # Errors
    /// When there is nobody to answer, or the answer is an interruption.
    pub fn confirm(&self, question: &str) -> Result<bool, PromptError> {
        Ok(Confirm::with_theme(self.theme())
            .with_prompt(question)
            .default(true)
            .interact()?)
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
