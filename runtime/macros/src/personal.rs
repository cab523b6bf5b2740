//! The label names that are refused: their values would be personal, secret or without bound.
//!
//! The list is written once, here. It must not judge values: those are guarded at run time.

use proc_macro2::TokenStream;
use quote::quote;

/// Names, with what they speak of.
const NAMES: &[(&str, &[&str])] = &[
    (
        "a person",
        &[
            "birth_date",
            "first_name",
            "full_name",
            "last_name",
            "passport",
            "person",
            "ssn",
            "surname",
            "user",
            "user_id",
            "user_name",
            "username",
        ],
    ),
    (
        "a contact",
        &[
            "address",
            "client_ip",
            "email",
            "ip",
            "ip_address",
            "mail",
            "mobile",
            "msisdn",
            "phone",
            "phone_number",
            "postcode",
        ],
    ),
    (
        "an account",
        &[
            "account",
            "account_id",
            "account_number",
            "card",
            "card_number",
            "customer",
            "customer_id",
            "iban",
            "pan",
        ],
    ),
    (
        "a credential",
        &[
            "api_key",
            "authorization",
            "cookie",
            "credential",
            "password",
            "secret",
            "session",
            "session_id",
            "token",
        ],
    ),
    (
        "free text",
        &[
            "body",
            "comment",
            "error_message",
            "message",
            "query",
            "text",
        ],
    ),
    (
        "a raw path or URL",
        &["path", "raw_path", "referer", "uri", "url"],
    ),
    (
        "a single request",
        &[
            "correlation_id",
            "request_id",
            "span_id",
            "trace_id",
            "uuid",
        ],
    ),
];

/// What the label `name` speaks of that no label may, if anything.
pub(crate) fn subject(name: &str) -> Option<&'static str> {
    NAMES
        .iter()
        .find(|(_, names)| names.contains(&name))
        .map(|(subject, _)| *subject)
}

/// Every name as an array of literals.
pub(crate) fn array() -> TokenStream {
    let names = NAMES.iter().flat_map(|(_, names)| names.iter());
    quote!([#(#names),*])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, expected: Option<&str>) {
        assert_eq!(subject(name), expected, "{name}");
    }

    #[test]
    fn names_of_persons_and_secrets_are_known() {
        check("email", Some("a contact"));
        check("user_id", Some("a person"));
        check("session", Some("a credential"));
        check("url", Some("a raw path or URL"));
    }

    #[test]
    fn names_of_closed_sets_are_free() {
        for name in ["outcome", "channel", "http_route", "pathology", "plan"] {
            check(name, None);
        }
    }

    #[test]
    fn no_name_is_listed_twice() {
        let mut names: Vec<_> = NAMES.iter().flat_map(|(_, names)| names.iter()).collect();
        let listed = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), listed);
    }
}
