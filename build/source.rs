//! A source less what is compiled for tests only: what those need is not among a project's dependencies.

/// The text without its items below `#[cfg(test)]`.
///
/// The sources are formatted, so an item ends where a line is its closing brace and stands as far to the right as the item.
pub(crate) fn without_tests(source: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut lines = source.lines();
    while let Some(line) = lines.next() {
        let indent = line.len() - line.trim_start().len();
        if line.trim_start() != "#[cfg(test)]" {
            kept.push(line);
            continue;
        }
        while kept.last().is_some_and(|before| belongs_to_next(before)) {
            kept.pop();
        }
        let mut item = lines.by_ref().skip_while(|line| belongs_to_next(line));
        if item.next().is_some_and(|first| !first.ends_with(';')) {
            let _ = lines.find(|line| line.strip_suffix('}').is_some_and(|it| it.len() == indent));
        }
    }
    let text = kept.join("\n");
    format!("{}\n", text.trim_end())
}

/// Whether a line says something of the item that follows, or parts it from the one before.
fn belongs_to_next(line: &str) -> bool {
    let line = line.trim_start();
    line.is_empty() || line.starts_with("///") || line.starts_with("#[")
}

#[cfg(test)]
mod tests {
    use super::without_tests;

    #[test]
    fn a_source_has_no_tests_and_nothing_else_is_missing() {
        let source = "mod a;\n#[cfg(test)]\nmod tests;\n\nimpl A {\n    fn a() {}\n\n    /// For tests.\n    #[cfg(test)]\n    #[must_use]\n    fn b() {\n        {}\n    }\n\n    fn c() {}\n}\n\n#[cfg(test)]\nmod tests {\n    fn d() {\n    }\n}\n";
        let expected = "mod a;\n\nimpl A {\n    fn a() {}\n\n    fn c() {}\n}\n";
        assert_eq!(without_tests(source), expected);
    }
}
