//! Percent-encoding, as the values of OpenTelemetry's lists have it.

/// The text with each `%` and two hexadecimal digits read as a byte. Nothing, if that is no UTF-8 or a `%` stands alone.
pub(super) fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        let code = digit(rest.next())? * 16 + digit(rest.next())?;
        bytes.push(u8::try_from(code).ok()?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_two_digits_and_nothing_else() {
        assert_eq!(decoded("a%2Cb%c3%A4"), Some("a,b\u{e4}".to_owned()));
        for text in ["%", "%2", "%zz", "%+f", "% f", "%ff"] {
            assert_eq!(decoded(text), None, "{text}");
        }
    }
}
