//! File patterns as Prometheus takes them: `*` and `?` inside a segment.

/// Whether `path` is one that `pattern` means.
#[must_use]
pub fn matches(pattern: &str, path: &str) -> bool {
    let (patterns, segments) = (pattern.split('/'), path.split('/'));
    patterns.clone().count() == segments.clone().count()
        && patterns
            .zip(segments)
            .all(|(pattern, segment)| segment_matches(pattern, segment))
}

fn segment_matches(pattern: &str, segment: &str) -> bool {
    let Some(first) = pattern.chars().next() else {
        return segment.is_empty();
    };
    let rest = pattern.get(first.len_utf8()..).unwrap_or_default();
    if first == '*' {
        let ends = segment
            .char_indices()
            .map(|(at, _)| at)
            .chain([segment.len()]);
        return ends
            .filter_map(|at| segment.get(at..))
            .any(|tail| segment_matches(rest, tail));
    }
    let mut characters = segment.chars();
    characters.next().is_some_and(|next| {
        (first == '?' || first == next) && segment_matches(rest, characters.as_str())
    })
}

/// The path that `relative` means in the folder of the file at `file`, without `.` and `..`.
/// None if it leads out of the project.
#[must_use]
pub fn resolve(file: &str, relative: &str) -> Option<String> {
    let mut segments: Vec<&str> = file.split('/').collect();
    segments.pop();
    for segment in relative.split('/') {
        match segment {
            "" | "." => {}
            ".." => _ = segments.pop()?,
            segment => segments.push(segment),
        }
    }
    Some(segments.join("/"))
}

/// Whether `written`, in the file at `file`, means the file at `path`.
///
/// Where an absolute pattern is mounted is not known here, so that its folders are passed over.
#[must_use]
pub fn covers(file: &str, written: &str, path: &str) -> bool {
    if written.starts_with('/') {
        let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
        return matches(&name(written), &name(path));
    }
    resolve(file, written).is_some_and(|pattern| matches(&pattern, path))
}

#[cfg(test)]
mod tests {
    use super::{covers, matches, resolve};

    #[test]
    fn a_star_stays_in_its_segment() {
        assert!(matches("rules/*.rules.yml", "rules/a.rules.yml"));
        assert!(matches("a?c/*", "abc/"));
        assert!(!matches("rules/*.yml", "rules/a/b.yml"));
        assert!(!matches("*.yml", "a.yaml"));
    }

    #[test]
    fn a_relative_path_is_resolved_in_the_project() {
        assert_eq!(resolve("a/b.md", "../c.md").as_deref(), Some("c.md"));
        assert_eq!(resolve("a/b.md", "./c/d.md").as_deref(), Some("a/c/d.md"));
        assert_eq!(resolve("b.md", "../c.md"), None);
    }

    #[test]
    fn of_an_absolute_pattern_only_the_name_is_compared() {
        let covers = |written| covers("a/prometheus.yml", written, "a/rules/b.rules.yml");
        assert!(covers("rules/*.yml") && covers("/etc/prometheus/r/*.rules.yml"));
        assert!(!covers("/etc/prometheus/rules/*.yaml") && !covers("*.yml"));
    }
}
