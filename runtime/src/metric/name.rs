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

/// Whether `name` ends in `suffix`.
pub(super) const fn ends_in(name: &str, suffix: &str) -> bool {
    let (name, suffix) = (name.as_bytes(), suffix.as_bytes());
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
