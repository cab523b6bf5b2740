//! Hashes in the form in which they are written down.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// The SHA-256 of `content` in hexadecimal.
pub(super) fn sha256(content: &[u8]) -> String {
    hexadecimal(&Sha256::digest(content))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::sha256;

    #[test]
    fn a_hash_is_the_one_other_programs_compute() {
        let expected = "87428fc522803d31065e7bce3cf03fe475096631e5e07bbd7a0fde60c4cf25c7";
        assert_eq!(sha256(b"a\n"), expected);
    }
}
