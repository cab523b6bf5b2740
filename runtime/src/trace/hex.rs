//! Hexadecimal digits, as ids of traces and events are written: lower case, and a fixed number of them.

/// What each byte stands for; more than 15 where it is no digit.
const VALUES: [u8; 256] = values();

const NONE: u8 = 0xff;

const fn values() -> [u8; 256] {
    let mut values = [NONE; 256];
    let mut value = 0;
    while value < 16 {
        let byte = b"0123456789abcdef"[value as usize];
        values[byte as usize] = value;
        value += 1;
    }
    values
}

/// The number that `digits` are, at most 16 of them; nothing if one is none, or in upper case.
pub(crate) fn number(digits: &[u8]) -> Option<u64> {
    debug_assert!(digits.len() <= 16, "more digits than the number holds");
    // Looked at as a whole, without a branch for each: one that is no digit leaves its mark.
    let (number, seen) = digits.iter().fold((0_u64, 0_u8), |(number, seen), byte| {
        let value = VALUES[usize::from(*byte)];
        (number << 4 | u64::from(value & 15), seen | value)
    });
    (seen <= 15).then_some(number)
}

/// The number that 32 digits are.
pub(crate) fn wide(digits: &[u8; 32]) -> Option<u128> {
    let (high, low) = digits.split_at(16);
    Some(u128::from(number(high)?) << 64 | u128::from(number(low)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_read_and_nothing_else_is() {
        for (text, expected) in [
            ("", Some(0)),
            ("0", Some(0)),
            ("ff", Some(0xff)),
            ("0123456789abcdef", Some(0x0123_4567_89ab_cdef)),
            ("FF", None),
            ("0g", None),
            ("-1", None),
            ("é", None),
        ] {
            assert_eq!(number(text.as_bytes()), expected, "{text}");
        }
        let text = b"0af7651916cd43dd8448eb211c80319c";
        assert_eq!(wide(text), Some(0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c));
        assert_eq!(
            wide(&text.map(|digit| if digit == b'9' { b'G' } else { digit })),
            None
        );
    }
}
