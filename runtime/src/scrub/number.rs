//! Digits in groups, as cards and telephones have them.

use super::byte::{blank, byte, encoded};

/// The most digits of a card (ISO 7812); a telephone has up to 15 (E.164), and 17 with `00`.
const MOST_DIGITS: usize = 19;
const MOST_GROUPS: usize = 8;

/// Digits in groups.
#[derive(Default)]
pub(super) struct Number {
    pub(super) digits: [u8; MOST_DIGITS],
    groups: [Group; MOST_GROUPS],
    pub(super) count: usize,
}

#[derive(Clone, Copy, Default)]
pub(super) struct Group {
    pub(super) length: usize,
    /// How many digits there are up to its end.
    pub(super) total: usize,
    /// Where it ends in the text.
    pub(super) end: usize,
    /// What is before it: zero for the first group and for more than one sign.
    pub(super) separator: u8,
}

impl Number {
    /// The number that begins at `start`. Nothing, if its first group alone is too long.
    pub(super) fn read(bytes: &[u8], start: usize) -> Option<Self> {
        let mut number = Self::default();
        let mut total = 0;
        let mut at = start;
        let mut separator = 0;
        while number.count < MOST_GROUPS {
            let begin = total;
            while byte(bytes, at).is_ascii_digit() {
                let Some(place) = number.digits.get_mut(total) else {
                    // The group belongs to something longer.
                    return (number.count > 0).then_some(number);
                };
                *place = byte(bytes, at) - b'0';
                total += 1;
                at += 1;
            }
            if byte(bytes, at).is_ascii_alphabetic() {
                return (number.count > 0).then_some(number);
            }
            if let Some(place) = number.groups.get_mut(number.count) {
                *place = Group {
                    length: total - begin,
                    total,
                    end: at,
                    separator,
                };
            }
            number.count += 1;
            let Some((sign, next)) = separated(bytes, at) else {
                break;
            };
            (separator, at) = (sign, next);
        }
        Some(number)
    }

    pub(super) fn groups(&self) -> &[Group] {
        self.groups.get(..self.count).unwrap_or_default()
    }

    pub(super) fn digit(&self, at: usize) -> u8 {
        byte(&self.digits, at)
    }

    /// The end of the longest beginning that has from `least` to `most` digits.
    pub(super) fn longest(&self, least: usize, most: usize) -> Option<usize> {
        let fits = |group: &&Group| (least..=most).contains(&group.total);
        self.groups().iter().rev().find(fits).map(|group| group.end)
    }

    /// Whether the number is of groups of these lengths, and ends with them or goes on behind a blank.
    pub(super) fn has_form(&self, lengths: &[usize]) -> bool {
        let of_form = self.groups().iter().map(|group| group.length);
        self.count >= lengths.len()
            && of_form.take(lengths.len()).eq(lengths.iter().copied())
            && self
                .groups()
                .get(lengths.len())
                .is_none_or(|next| next.separator == b' ')
    }

    /// Whether the groups after the first `skipped`, up to the `count`th, are all separated by the same of `signs`.
    pub(super) fn is_uniform(&self, skipped: usize, count: usize, signs: &[u8]) -> bool {
        let groups = self.groups().get(skipped..count).unwrap_or_default();
        let Some(first) = groups.first() else {
            return false;
        };
        signs.contains(&first.separator)
            && groups
                .iter()
                .all(|group| group.separator == first.separator)
    }
}

/// What separates two groups at `at`, if a digit follows it: zero for more than one sign. Blanks and brackets may be encoded.
fn separated(bytes: &[u8], at: usize) -> Option<(u8, usize)> {
    let mut signs = [0; 3];
    let mut count = 0;
    let mut next = at;
    while !byte(bytes, next).is_ascii_digit() {
        let (sign, length) = separator(bytes, next)?;
        *signs.get_mut(count)? = sign;
        count += 1;
        next += length;
    }
    let sign = match signs {
        [sign @ (b' ' | b'-' | b'.' | b'/'), 0, 0] => sign,
        [b' ', b'-' | b'/', b' ']
        | [b'(' | b')', 0, 0]
        | [b')', b' ' | b'-' | b'/', 0]
        | [b' ' | b'-', b'(', 0] => 0,
        _ => return None,
    };
    Some((sign, next))
}

/// A sign that separates digits, and how many bytes it takes.
pub(super) fn separator(bytes: &[u8], at: usize) -> Option<(u8, usize)> {
    if let Some(length) = blank(bytes, at) {
        return Some((b' ', length));
    }
    match byte(bytes, at) {
        sign @ (b'-' | b'.' | b'/' | b'(' | b')') => Some((sign, 1)),
        b'%' => encoded(bytes, at).filter(|(byte, _)| matches!(byte, b'(' | b')' | b'/')),
        _ => None,
    }
}
