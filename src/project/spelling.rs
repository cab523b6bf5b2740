//! How a text is spelt in the letters that names are made of.

/// The name with a `-` between the words of camel case.
pub(super) fn separated(name: &str) -> String {
    let mut after_lower = false;
    let mut words = String::new();
    for c in name.chars() {
        if after_lower && c.is_ascii_uppercase() {
            words.push('-');
        }
        words.push(c);
        after_lower = c.is_ascii_lowercase() || c.is_ascii_digit();
    }
    words
}

/// The name in small letters, those of western languages as they are written without their marks.
pub(super) fn spelt_in_ascii(name: &str) -> String {
    let small = name.chars().flat_map(char::to_lowercase);
    small.fold(String::new(), |text, c| match without_mark(c) {
        Some(letters) => text + letters,
        None => text + c.encode_utf8(&mut [0; 4]),
    })
}

fn without_mark(c: char) -> Option<&'static str> {
    Some(match c {
        'ä' | 'æ' => "ae",
        'ö' | 'œ' => "oe",
        'ü' => "ue",
        'ß' => "ss",
        'à' | 'á' | 'â' | 'ã' | 'å' => "a",
        'ç' => "c",
        'è' | 'é' | 'ê' | 'ë' => "e",
        'ì' | 'í' | 'î' | 'ï' => "i",
        'ñ' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ø' => "o",
        'ù' | 'ú' | 'û' => "u",
        'ý' | 'ÿ' => "y",
        // Marks that stand behind their letter.
        '\u{300}'..='\u{36f}' => "",
        _ => return None,
    })
}
