//! Telephone numbers.
//!
//! Identifiers, times and amounts are numbers, too: what has no sum to check has to have a telephone number's punctuation.

use super::{
    Kind,
    byte::{before, byte, continues, run_back},
    card,
    kind::Match,
    number::{Number, separator},
};

/// The telephone number `number` that begins at `start`, without a `+` or brackets before it.
pub(super) fn local(bytes: &[u8], start: usize, number: &Number) -> Option<Match> {
    let is_later = match before(bytes, start) {
        b'-' | b'.' | b'_' | b'+' => true,
        b'/' => before(bytes, start - 1).is_ascii_digit(),
        _ => false,
    };
    if is_later {
        return None;
    }
    let end = north_american(number, false)
        .or_else(|| french(number))
        .or_else(|| abroad(number))
        .or_else(|| national(number, 3))
        .or_else(|| called(bytes, start, number))?;
    if cuts_card(bytes, number, end) {
        return None;
    }
    Some(Match::new(start, end, Kind::Phone))
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
    if cuts_card(bytes, &number, end) {
        return None;
    }
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
    if cuts_card(bytes, &number, end) {
        return None;
    }
    Some(Match::new(at, end, Kind::Phone))
}

/// Whether what would be a telephone number up to `end` holds the beginning of a card's, whose end would be left.
fn cuts_card(bytes: &[u8], number: &Number, end: usize) -> bool {
    let later = number.groups().iter().skip(1);
    let inside = later.map(|group| group.end - group.length);
    inside
        .take_while(|start| *start < end)
        .filter_map(|start| card::find(&Number::read(bytes, start)?))
        .any(|card| card > end)
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
