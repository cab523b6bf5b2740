//! The frames in which messages lie in a body: a mark, four bytes of length, and as many bytes.
//!
//! It only looks at what passes and copies none of it.

/// A mark and a length.
const HEADER: usize = 5;

/// How far a body has come in its messages.
#[derive(Debug)]
pub(super) struct Frames {
    header: [u8; HEADER],
    /// How much of the header has come.
    filled: usize,
    /// The length of the message whose header has come.
    length: u32,
    /// What of that message has not.
    missing: usize,
}

/// A message is longer than one may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLong;

impl Frames {
    /// At a body's begin.
    pub(super) const fn new() -> Self {
        Self {
            header: [0; HEADER],
            filled: 0,
            length: 0,
            missing: 0,
        }
    }

    /// Goes through the next bytes and tells the length of each message that ends in them. It stops at the header of one that is longer
    /// than `limit`.
    pub(super) fn pass(
        &mut self,
        mut bytes: &[u8],
        limit: usize,
        mut ended: impl FnMut(u32),
    ) -> Result<(), TooLong> {
        while !bytes.is_empty() {
            if self.filled < HEADER {
                bytes = self.take_header(bytes);
                if self.filled < HEADER {
                    return Ok(());
                }
                if self.missing > limit {
                    return Err(TooLong);
                }
            }
            let taken = self.missing.min(bytes.len());
            self.missing -= taken;
            bytes = bytes.get(taken..).unwrap_or_default();
            if self.missing == 0 {
                self.filled = 0;
                ended(self.length);
            }
        }
        Ok(())
    }

    /// Takes what the header still lacks, and returns the rest.
    fn take_header<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let lacking = self.header.iter_mut().skip(self.filled);
        let taken = lacking
            .zip(bytes)
            .map(|(place, byte)| *place = *byte)
            .count();
        self.filled += taken;
        if self.filled == HEADER {
            let [_mark, length @ ..] = self.header;
            self.length = u32::from_be_bytes(length);
            self.missing = usize::try_from(self.length).unwrap_or(usize::MAX);
        }
        bytes.get(taken..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn framed(lengths: &[usize]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for length in lengths {
            bytes.push(0);
            bytes.extend(u32::try_from(*length).unwrap().to_be_bytes());
            bytes.extend(vec![7; *length]);
        }
        bytes
    }

    proptest! {
        #[test]
        fn finds_every_message_however_the_bytes_come(
            lengths in proptest::collection::vec(0_usize..40, 0..8),
            piece in 1_usize..50,
        ) {
            let mut frames = Frames::new();
            let mut found = Vec::new();
            for bytes in framed(&lengths).chunks(piece) {
                frames.pass(bytes, 40, |length| found.push(length as usize)).unwrap();
            }
            prop_assert_eq!(found, lengths);
        }
    }

    #[test]
    fn stops_at_a_message_that_is_too_long() {
        let mut found = Vec::new();
        let bytes = framed(&[3, 11, 2]);
        let passed = Frames::new().pass(&bytes, 10, |length| found.push(length));
        assert_eq!((passed, found), (Err(TooLong), vec![3]));
    }

    #[test]
    fn counts_no_message_that_has_not_ended() {
        let bytes = framed(&[9]);
        let begun = &bytes[..12];
        Frames::new().pass(begun, 10, |_| unreachable!()).unwrap();
    }
}
