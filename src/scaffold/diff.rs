//! A plan as a unified diff.

use std::fmt::Write as _;

use similar::TextDiff;

use super::file::Class;
use super::plan::{Action, Plan};

/// What `git apply` would need to make the plan's files, less the compressed pristine copies.
#[must_use]
pub fn unified(plan: &Plan) -> String {
    let mut text = String::new();
    for change in plan.changes() {
        let path = &change.path;
        let Ok(after) = std::str::from_utf8(&change.content) else {
            debug_assert_eq!(
                change.class,
                Class::Machine,
                "only pristine copies are binary"
            );
            let _ = writeln!(text, "Binary files /dev/null and b/{path} differ");
            continue;
        };
        let (before, old) = match &change.action {
            Action::Create => (String::new(), "/dev/null".to_owned()),
            Action::Update { before } => (
                String::from_utf8_lossy(before).into_owned(),
                format!("a/{path}"),
            ),
        };
        let diff = TextDiff::from_lines(before.as_str(), after);
        let _ = write!(
            text,
            "{}",
            diff.unified_diff().header(&old, &format!("b/{path}"))
        );
    }
    text
}
