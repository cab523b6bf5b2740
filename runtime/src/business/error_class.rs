//! The class of an error: what metrics name it by.

use std::{convert::Infallible, io};

/// Says which class an error is of, and whether it is the caller's doing. Derived for enums, whose variants are the classes.
///
/// `#[class("name")]` gives a variant another name than its own in snake case; `#[class(rejection)]` says that the caller was
/// refused, so that nothing is broken; `#[class(transparent)]` takes both from the one error in the variant.
///
/// ```
/// use marty_runtime::business::ErrorClass;
///
/// #[derive(Debug, ErrorClass)]
/// enum PaymentError {
///     #[class(rejection)]
///     CardDeclined,
///     #[class("provider")]
///     Provider { status: u16 },
///     #[class(transparent)]
///     Io(std::io::Error),
/// }
///
/// assert_eq!(PaymentError::CardDeclined.class(), "card_declined");
/// assert!(PaymentError::CardDeclined.is_rejection());
/// assert_eq!(PaymentError::Provider { status: 502 }.class(), "provider");
/// assert_eq!(PaymentError::Io(std::io::ErrorKind::NotFound.into()).class(), "io");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` says no class of errors",
    label = "metrics cannot name this error",
    note = "derive `ErrorClass` for an enum of errors, or implement it for the error's type"
)]
pub trait ErrorClass {
    /// The class, out of a closed set: it becomes the value of a label.
    fn class(&self) -> &'static str;

    /// Whether the caller was refused for good reason. Such an end is no failure of the service.
    fn is_rejection(&self) -> bool {
        false
    }
}

impl ErrorClass for Infallible {
    fn class(&self) -> &'static str {
        match *self {}
    }
}

impl ErrorClass for io::Error {
    fn class(&self) -> &'static str {
        "io"
    }
}
