//! Lines and columns of bytes.

use serde::Serialize;

/// A place in a text: both count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Position {
    pub(super) line: usize,
    pub(super) column: usize,
}

impl Position {
    /// The place of the byte at `offset`.
    pub(super) fn of(text: &str, offset: usize) -> Self {
        let before = text.get(..text.floor_char_boundary(offset)).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Position;

    #[test]
    fn columns_count_characters() {
        let at = |offset| {
            let Position { line, column } = Position::of("é\näb", offset);
            (line, column)
        };
        assert_eq!(
            [at(0), at(2), at(3), at(5), at(99)],
            [(1, 1), (1, 2), (2, 1), (2, 2), (2, 3)]
        );
    }
}
