//! International bank account numbers (ISO 13616).

use super::{
    Kind,
    scan::{Match, blank, byte},
};

/// The countries of the registry with the length of their numbers.
const LENGTHS: &[u8] = b"AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24FI18FK18FO18\
FR27GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22MK19MN20MR27MT31\
MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28TL23TN24TR26UA29VA22VG24XK20YE30";

/// No number is longer.
const LONGEST: usize = 34;

/// The number that begins with the word from `start` to `end`.
pub(super) fn find(bytes: &[u8], start: usize, end: usize) -> Option<Match> {
    let check = bytes.get(start + 2..start + 4)?;
    if end < start + 4 || !check.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let length = length(byte(bytes, start), byte(bytes, start + 1))?;
    let mut text = [0; LONGEST];
    let end = collect(bytes, start, text.get_mut(..length)?)?;
    let text = text.get(..length)?;
    let is_bounded = !byte(bytes, end).is_ascii_alphanumeric();
    (is_bounded && remainder(text) == 1).then(|| Match::new(start, end, Kind::Iban))
}

fn length(first: u8, second: u8) -> Option<usize> {
    let country = [first.to_ascii_uppercase(), second.to_ascii_uppercase()];
    let entry = LENGTHS
        .chunks_exact(4)
        .find(|entry| entry.starts_with(&country))?;
    let digit = |at: usize| usize::from(byte(entry, at).wrapping_sub(b'0'));
    Some(digit(2) * 10 + digit(3))
}

/// Fills `text` with what begins at `start`, less single blanks and hyphens. Says where that ends.
fn collect(bytes: &[u8], start: usize, text: &mut [u8]) -> Option<usize> {
    let mut at = start;
    for place in text {
        let hyphen = usize::from(byte(bytes, at) == b'-');
        let next = at + blank(bytes, at).unwrap_or(hyphen);
        *place = byte(bytes, next);
        if !place.is_ascii_alphanumeric() {
            return None;
        }
        at = next + 1;
    }
    Some(at)
}

/// What ISO 7064 leaves of the number, in which the country and the check digits come last: 1, if it is right.
fn remainder(text: &[u8]) -> u32 {
    let (head, rest) = text.split_at(4.min(text.len()));
    rest.iter().chain(head).fold(0, |sum, byte| {
        match char::from(*byte).to_digit(36).unwrap_or(0) {
            digit @ 0..=9 => (sum * 10 + digit) % 97,
            letter => (sum * 100 + letter) % 97,
        }
    })
}
