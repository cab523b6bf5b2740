//! What is wrong with the fields of a message.

use std::str::FromStr;

use crate::domain::{Invalid, Profile};

/// Collects what is wrong with each field, so that a caller can mend all of them at once.
#[derive(Debug, Default)]
pub(super) struct FieldErrors(pub(super) Vec<FieldError>);

/// What is wrong with one field, as a phrase that follows its name.
#[derive(Debug)]
pub(super) struct FieldError {
    pub(super) field: &'static str,
    pub(super) description: String,
}

impl FieldErrors {
    /// The value of a field, if it has one.
    pub(super) fn parsed<T>(&mut self, field: &'static str, text: &str) -> Option<T>
    where
        T: FromStr<Err = Invalid>,
    {
        let value = text.parse();
        value
            .map_err(|error: Invalid| self.refuse(field, error.to_string()))
            .ok()
    }

    /// What can be changed of a user, if both fields are valid.
    pub(super) fn profile(&mut self, name: &str, email: &str) -> Option<Profile> {
        let name = self.parsed("name", name);
        let email = self.parsed("email", email);
        let (name, email) = name.zip(email)?;
        Some(Profile { name, email })
    }

    /// Notes that a field cannot be used.
    pub(super) fn refuse(&mut self, field: &'static str, description: String) {
        self.0.push(FieldError { field, description });
    }

    /// What was wanted of the fields, unless something was wrong with one.
    pub(super) fn unless<T>(self, wanted: Option<T>) -> Result<T, Self> {
        wanted.ok_or(self)
    }
}

/// What can be changed of a user, or what is wrong with the fields.
pub(super) fn profile(name: &str, email: &str) -> Result<Profile, FieldErrors> {
    let mut errors = FieldErrors::default();
    let profile = errors.profile(name, email);
    errors.unless(profile)
}
