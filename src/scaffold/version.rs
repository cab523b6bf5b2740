//! Versions of crates, as cargo compares them.

/// The numbers of a version, for comparing.
pub(super) fn numbers(version: &str) -> Vec<u64> {
    let numbers = version.split(['.', '-', '+']).take(3);
    numbers
        .map(|number| number.parse().unwrap_or_default())
        .collect()
}

/// The part of a version within which versions can stand for each other.
pub(super) fn series(version: &str) -> Vec<&str> {
    let numbers: Vec<&str> = version.split(['.', '-', '+']).take(3).collect();
    let significant = numbers
        .iter()
        .position(|number| *number != "0")
        .unwrap_or(2);
    numbers.into_iter().take(significant + 1).collect()
}

#[cfg(test)]
mod tests {
    use super::series;

    #[test]
    fn versions_are_compatible_up_to_their_first_number_that_is_not_zero() {
        assert_eq!(series("1.2.3"), ["1"]);
        assert_eq!(series("0.2.3"), ["0", "2"]);
        assert_eq!(series("0.0.3-rc.1"), ["0", "0", "3"]);
    }
}
