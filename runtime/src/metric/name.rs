//! What a metric and a label may be called. All of it is decided while the service compiles.

/// Whether `name` is `[a-z_][a-z0-9_]*`: what both formats accept unquoted, in the spelling the whole project uses.
pub(crate) const fn is_valid(name: &str) -> bool {
    let bytes = name.as_bytes();
    if bytes.is_empty() {
        return false;
    }
    let mut index = 0;
    while index < bytes.len() {
        let fits = match bytes[index] {
            b'a'..=b'z' | b'_' => true,
            b'0'..=b'9' => index > 0,
            _ => false,
        };
        if !fits {
            return false;
        }
        index += 1;
    }
    true
}

/// Whether every one of `names` is a valid label name that no format uses for itself.
pub(super) const fn are_valid_labels(names: &[&str]) -> bool {
    let mut index = 0;
    while index < names.len() {
        let name = names[index].as_bytes();
        let reserved = matches!(name, b"le" | b"quantile")
            || (name.len() >= 2 && name[0] == b'_' && name[1] == b'_');
        if reserved || !is_valid(names[index]) {
            return false;
        }
        index += 1;
    }
    true
}

/// Words that a label's name never has, wherever in it: their values are secrets, or somebody's.
const SECRETS: [&str; 8] = [
    "email",
    "phone",
    "password",
    "passwd",
    "secret",
    "token",
    "credential",
    "username",
];

/// What a label's name is not about, though it may say something else of it: `user_id` and `path`, but not `user_kind` and `path_depth`.
const SUBJECTS: [&str; 15] = [
    "user",
    "customer",
    "person",
    "contact",
    "account",
    "session",
    "user_agent",
    "ip",
    "path",
    "url",
    "uri",
    "message",
    "text",
    "comment",
    "description",
];

/// What makes a label about its subject still.
const OF_SUBJECTS: [&str; 6] = ["_id", "_uuid", "_name", "_number", "_key", "_address"];

/// Whether none of `names`, but for those that are allowed, stands for a person, a contact, an account, a credential, free text,
/// a raw path or a URL.
pub(super) const fn are_closed_labels(names: &[&str], allowed: &[&str]) -> bool {
    let mut index = 0;
    while index < names.len() {
        if !is_closed_label(names[index]) && !contains(allowed, names[index]) {
            return false;
        }
        index += 1;
    }
    true
}

/// Whether a label's name stands for nothing whose values are somebody's, or without number.
#[doc(hidden)]
#[must_use]
pub const fn is_closed_label(name: &str) -> bool {
    !has_secret(name.as_bytes()) && !is_subject(name.as_bytes())
}

const fn contains(names: &[&str], name: &str) -> bool {
    let mut index = 0;
    while index < names.len() {
        if names[index].len() == name.len() && ends_in(names[index], name) {
            return true;
        }
        index += 1;
    }
    false
}

const fn has_secret(name: &[u8]) -> bool {
    let mut start = 0;
    while start < name.len() {
        let (_, rest) = name.split_at(start);
        let mut end = 0;
        while end < rest.len() && rest[end] != b'_' {
            end += 1;
        }
        let (word, _) = rest.split_at(end);
        let mut index = 0;
        while index < SECRETS.len() {
            if is_word(word, SECRETS[index].as_bytes()) {
                return true;
            }
            index += 1;
        }
        start += end + 1;
    }
    false
}

const fn is_subject(name: &[u8]) -> bool {
    let mut subject = name;
    let mut index = 0;
    while index < OF_SUBJECTS.len() {
        if bytes_end_in(name, OF_SUBJECTS[index].as_bytes()) {
            (subject, _) = name.split_at(name.len() - OF_SUBJECTS[index].len());
        }
        index += 1;
    }
    let mut index = 0;
    while index < SUBJECTS.len() {
        let word = SUBJECTS[index].as_bytes();
        if subject.len() > word.len() && bytes_end_in(subject, word) {
            if subject[subject.len() - word.len() - 1] == b'_' {
                return true;
            }
        } else if is_word(subject, word) {
            return true;
        }
        index += 1;
    }
    false
}

