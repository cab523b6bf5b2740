//! Takes secrets and what is of a person out of text: by what they look like, and by the names beside them.
//!
//! It holds the scanner and its tables. It must not read, write or keep anything: text in, text out.
//!
//! What is found becomes a mark that says what it was: `[secret]`, `[credentials]`, `[key]`, `[jwt]`, `[email]`, `[phone]`,
//! `[card]`, `[iban]` or `[personal]`. Names and punctuation around it stay, so that a line can still be read.
//!
//! | found in text | mark |
//! | --- | --- |
//! | e-mail addresses, also with `%40` | `[email]` |
//! | telephone numbers: international ones, North American ones with their punctuation, others that begin with 0 and have some | `[phone]` |
//! | card numbers of a known issuer whose check digit is right, with or without blanks or hyphens | `[card]` |
//! | IBANs of the right length whose check digits are right | `[iban]` |
//! | JSON web tokens | `[jwt]` |
//! | the credentials of `Bearer` and `Basic`, and the user before the host of a URL | `[credentials]` |
//! | access keys of cloud and code hosting providers, AWS secret keys, private keys in PEM | `[key]` |
//! | the values of names such as `password`, in JSON, `Debug` output, forms, query strings, headers, XML and flags | by the name |
//!
//! Whatever a name alone gives away, such as somebody's first name, is found beside its name only.

mod account;
mod credential;
mod email;
mod field;
mod kind;
mod number;
mod pair;
mod scan;
mod url;
mod value;

use std::borrow::Cow;

pub use kind::Kind;
use scan::{Match, find};

/// How often a text is gone through at most: what becomes visible only beside a mark is rare, and hostile where there is more of it.
const PASSES: usize = 8;

/// The text without secrets and personal data; itself, if there are none.
///
/// ```
/// use marty_runtime::scrub;
///
/// assert_eq!(scrub::text("ada@example.com asks for order 17"), "[email] asks for order 17");
/// assert_eq!(scrub::text("POST /login?token=c2VjcmV0&page=2"), "POST /login?token=[secret]&page=2");
/// assert_eq!(scrub::text("Login { user: 17, password: \"hunter2\" }"), "Login { user: 17, password: \"[secret]\" }");
/// ```
#[must_use]
pub fn text(text: &str) -> Cow<'_, str> {
    let Some(mut scrubbed) = pass(text) else {
        return Cow::Borrowed(text);
    };
    for _ in 1..PASSES {
        match pass(&scrubbed) {
            Some(further) => scrubbed = further,
            None => break,
        }
    }
    Cow::Owned(scrubbed)
}

/// The text of a field of that name: a mark alone, if the name says that the value is nobody's business.
///
/// ```
/// use marty_runtime::scrub;
///
/// assert_eq!(scrub::field("api_key", "anything"), "[secret]");
/// assert_eq!(scrub::field("note", "call +49 151 2345678"), "call [phone]");
/// ```
#[must_use]
pub fn field<'a>(name: &str, value: &'a str) -> Cow<'a, str> {
    match of_field(name) {
        Some(_) if value.is_empty() => Cow::Borrowed(value),
        Some(kind) => Cow::Borrowed(kind.mark()),
        None => text(value),
    }
}

/// What a field's name says of its values, if it says that they are a secret's or a person's.
///
/// ```
/// use marty_runtime::scrub::{self, Kind};
///
/// assert_eq!(scrub::of_field("x-api-key"), Some(Kind::Secret));
/// assert_eq!(scrub::of_field("billingEmail"), Some(Kind::Email));
/// assert_eq!(scrub::of_field("token_count"), None);
/// ```
#[must_use]
pub fn of_field(name: &str) -> Option<Kind> {
    field::named(name.as_bytes()).map(|named| named.kind)
}

/// Whether a field's name says that its values are a secret's or a person's.
#[must_use]
pub fn is_secret_field(name: &str) -> bool {
    of_field(name).is_some()
}

/// Whether nothing would be taken out of the text.
pub(crate) fn is_clean(text: &str) -> bool {
    find(text.as_bytes(), 0, 0).is_none()
}

/// What a number is, if it cannot be shown: by the name of its field, or because it is a card's.
pub(crate) fn of_number(name: &str, value: u64) -> Option<Kind> {
    /// No card's number is shorter.
    const SHORTEST_CARD: u64 = 10_000_000_000_000;
    // A number of tokens is no token.
    let named = of_field(name).filter(|_| !name.ends_with("tokens"));
    named.or_else(|| {
        let is_card = value >= SHORTEST_CARD && number::is_card(value.to_string().as_bytes());
        is_card.then_some(Kind::Card)
    })
}

/// Goes through the text once. Nothing, if there was nothing to take out.
fn pass(text: &str) -> Option<String> {
    let mut scrubbed = String::new();
    let mut kept = 0;
    let mut at = 0;
    while let Some(Match { start, end, kind }) = find(text.as_bytes(), kept, at) {
        let start = text.floor_char_boundary(start).max(kept);
        let end = text.ceil_char_boundary(end).max(start);
        scrubbed.push_str(text.get(kept..start)?);
        scrubbed.push_str(kind.mark());
        (kept, at) = (end, end);
    }
    if kept == 0 {
        return None;
    }
    scrubbed.push_str(text.get(kept..)?);
    Some(scrubbed)
}

#[cfg(test)]
mod tests;
