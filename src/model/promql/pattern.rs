//! Regular expressions in matchers and in relabelling. Only those mistakes are named that are certain.

use std::iter::Peekable;
use std::str::Chars;

const UNCLOSED_CLASS: &str = "opens a class by `[` that is not closed";

/// What is wrong with a regular expression, if it is certain that something is.
#[must_use]
pub fn mistake(pattern: &str) -> Option<&'static str> {
    let mut groups = 0_usize;
    // Whether there is nothing yet that could be repeated.
    let mut is_start = true;
    let mut rest = pattern.chars().peekable();
    while let Some(character) = rest.next() {
        let was_start = std::mem::replace(&mut is_start, matches!(character, '(' | '|'));
        match character {
            '\\' => match rest.next() {
                // What is quoted as a whole is not looked into.
                Some('Q') => return None,
                Some(_) => {}
                None => return Some("ends in a `\\` that escapes nothing"),
            },
            '[' if !skip_class(&mut rest) => return Some(UNCLOSED_CLASS),
            '(' => {
                groups += 1;
                // Flags and names follow.
                if rest.next_if_eq(&'?').is_some() {
                    is_start = false;
                }
            }
            ')' if groups == 0 => return Some("closes a group that is not open"),
            ')' => groups -= 1,
            '*' | '+' | '?' if was_start => return Some("repeats nothing"),
            _ => {}
        }
    }
    (groups > 0).then_some("has a group that is not closed")
}

/// Goes past the class that was opened; says whether it is closed.
fn skip_class(rest: &mut Peekable<Chars<'_>>) -> bool {
    rest.next_if_eq(&'^');
    // A bracket that stands first is one of the class.
    rest.next_if_eq(&']');
    while let Some(character) = rest.next() {
        match character {
            ']' => return true,
            '\\' => drop(rest.next()),
            '[' if rest.next_if_eq(&':').is_some() => {
                // A class with a name, such as `[:alpha:]`.
                while rest
                    .next_if(|c| c.is_ascii_alphabetic() || *c == '^')
                    .is_some()
                {}
                if rest.next_if_eq(&':').is_some() {
                    rest.next_if_eq(&']');
                }
            }
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::mistake;

    #[test]
    fn what_is_certainly_wrong_is_named() {
        for (pattern, message) in [
            ("5(..", "has a group that is not closed"),
            ("(a|(b)", "has a group that is not closed"),
            ("a)", "closes a group that is not open"),
            ("[a-z", "opens a class by `[` that is not closed"),
            ("[]", "opens a class by `[` that is not closed"),
            ("[[:alpha:]", "opens a class by `[` that is not closed"),
            ("*", "repeats nothing"),
            ("a|+", "repeats nothing"),
            ("(*a)", "repeats nothing"),
            ("a\\", "ends in a `\\` that escapes nothing"),
        ] {
            assert_eq!(mistake(pattern), Some(message), "{pattern}");
        }
    }

    #[test]
    fn what_may_be_right_is_taken() {
        for pattern in [
            "",
            "5..",
            ".*",
            "(a|b)?c+",
            "(?i)a",
            "(?:a)",
            "(?P<a>b)",
            "\\(",
            "[(]",
            "[)*]",
            "[]]",
            "[^]a]",
            "[[]",
            "[[:alpha:]]",
            "[a[:^digit:])]",
            "[\\]]",
            "a{2}",
            "a??",
            "()",
            "(|a)",
            "^*",
            "\\Q(\\E",
            "a]",
            "}",
        ] {
            assert_eq!(mistake(pattern), None, "{pattern}");
        }
    }
}
