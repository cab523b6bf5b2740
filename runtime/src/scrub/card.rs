//! Numbers of payment cards (ISO 7812): of a known issuer, and with the right check digit.

use super::number::{Group, Number};

/// The end of the card's number that `number` begins with.
pub(super) fn find(number: &Number) -> Option<usize> {
    let groups = number.groups();
    let separated = |group: &Group| matches!(group.separator, b' ' | b'-');
    let in_cards = |count: &usize| {
        let of_card = groups.get(..*count).unwrap_or_default();
        let inner = of_card.split_last().map_or(&[][..], |(_, inner)| inner);
        of_card.iter().skip(1).all(separated)
            && inner.iter().all(|group| matches!(group.length, 4..=6))
    };
    (1..=groups.len())
        .filter(in_cards)
        .filter_map(|count| groups.get(count - 1))
        .find(|last| is_issued(number.digits.get(..last.total).unwrap_or_default()))
        .map(|last| last.end)
}

/// Whether `text` is the number of a card.
pub(super) fn is_card(text: &[u8]) -> bool {
    let digits: Vec<u8> = text.iter().map(|byte| byte.wrapping_sub(b'0')).collect();
    is_issued(&digits)
}

/// Whether an issuer has numbers of that beginning and length, and the last digit is the right one.
fn is_issued(digits: &[u8]) -> bool {
    let first = |count: usize| {
        let first = digits.get(..count).unwrap_or_default();
        first
            .iter()
            .fold(0_u32, |sum, digit| sum * 10 + u32::from(*digit))
    };
    let known = match digits.len() {
        14 => matches!(first(2), 36 | 38 | 39) || matches!(first(3), 300..=305),
        15 => matches!(first(2), 34 | 37),
        16 => {
            matches!(first(1), 4)
                || matches!(first(2), 35 | 50..=59 | 62 | 65)
                || matches!(first(3), 644..=649)
                || matches!(first(4), 2221..=2720 | 6011 | 6304 | 6759..=6763)
        }
        17..=19 => {
            matches!(first(1), 4) || matches!(first(2), 62 | 65) || matches!(first(4), 6011 | 6304)
        }
        _ => false,
    };
    known && luhn(digits)
}

/// Luhn's check (ISO 7812, annex B).
fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, u32::from(*digit)) {
            (0, digit) => digit,
            (_, digit @ 0..=4) => digit * 2,
            (_, digit) => digit * 2 - 9,
        })
        .sum();
    sum.is_multiple_of(10)
}
