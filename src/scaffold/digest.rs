//! Hashes in the form in which they are written down.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// The SHA-256 of `content` in hexadecimal.
pub(super) fn sha256(content: &[u8]) -> String {
    hexadecimal(&Sha256::digest(content))
}

/// One hash of several byte strings, which differs also when only their borders do.
pub(super) fn sha256_of_all<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hexadecimal(&hash.finalize())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::{sha256, sha256_of_all};

    #[test]
    fn a_hash_is_the_one_other_programs_compute() {
        let expected = "87428fc522803d31065e7bce3cf03fe475096631e5e07bbd7a0fde60c4cf25c7";
        assert_eq!(sha256(b"a\n"), expected);
    }

    #[test]
    fn borders_count() {
        assert_ne!(
            sha256_of_all([&b"ab"[..], b"c"]),
            sha256_of_all([&b"a"[..], b"bc"])
        );
    }
}
