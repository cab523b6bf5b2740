//! What to do after a service was made, as commands that can be pasted.

use std::path::Path;

use super::kind::Kind;
use super::plan::Plan;

/// The commands to go on with, from the directory `current`.
#[must_use]
pub fn commands(plan: &Plan, current: &Path) -> Vec<String> {
    let mut commands = Vec::new();
    let root = std::path::absolute(plan.root()).unwrap_or_else(|_| plan.root().to_owned());
    if root != current {
        let shown = root.strip_prefix(current).unwrap_or(&root);
        commands.push(format!("cd {}", quoted(&shown.to_string_lossy())));
    }
    let name = plan.answers().name.as_str();
    commands.push("marty check".to_owned());
    commands.push(format!("cargo test --package {name}"));
    // A worker alone has nothing to do; its demonstration brings events along.
    let demo = match plan.answers().kind {
        Kind::Http | Kind::Grpc => "",
        Kind::Worker => " --example demo",
    };
    commands.push(format!("cargo run --package {name}{demo}"));
    commands
}

/// A path as a shell takes it for one word.
pub(crate) fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,@%:".contains(c);
    if !path.is_empty() && !path.starts_with('-') && path.chars().all(plain) {
        return path.to_owned();
    }
    let prefix = if path.starts_with('-') { "./" } else { "" };
    format!("'{prefix}{}'", path.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_path_stays_one_word() {
        assert_eq!(quoted("a/b-c"), "a/b-c");
        assert_eq!(quoted("my shop"), "'my shop'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted("-rf"), "'./-rf'");
    }
}
