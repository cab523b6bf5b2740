//! Keys: what events are kept in order by.

use std::io::Write as _;

use uuid::Uuid;

/// A value that can be an event's key. It is written as text, so that other programs find the same partition.
///
/// It is not implemented for [`Pii`](super::Pii): a key is kept as long as its topic, and read by whoever reads there.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of an event",
    label = "not a key",
    note = "take an id: a text, a whole number or a `Uuid`; personal data make no key"
)]
pub trait EventKey {
    /// Appends the key.
    fn write_key(&self, key: &mut Vec<u8>);
}

impl EventKey for str {
    fn write_key(&self, key: &mut Vec<u8>) {
        key.extend_from_slice(self.as_bytes());
    }
}

impl EventKey for String {
    fn write_key(&self, key: &mut Vec<u8>) {
        self.as_str().write_key(key);
    }
}

impl<T: EventKey + ?Sized> EventKey for &T {
    fn write_key(&self, key: &mut Vec<u8>) {
        (**self).write_key(key);
    }
}

impl EventKey for Uuid {
    fn write_key(&self, key: &mut Vec<u8>) {
        self.hyphenated()
            .encode_lower(&mut Self::encode_buffer())
            .write_key(key);
    }
}

macro_rules! whole_numbers {
    ($($number:ty),*) => {
        $(impl EventKey for $number {
            fn write_key(&self, key: &mut Vec<u8>) {
                // Writing to a vector does not fail.
                let _ = write!(key, "{self}");
            }
        })*
    };
}

whole_numbers!(u8, u16, u32, u64, u128, i8, i16, i32, i64, i128);

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &impl EventKey, expected: &str) {
        let mut key = Vec::new();
        value.write_key(&mut key);
        assert_eq!(key, expected.as_bytes());
    }

    #[test]
    fn keys_are_written_as_text() {
        check(&17_u64, "17");
        check(&-1_i32, "-1");
        check(&"a".to_owned(), "a");
        check(
            &Uuid::from_u128(0x0189_0a5d_ac96_774b_bcce_b302_099a_8057),
            "01890a5d-ac96-774b-bcce-b302099a8057",
        );
    }
}
