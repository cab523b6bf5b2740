//! How a file of the user's is written: its line ends and its byte order mark.

use similar::{Algorithm, DiffOp, capture_diff_slices};

const MARK: char = '\u{feff}';

/// `text` with the byte order mark of `other`, the line ends of the lines that both have, and for
/// new lines the ends that most of the others have.
pub(super) fn in_the_style_of(other: &str, text: &str) -> String {
    let (old, new) = (lines(other), lines(text));
    let windows = old.iter().filter(|(_, end)| *end == "\r\n").count();
    let usual = if windows * 2 > old.len() {
        "\r\n"
    } else {
        "\n"
    };
    let mut styled = if other.starts_with(MARK) {
        MARK.to_string()
    } else {
        String::new()
    };
    let kept = ends_of_kept_lines(&old, &new);
    for ((line, end), kept) in new.into_iter().zip(kept) {
        styled.push_str(line);
        if !end.is_empty() {
            styled.push_str(kept.unwrap_or(usual));
        }
    }
    styled
}

/// A line and what ends it, which is nothing for a last one that has no end.
type Line<'a> = (&'a str, &'a str);

/// For each new line the end that it has in the old text, if it is there and has one.
fn ends_of_kept_lines<'a>(old: &[Line<'a>], new: &[Line<'_>]) -> Vec<Option<&'a str>> {
    let mut ends = vec![None; new.len()];
    for change in capture_diff_slices(Algorithm::Myers, &words(old), &words(new)) {
        if let DiffOp::Equal {
            old_index,
            new_index,
            len,
        } = change
        {
            let old_ends = old.iter().skip(old_index).map(|(_, end)| *end);
            for (kept, end) in ends.iter_mut().skip(new_index).zip(old_ends.take(len)) {
                *kept = Some(end).filter(|end| !end.is_empty());
            }
        }
    }
    ends
}

fn words<'a>(lines: &[Line<'a>]) -> Vec<&'a str> {
    lines.iter().map(|(line, _)| *line).collect()
}

/// The lines of a text without the mark in front.
fn lines(text: &str) -> Vec<Line<'_>> {
    let text = text.strip_prefix(MARK).unwrap_or(text);
    text.split_inclusive('\n').map(split).collect()
}

fn split(line: &str) -> Line<'_> {
    let bare = line.strip_suffix('\n').unwrap_or(line);
    let bare = bare.strip_suffix('\r').unwrap_or(bare);
    line.split_at(bare.len())
}

#[cfg(test)]
mod tests {
    use super::in_the_style_of;

    #[test]
    fn line_ends_and_byte_order_mark_stay_as_they_are() {
        assert_eq!(in_the_style_of("a\r\n", "a\nb\n"), "a\r\nb\r\n");
        assert_eq!(in_the_style_of("\u{feff}a\n", "a\nb\n"), "\u{feff}a\nb\n");
        assert_eq!(in_the_style_of("a\n", "a\nb\n"), "a\nb\n");
    }

    #[test]
    fn every_line_keeps_its_own_end() {
        let mixed = "a\r\nb\nc\n";
        assert_eq!(in_the_style_of(mixed, "a\nb\nnew\nc\n"), "a\r\nb\nnew\nc\n");
        let mixed = "a\r\nb\nc\r\n";
        assert_eq!(
            in_the_style_of(mixed, "a\nb\nc\nnew\n"),
            "a\r\nb\nc\r\nnew\r\n"
        );
    }

    #[test]
    fn a_last_line_without_an_end_gets_one_only_in_front_of_another() {
        assert_eq!(in_the_style_of("a\r\nb", "a\nb\nc\n"), "a\r\nb\nc\n");
        assert_eq!(in_the_style_of("a\r\nb\r\nc", "a\nb\nc"), "a\r\nb\r\nc");
    }
}
