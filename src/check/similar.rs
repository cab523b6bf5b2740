//! Which known name a misspelt one was probably meant as.

/// The name most like `name`, if one is like it at all.
pub(super) fn similar<'n>(
    name: &str,
    known: impl IntoIterator<Item = &'n String>,
) -> Option<&'n str> {
    let length = name.chars().count();
    // The difference in length is the least distance that two names have.
    let near = |other: &&String| {
        let (one, other) = (length, other.chars().count());
        one.abs_diff(other) * 5 <= one.max(other) * 2
    };
    let ranked = known
        .into_iter()
        .filter(near)
        .map(|other| (strsim::normalized_damerau_levenshtein(name, other), other));
    let best = ranked.max_by(|(one, _), (other, _)| one.total_cmp(other));
    best.filter(|(likeness, _)| *likeness > 0.6)
        .map(|(_, other)| other.as_str())
}