/// Whether `found` is `word`, or more than one of it.
const fn is_word(found: &[u8], word: &[u8]) -> bool {
    let plural = found.len() == word.len() + 1 && found[word.len()] == b's';
    if found.len() != word.len() && !plural {
        return false;
    }
    let (found, _) = found.split_at(word.len());
    bytes_end_in(found, word)
}

/// Whether `name` ends in `suffix`.
pub(super) const fn ends_in(name: &str, suffix: &str) -> bool {
    bytes_end_in(name.as_bytes(), suffix.as_bytes())
}

const fn bytes_end_in(name: &[u8], suffix: &[u8]) -> bool {
    if name.len() < suffix.len() {
        return false;
    }
    let start = name.len() - suffix.len();
    let mut index = 0;
    while index < suffix.len() {
        if name[start + index] != suffix[index] {
            return false;
        }
        index += 1;
    }
    true
}

/// Whether `bounds` are finite and each is above the one before.
pub(super) const fn ascend(bounds: &[f64]) -> bool {
    let mut index = 0;
    while index < bounds.len() {
        if !bounds[index].is_finite() || (index > 0 && bounds[index] <= bounds[index - 1]) {
            return false;
        }
        index += 1;
    }
    !bounds.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_snake_case_only() {
        for name in ["a", "users_stored", "_private", "p95"] {
            assert!(is_valid(name), "{name}");
        }
        for name in [
            "",
            "9lives",
            "Users",
            "users-stored",
            "users:rate",
            "grösse",
            "a b",
        ] {
            assert!(!is_valid(name), "{name}");
        }
    }

    #[test]
    fn refuses_labels_the_formats_use_themselves() {
        assert!(are_valid_labels(&["method", "route"]));
        for name in ["le", "quantile", "__name__", "a-b"] {
            assert!(!are_valid_labels(&["method", name]), "{name}");
        }
    }

    #[test]
    fn refuses_labels_whose_values_are_without_number_or_somebodys() {
        for name in [
            "email",
            "emails",
            "customer_email",
            "email_hash",
            "phone",
            "phone_number",
            "token",
            "api_token_id",
            "password",
            "client_secret",
            "user",
            "users",
            "user_id",
            "user_name",
            "username",
            "created_by_user",
            "account_number",
            "contact",
            "session_id",
            "client_ip",
            "user_agent",
            "path",
            "request_path",
            "url",
            "callback_url",
            "error_message",
            "comment",
        ] {
            assert!(!are_closed_labels(&["method", name], &["method"]), "{name}");
        }
    }

    #[test]
    fn accepts_labels_that_are_allowed_by_name() {
        assert!(are_closed_labels(&["token"], &["token"]));
        assert!(!are_closed_labels(&["token", "user"], &["token"]));
        assert!(!are_closed_labels(&["token"], &["oken", "tokens"]));
    }

    #[test]
    fn accepts_labels_that_only_contain_such_a_word() {
        for name in [
            "user_kind",
            "account_type",
            "path_depth",
            "url_scheme",
            "zip",
            "microphone",
            "context",
            "messaging_destination_name",
            "tokenizer",
        ] {
            assert!(are_closed_labels(&[name], &[]), "{name}");
        }
        for metric in crate::names::ALL {
            assert!(are_closed_labels(metric.labels, &[]), "{}", metric.name);
        }
    }

    #[test]
    fn refuses_bounds_that_do_not_ascend() {
        assert!(ascend(&[0.1, 0.2]));
        for bounds in [
            &[][..],
            &[0.2, 0.1],
            &[0.1, 0.1],
            &[0.1, f64::INFINITY],
            &[f64::NAN],
        ] {
            assert!(!ascend(bounds), "{bounds:?}");
        }
    }
}
