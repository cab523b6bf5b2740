//! The root `Cargo.toml` of a project: the dependencies that a service takes from it.
//!
//! Pure: it changes texts, and reads and writes nothing.

use toml_edit::{DocumentMut, Item, TableLike, TomlError, Value};

/// The text of the manifest with every dependency of `shipped` that it lacks, or nothing if it has them all.
///
/// What is there stays as it is, comments and versions included: the project may have its reasons.
///
/// # Errors
/// When it is not TOML, or its dependencies are no table.
pub(super) fn with_dependencies(
    text: &str,
    shipped: &DocumentMut,
) -> Result<Option<String>, ManifestError> {
    let mut manifest: DocumentMut = text.parse()?;
    let Some(own) = dependencies_mut(&mut manifest)? else {
        return Ok(None);
    };
    let sorted = own.iter().is_sorted_by_key(|(name, _)| name.to_owned());
    let missing: Vec<(&str, &Value)> = values(shipped)
        .filter(|(name, _)| !own.contains_key(name))
        .collect();
    if missing.is_empty() {
        return Ok(None);
    }
    for (name, value) in missing {
        own.insert(name, Item::Value(value.clone()));
    }
    if sorted {
        own.sort_values();
    }
    Ok(Some(manifest.to_string()))
}

/// The names of the workspace's dependencies.
pub(super) fn dependencies(manifest: &DocumentMut) -> impl Iterator<Item = &str> {
    values(manifest).map(|(name, _)| name)
}

fn values(manifest: &DocumentMut) -> impl Iterator<Item = (&str, &Value)> {
    let workspace = manifest.get("workspace");
    let table = workspace.and_then(|it| it.get("dependencies")?.as_table_like());
    let entries = table.into_iter().flat_map(TableLike::iter);
    entries.filter_map(|(name, item)| Some((name, item.as_value()?)))
}

/// The table of the workspace's dependencies, empty if there was none; nothing without a workspace.
fn dependencies_mut(
    manifest: &mut DocumentMut,
) -> Result<Option<&mut dyn TableLike>, ManifestError> {
    let Some(workspace) = manifest.get_mut("workspace") else {
        return Ok(None);
    };
    let workspace = workspace.as_table_like_mut().ok_or(ManifestError::Table)?;
    let dependencies = workspace.entry("dependencies");
    let dependencies = dependencies.or_insert_with(toml_edit::table);
    let dependencies = dependencies.as_table_like_mut();
    dependencies.map(Some).ok_or(ManifestError::Table)
}

/// A manifest to which nothing can be added.
#[derive(Debug, thiserror::Error)]
pub(super) enum ManifestError {
    #[error("{}", .0.to_string().trim_end())]
    Toml(#[from] TomlError),
    #[error("`workspace.dependencies` is not a table")]
    Table,
}

#[cfg(test)]
mod tests {
    use super::with_dependencies;

    const SHIPPED: &str =
        "[workspace.dependencies]\na = \"1\"\nc = { version = \"2\", default-features = false }\n";

    #[track_caller]
    fn check(before: &str, after: Option<&str>) {
        let added = with_dependencies(before, &SHIPPED.parse().unwrap()).unwrap();
        assert_eq!(added.as_deref(), after);
    }

    #[test]
    fn what_is_missing_is_added_and_everything_else_stays() {
        check(
            "# ours\n[workspace]\n[workspace.dependencies]\n# pinned\na = \"=1.2\" # why\nd = \"4\"\n\n[profile.dev]\n",
            Some(
                "# ours\n[workspace]\n[workspace.dependencies]\n# pinned\na = \"=1.2\" # why\nc = { version = \"2\", default-features = false }\nd = \"4\"\n\n[profile.dev]\n",
            ),
        );
    }

    #[test]
    fn an_order_of_the_user_s_stays() {
        check(
            "[workspace.dependencies]\nd = \"4\"\na = \"1\"\n",
            Some(
                "[workspace.dependencies]\nd = \"4\"\na = \"1\"\nc = { version = \"2\", default-features = false }\n",
            ),
        );
    }

    #[test]
    fn every_way_to_write_the_table_will_do() {
        check(
            "[workspace]\ndependencies = { a = \"1\" }\n",
            Some(
                "[workspace]\ndependencies = { a = \"1\" , c = { version = \"2\", default-features = false }}\n",
            ),
        );
        check(
            "[workspace]\nmembers = []\n",
            Some(
                "[workspace]\nmembers = []\n\n[workspace.dependencies]\na = \"1\"\nc = { version = \"2\", default-features = false }\n",
            ),
        );
        check(
            "[workspace.dependencies.a]\nversion = \"1\"\n",
            Some(
                "[workspace.dependencies]\nc = { version = \"2\", default-features = false }\n[workspace.dependencies.a]\nversion = \"1\"\n",
            ),
        );
    }

    #[test]
    fn nothing_changes_where_nothing_is_missing() {
        check("[workspace.dependencies]\na = \"9\"\nc = \"9\"\n", None);
        check("[package]\nname = \"a\"\n", None);
    }

    #[test]
    fn a_manifest_that_is_not_understood_is_refused() {
        let shipped = SHIPPED.parse().unwrap();
        assert!(with_dependencies("[workspace", &shipped).is_err());
        for text in ["workspace = 1", "[workspace]\ndependencies = []\n"] {
            let error = with_dependencies(text, &shipped).unwrap_err();
            assert_eq!(error.to_string(), "`workspace.dependencies` is not a table");
        }
    }
}
