//! Card numbers and telephone numbers.
//!
//! Identifiers, times and amounts are numbers, too: what has no sum to check has to have a telephone number's punctuation.

use super::{
    Kind,
    scan::{Match, before, blank, byte, continues, encoded, run_back},
};

/// The most digits of a card (ISO 7812); a telephone has up to 15 (E.164), and 17 with `00`.
const MOST_DIGITS: usize = 19;
const MOST_GROUPS: usize = 8;

/// Whatever has fewer is no number of anybody's.
const FEWEST_DIGITS: usize = 7;

/// Digits in groups.
#[derive(Default)]
struct Number {
    digits: [u8; MOST_DIGITS],
    groups: [Group; MOST_GROUPS],
    count: usize,
}

#[derive(Clone, Copy, Default)]
struct Group {
    length: usize,
    /// How many digits there are up to its end.
    total: usize,
    /// Where it ends in the text.
    end: usize,
    /// What is before it: zero for the first group and for more than one sign.
    separator: u8,
}

impl Number {
    /// The number that begins at `start`. Nothing, if its first group alone is too long.
    fn read(bytes: &[u8], start: usize) -> Option<Self> {
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

    fn groups(&self) -> &[Group] {
        self.groups.get(..self.count).unwrap_or_default()
    }

    fn digit(&self, at: usize) -> u8 {
        byte(&self.digits, at)
    }

    /// The end of the longest beginning that has from `least` to `most` digits.
    fn longest(&self, least: usize, most: usize) -> Option<usize> {
        let fits = |group: &&Group| (least..=most).contains(&group.total);
        self.groups().iter().rev().find(fits).map(|group| group.end)
    }

    /// Whether the number is of groups of these lengths, and ends with them or goes on behind a blank.
    fn has_form(&self, lengths: &[usize]) -> bool {
        let of_form = self.groups().iter().map(|group| group.length);
        self.count >= lengths.len()
            && of_form.take(lengths.len()).eq(lengths.iter().copied())
            && self
                .groups()
                .get(lengths.len())
                .is_none_or(|next| next.separator == b' ')
    }

    /// Whether the groups after the first `skipped`, up to the `count`th, are all separated by the same of `signs`.
    fn is_uniform(&self, skipped: usize, count: usize, signs: &[u8]) -> bool {
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
fn separator(bytes: &[u8], at: usize) -> Option<(u8, usize)> {
    if let Some(length) = blank(bytes, at) {
        return Some((b' ', length));
    }
    match byte(bytes, at) {
        sign @ (b'-' | b'.' | b'/' | b'(' | b')') => Some((sign, 1)),
        b'%' => encoded(bytes, at).filter(|(byte, _)| matches!(byte, b'(' | b')' | b'/')),
        _ => None,
    }
}

/// What begins with the digit at `start`, which no word is before.
pub(super) fn local(bytes: &[u8], start: usize) -> Option<Match> {
    let previous = before(bytes, start);
    let is_fraction = matches!(previous, b'.' | b',') && before(bytes, start - 1).is_ascii_digit();
    if is_fraction {
        return None;
    }
    let number = Number::read(bytes, start)?;
    if number.groups().last()?.total < FEWEST_DIGITS {
        return None;
    }
    if let Some(end) = card(&number) {
        return Some(Match::new(start, end, Kind::Card));
    }
    let is_later = match previous {
        b'-' | b'.' | b'_' | b'+' => true,
        b'/' => before(bytes, start - 1).is_ascii_digit(),
        _ => false,
    };
    let end = if is_later {
        None
    } else {
        north_american(&number, false)
            .or_else(|| french(&number))
            .or_else(|| abroad(&number))
            .or_else(|| national(&number, 3))
            .or_else(|| called(bytes, start, &number))
    };
    end.map(|end| Match::new(start, end, Kind::Phone))
}

/// The telephone number whose area stands in the brackets that begin at `at`, the first of `sign` bytes.
pub(super) fn bracketed(bytes: &[u8], at: usize, sign: usize) -> Option<Match> {
    let start = at + sign;
    if !byte(bytes, start).is_ascii_digit() || continues(bytes, at) {
        return None;
    }
    let number = Number::read(bytes, start)?;
    let area = number.groups().first()?;
    if separator(bytes, area.end)?.0 != b')' {
        return None;
    }
    let end = north_american(&number, true).or_else(|| national(&number, 2))?;
    Some(Match::new(at, end, Kind::Phone))
}

/// The telephone number that begins with the `+` at `at`, of `sign` bytes.
pub(super) fn international(bytes: &[u8], at: usize, sign: usize) -> Option<Match> {
    let open = byte(bytes, at + sign) == b'(';
    let start = at + sign + usize::from(open);
    if !matches!(byte(bytes, start), b'1'..=b'9') || continues(bytes, at) {
        return None;
    }
    let number = Number::read(bytes, start)?;
    let [first, rest @ ..] = number.groups() else {
        return None;
    };
    let is_fraction = first.length >= 7 && rest.first().is_some_and(|next| next.separator == b'.');
    if is_fraction {
        return None;
    }
    let end = number.longest(8, 15)?;
    Some(Match::new(at, end, Kind::Phone))
}

/// `00` and the number of another country: with punctuation, or of a country that is called often.
fn abroad(number: &Number) -> Option<usize> {
    const COUNTRIES: [u8; 20] = [
        20, 27, 30, 31, 32, 33, 34, 36, 39, 41, 43, 44, 45, 46, 47, 48, 49, 61, 81, 91,
    ];
    let first = number.groups().first()?;
    let (country, area) = (number.digit(2), number.digit(3));
    if first.length < 3 || number.digit(0) != 0 || number.digit(1) != 0 || country == 0 {
        return None;
    }
    let is_known = COUNTRIES.contains(&(country * 10 + area));
    (number.count > 1 || is_known)
        .then(|| number.longest(11, 17))
        .flatten()
}

/// Three, three and four digits, neither of the threes below 200.
fn north_american(number: &Number, bracketed: bool) -> Option<usize> {
    let trunk = !bracketed && number.digit(0) == 1 && number.has_form(&[1, 3, 3, 4]);
    if !trunk && !number.has_form(&[3, 3, 4]) {
        return None;
    }
    let skipped = usize::from(trunk);
    let count = skipped + 3;
    let in_range = number.digit(skipped) >= 2 && number.digit(skipped + 3) >= 2;
    let punctuated = if bracketed {
        number.is_uniform(2, count, b"-. ")
    } else {
        number.is_uniform(skipped + 1, count, b"-.")
    };
    let last = number.groups().get(count - 1)?;
    (in_range && punctuated).then_some(last.end)
}

/// Five times two digits.
fn french(number: &Number) -> Option<usize> {
    let fits = number.has_form(&[2; 5])
        && number.digit(0) == 0
        && number.digit(1) > 0
        && number.is_uniform(1, 5, b" .-");
    fits.then(|| number.groups().get(4).map(|group| group.end))
        .flatten()
}

/// A zero, an area of at least `area` digits with it, and the rest.
fn national(number: &Number, area: usize) -> Option<usize> {
    let [first, rest @ ..] = number.groups() else {
        return None;
    };
    let fits = (area..=5).contains(&first.length)
        && number.digit(0) == 0
        && number.digit(1) > 0
        && (1..=4).contains(&rest.len())
        && rest.iter().all(|group| group.length >= 2);
    // Numbers in columns are separated by blanks.
    let least = if rest.iter().all(|group| group.separator == b' ') {
        10
    } else {
        9
    };
    fits.then(|| number.longest(least, 12)).flatten()
}

/// Any number behind a word that says what it is.
fn called(bytes: &[u8], start: usize, number: &Number) -> Option<usize> {
    const WORDS: [&[u8]; 11] = [
        b"tel",
        b"telephone",
        b"telefon",
        b"phone",
        b"mobile",
        b"mobil",
        b"handy",
        b"fax",
        b"sms",
        b"whatsapp",
        b"msisdn",
    ];
    let end = run_back(bytes, (0, start), 3, |byte| !byte.is_ascii_alphanumeric());
    let begin = run_back(bytes, (0, end), 10, |byte| byte.is_ascii_alphabetic());
    let word = bytes.get(begin..end)?;
    WORDS
        .iter()
        .any(|known| known.eq_ignore_ascii_case(word))
        .then(|| number.longest(7, 15))
        .flatten()
}

/// The end of the card's number that `number` begins with.
fn card(number: &Number) -> Option<usize> {
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
