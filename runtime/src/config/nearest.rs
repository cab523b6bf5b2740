//! What somebody may have meant.

/// The one of `known` that is most like `word`, if any is much like it.
pub(super) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let likeness = |one: &&str| strsim::jaro_winkler(word, one);
    let near = known.max_by(|one, other| likeness(one).total_cmp(&likeness(other)))?;
    // The prefix that all share makes all of them alike: what follows has to be, too.
    let (own, other) = (tail(word), tail(near));
    (strsim::normalized_damerau_levenshtein(own, other) > 0.5).then_some(near)
}

fn tail(name: &str) -> &str {
    name.strip_prefix("MARTY_").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_is_much_alike_and_nothing_else() {
        #[track_caller]
        fn check(word: &str, known: &[&str], expected: Option<&str>) {
            assert_eq!(nearest(word, known.iter().copied()), expected, "{word}");
        }
        let known = ["MARTY_HTTP_ADDR", "MARTY_LOG", "MARTY_REQUEST_TIMEOUT"];
        check("MARTY_HTTP_ADRESS", &known, Some("MARTY_HTTP_ADDR"));
        check("MARTY_LGO", &known, Some("MARTY_LOG"));
        check(
            "MARTY_REQUEST_TIME_OUT",
            &known,
            Some("MARTY_REQUEST_TIMEOUT"),
        );
        check("MARTY_SERVERS", &known, None);
        check("MARTY_LOG", &[], None);
    }
}
