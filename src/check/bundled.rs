//! The sources of the runtime as this program writes them. What they declare was read when the program was built.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::assets::runtime;
use crate::model::rust::Facts;
use crate::model::source::Source;
use crate::project::root::RUNTIME;

/// A source and what it declares, by its path in the runtime.
static SOURCES: LazyLock<HashMap<&str, (&str, Facts)>> = LazyLock::new(|| {
    let declared = serde_json::from_str(runtime::DECLARED);
    let mut declared: HashMap<&str, Facts> = declared.unwrap_or_default();
    let files = runtime::FILES.iter();
    files
        .filter_map(|file| Some((file.path, (file.text, declared.remove(file.path)?))))
        .collect()
});

/// What a source declares that is as it was written; nothing is known of one that somebody changed.
pub(super) fn facts(source: &Source) -> Option<Facts> {
    let path = source.path.strip_prefix(RUNTIME)?.strip_prefix('/')?;
    let (text, facts) = SOURCES.get(path)?;
    (source.text == *text).then(|| facts.clone())
}

#[cfg(test)]
mod tests {
    use super::{RUNTIME, facts, runtime};
    use crate::model::rust;
    use crate::model::source::Source;

    #[test]
    fn what_was_read_before_is_what_would_be_read_now() {
        let sources = runtime::FILES.iter();
        let sources = sources.filter(|file| file.path.starts_with("src/"));
        let mut metrics = 0;
        for file in sources {
            let mut source = Source {
                path: format!("{RUNTIME}/{}", file.path),
                text: file.text.to_owned(),
            };
            let known = facts(&source).unwrap();
            metrics += known.metrics.len();
            assert_eq!((known, Vec::new()), rust::facts(file.text), "{}", file.path);
            source.text.push('\n');
            assert_eq!(facts(&source), None, "{} is changed", file.path);
        }
        assert!(metrics > 0);
    }
}
