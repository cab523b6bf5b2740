//! Names whose values are nobody's business.

use super::Kind;

/// What a name says of its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) kind: Kind,
    pub(super) form: Form,
}

/// What a value beside such a name looks like, where nothing quotes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Anything.
    Any,
    /// What people also write about in sentences: `invalid token: expired`.
    Spoken,
    /// A header of credentials: a scheme may come first.
    Authorization,
    /// A header of several values.
    Cookie,
    /// Digits with punctuation.
    Digits,
    /// Words, as far as the next separator.
    Words,
    /// What is known by its form alone.
    Known,
}

/// How names end, with `_` between words. Those that begin with a hyphen also end words that are written together.
const NAMES: [(Kind, Form, &[&str]); 8] = [
    (
        Kind::Secret,
        Form::Any,
        &[
            "-password",
            "-passwd",
            "-passphrase",
            "-passcode",
            "-secret",
            "-pwd",
            "pass",
            "pw",
            "pin",
            "otp",
            "totp",
            "cvv",
            "cvc",
            "csc",
            "-apikey",
            "api_key",
            "-accesskey",
            "access_key",
            "-secretkey",
            "secret_key",
            "-privatekey",
            "private_key",
            "signing_key",
            "encryption_key",
            "master_key",
            "account_key",
            "shared_key",
            "ssh_key",
            "hmac_key",
            "auth_key",
            "license_key",
            "access_key_id",
            "mnemonic",
            "seed_phrase",
            "recovery_code",
            "verification_code",
            "security_code",
            "security_answer",
            "passkey",
            "kennwort",
            "passwort",
            "contrasena",
            "mot_de_passe",
        ],
    ),
    (
        Kind::Secret,
        Form::Spoken,
        &[
            "token",
            "tokens",
            "-accesstoken",
            "-refreshtoken",
            "-authtoken",
            "-sessiontoken",
            "-idtoken",
            "-csrftoken",
            "jwt",
            "auth",
            "bearer",
            "csrf",
            "xsrf",
            "session_id",
            "-sessionid",
            "-sessid",
            "session_key",
            "sid",
            "credential",
            "client_assertion",
        ],
    ),
    (
        Kind::Secret,
        Form::Authorization,
        &["authorization", "www_authenticate", "api_auth"],
    ),
    (Kind::Secret, Form::Cookie, &["cookie"]),
    (
        Kind::Email,
        Form::Known,
        &[
            "-email",
            "e_mail",
            "mail",
            "email_address",
            "mail_address",
            "-emailaddress",
        ],
    ),
    (
        Kind::Phone,
        Form::Digits,
        &[
            "phone",
            "phone_number",
            "-phonenumber",
            "telephone",
            "telephone_number",
            "tel",
            "mobile",
            "mobile_number",
            "cell_phone",
            "msisdn",
            "fax",
            "fax_number",
        ],
    ),
    (
        Kind::Card,
        Form::Digits,
        &[
            "card",
            "card_number",
            "-cardnumber",
            "card_no",
            "credit_card",
            "-creditcard",
            "debit_card",
            "pan",
            "account_number",
            "ssn",
            "social_security_number",
            "tax_id",
        ],
    ),
    (
        Kind::Personal,
        Form::Words,
        &[
            "first_name",
            "last_name",
            "-firstname",
            "-lastname",
            "surname",
            "given_name",
            "family_name",
            "full_name",
            "-fullname",
            "maiden_name",
            "middle_name",
            "birth_date",
            "-birthdate",
            "birthday",
            "date_of_birth",
            "birth_name",
            "dob",
            "passport",
            "passport_number",
            "passport_no",
            "national_id",
            "street",
            "street_address",
            "home_address",
            "postal_address",
            "billing_address",
            "shipping_address",
            "license_plate",
            "vorname",
            "nachname",
            "geburtsdatum",
        ],
    ),
];

/// Words that may follow without changing what the value is.
const SUFFIXES: [&str; 11] = [
    "_value",
    "_text",
    "_raw",
    "_header",
    "_string",
    "_plain",
    "_plaintext",
    "_hash",
    "_hex",
    "_pem",
    "_base",
];

