//! The project's `Cargo.toml`, and how what a service needs is added to it.

use toml_edit::{DocumentMut, Item, Table, TomlError, Value};

use super::extra::Extra;

/// Where it lies.
pub(super) const WORKSPACE: &str = "Cargo.toml";

/// The text of the manifest with what the service's extras need; nothing if it has all of that.
///
/// # Errors
/// When it is not TOML, or its dependencies are no table.
pub(super) fn with_dependencies(
    text: &str,
    extras: &[Extra],
) -> Result<Option<String>, WorkspaceError> {
    let mut manifest: DocumentMut = text.parse()?;
    let mut added = false;
    for (name, form) in extras.iter().flat_map(|extra| extra.dependencies()) {
        let dependencies = dependencies(&mut manifest)?;
        if !dependencies.contains_key(name) {
            insert(dependencies, name, form.parse()?);
            added = true;
        }
    }
    Ok(added.then(|| manifest.to_string()))
}

fn dependencies(manifest: &mut DocumentMut) -> Result<&mut Table, WorkspaceError> {
    let workspace = manifest.entry("workspace").or_insert_with(toml_edit::table);
    let workspace = workspace.as_table_mut().ok_or(WorkspaceError::Table)?;
    let dependencies = workspace
        .entry("dependencies")
        .or_insert_with(toml_edit::table);
    dependencies.as_table_mut().ok_or(WorkspaceError::Table)
}

/// Puts a dependency where the alphabet has it, if the others are in that order; otherwise it is the last.
fn insert(table: &mut Table, name: &str, value: Value) {
    let names: Vec<String> = table.iter().map(|(name, _)| name.to_owned()).collect();
    let sorted = names.is_sorted();
    let behind = names.iter().filter(|other| sorted && other.as_str() > name);
    let behind: Vec<_> = behind.filter_map(|name| table.remove_entry(name)).collect();
    table.insert(name, Item::Value(value));
    for (key, item) in behind {
        table.insert_formatted(&key, item);
    }
}

/// A manifest to which nothing can be added.
#[derive(Debug, thiserror::Error)]
pub(super) enum WorkspaceError {
    #[error("{}", .0.to_string().trim_end())]
    Toml(#[from] TomlError),
    #[error("`workspace.dependencies` is not a table")]
    Table,
}

#[cfg(test)]
mod tests {
    use super::{Extra, with_dependencies};

    const SQLX: &str = "sqlx = { version = \"0.9\", default-features = false, features = [\"migrate\", \"postgres\", \"runtime-tokio\", \"uuid\"] }\n";

    #[track_caller]
    fn adds(before: &str, after: &str) {
        let text = with_dependencies(before, Extra::ALL).unwrap();
        assert_eq!(text.as_deref(), Some(after));
        assert_eq!(with_dependencies(after, Extra::ALL).unwrap(), None);
    }

    #[test]
    fn what_is_missing_is_added_in_its_place_and_all_else_stays() {
        adds(
            "# ours\n[workspace.dependencies]\naxum = \"0.8\" # kept\n# Of tests.\nureq = { version = \"3\" }\n\n[profile.dev]\ndebug = 1\n",
            &format!(
                "# ours\n[workspace.dependencies]\naxum = \"0.8\" # kept\n{SQLX}# Of tests.\nureq = {{ version = \"3\" }}\n\n[profile.dev]\ndebug = 1\n"
            ),
        );
        adds(
            "[workspace.dependencies]\nureq = \"3\"\naxum = \"0.8\"\n",
            &format!("[workspace.dependencies]\nureq = \"3\"\naxum = \"0.8\"\n{SQLX}"),
        );
    }

    #[test]
    fn what_is_there_stays_in_the_version_it_has() {
        let text = "[workspace.dependencies]\nsqlx = \"0.9.1\"\n";
        assert_eq!(with_dependencies(text, Extra::ALL).unwrap(), None);
        assert_eq!(with_dependencies(text, &[]).unwrap(), None);
    }

    #[test]
    fn a_manifest_that_is_not_understood_is_refused() {
        assert!(with_dependencies("[workspace", Extra::ALL).is_err());
        let error = with_dependencies("workspace = 1", Extra::ALL).unwrap_err();
        assert_eq!(error.to_string(), "`workspace.dependencies` is not a table");
    }
}
