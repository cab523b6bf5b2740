//! A secret that stands in a variable, or in a file that another variable names, as orchestrators hand secrets out.

use super::{ConfigError, Lookup};

impl Lookup {
    /// The text of `variable`, or of the file that `file_variable` names; nothing if neither is set.
    ///
    /// # Errors
    ///
    /// If both are set, or the file cannot be read.
    pub(crate) fn text_or_file(
        &self,
        variable: &'static str,
        file_variable: &'static str,
    ) -> Result<Option<String>, ConfigError> {
        let text = self.parse_optional::<String>(variable)?;
        match self.parse_optional::<String>(file_variable)? {
            None => Ok(text),
            Some(path) if text.is_some() => Err(ConfigError::new(
                file_variable,
                &path,
                format!("unset while `{variable}` is set"),
            )),
            Some(path) => std::fs::read_to_string(&path).map(Some).map_err(|error| {
                ConfigError::new(
                    file_variable,
                    &path,
                    format!("a file of text that can be read: {error}"),
                )
            }),
        }
    }
}