/// The last two letters of every name and suffix: most names of the world end otherwise, and cost nothing more.
const ENDINGS: [bool; 26 * 26] = {
    let mut endings = [false; 26 * 26];
    let mut kind = 0;
    while kind < NAMES.len() {
        let terms = NAMES[kind].2;
        let mut term = 0;
        while term < terms.len() {
            endings[ending(terms[term].as_bytes(), 0)] = true;
            term += 1;
        }
        kind += 1;
    }
    let mut suffix = 0;
    while suffix < SUFFIXES.len() {
        endings[ending(SUFFIXES[suffix].as_bytes(), 0)] = true;
        suffix += 1;
    }
    endings
};

/// The number of the two letters before the last `skipped`; that of `aa` for anything else.
const fn ending(name: &[u8], skipped: usize) -> usize {
    if name.len() < skipped + 2 {
        return 0;
    }
    let last = name[name.len() - skipped - 1].to_ascii_lowercase();
    let previous = name[name.len() - skipped - 2].to_ascii_lowercase();
    if !last.is_ascii_lowercase() || !previous.is_ascii_lowercase() {
        return 0;
    }
    (previous - b'a') as usize * 26 + (last - b'a') as usize
}

fn can_end(name: &[u8]) -> bool {
    let is_known = |skipped| ENDINGS.get(ending(name, skipped)) == Some(&true);
    is_known(0) || (matches!(name.last(), Some(b's' | b'S')) && is_known(1))
}

/// The longest name that is looked at, in bytes; of a longer one, its end.
const LONGEST: usize = 48;

/// What `name` says of its values, if anything.
pub(super) fn named(name: &[u8]) -> Option<Named> {
    let mut buffer = [0; LONGEST];
    let name = spelled(name, &mut buffer)?;
    lookup(name)
        .or_else(|| lookup(name.strip_suffix(b"s")?))
        .or_else(|| {
            let mut suffixes = SUFFIXES.iter();
            suffixes.find_map(|suffix| lookup(name.strip_suffix(suffix.as_bytes())?))
        })
}

fn lookup(name: &[u8]) -> Option<Named> {
    if name == b"iban" || name.ends_with(b"_iban") {
        return Some(Named {
            kind: Kind::Iban,
            form: Form::Digits,
        });
    }
    let found = NAMES
        .iter()
        .find(|(_, _, terms)| terms.iter().any(|term| ends_in(name, term)));
    found.map(|(kind, form, _)| Named {
        kind: *kind,
        form: *form,
    })
}

fn ends_in(name: &[u8], term: &str) -> bool {
    // Most terms are told from most names by this, without a call.
    let ([.., _, last], [.., _, of_term]) = (name, term.as_bytes()) else {
        return false;
    };
    if last != of_term {
        return false;
    }
    let (term, together) = match term.strip_prefix('-') {
        Some(term) => (term.as_bytes(), true),
        None => (term.as_bytes(), false),
    };
    name.strip_suffix(term)
        .is_some_and(|rest| together || rest.is_empty() || rest.ends_with(b"_"))
}

/// The name in lower case, its words separated by `_`, without a number at its end; nothing, if it ends like none of the known.
fn spelled<'a>(name: &[u8], buffer: &'a mut [u8; LONGEST]) -> Option<&'a [u8]> {
    let end = name.iter().rposition(u8::is_ascii_alphabetic)? + 1;
    if !can_end(name.get(..end)?) {
        return None;
    }
    // A name in camel case grows by a sign for each of its words.
    let start = end.saturating_sub(LONGEST / 2 + LONGEST / 4);
    let mut length = 0;
    let mut lower = false;
    for byte in name.get(start..end)? {
        let is_sign = !byte.is_ascii_alphanumeric();
        if is_sign || (lower && byte.is_ascii_uppercase()) {
            push(buffer, &mut length, b'_');
        }
        if !is_sign {
            push(buffer, &mut length, byte.to_ascii_lowercase());
        }
        lower = byte.is_ascii_lowercase() || byte.is_ascii_digit();
    }
    buffer.get(..length)
}

fn push(buffer: &mut [u8], length: &mut usize, byte: u8) {
    if let Some(place) = buffer.get_mut(*length) {
        *place = byte;
        *length += 1;
    }
}
