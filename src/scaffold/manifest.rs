//! The root `Cargo.toml` of a project: the dependencies that a kind of service takes from it.
//!
//! Pure: it changes texts, and reads and writes nothing.

use toml_edit::{DocumentMut, Item, TableLike, Value};

/// The manifest with every dependency of `shipped` that it lacks, or nothing if it has them all.
///
/// What is there stays as it is, comments and versions included: the project may have its reasons.
pub(super) fn with_dependencies(
    manifest: &DocumentMut,
    shipped: &DocumentMut,
) -> Option<DocumentMut> {
    let mut manifest = manifest.clone();
    let own = dependencies_mut(&mut manifest)?;
    let sorted = own.iter().is_sorted_by_key(|(name, _)| name.to_owned());
    let shipped = dependencies(shipped)?;
    let missing: Vec<(&str, &Value)> = shipped
        .iter()
        .filter(|(name, _)| !own.contains_key(name))
        .filter_map(|(name, item)| Some((name, item.as_value()?)))
        .collect();
    if missing.is_empty() {
        return None;
    }
    for (name, value) in missing {
        own.insert(name, Item::Value(value.clone()));
    }
    if sorted {
        own.sort_values();
    }
    Some(manifest)
}

fn dependencies(manifest: &DocumentMut) -> Option<&dyn TableLike> {
    let workspace = manifest.get("workspace")?;
    workspace.get("dependencies")?.as_table_like()
}

/// The table of the workspace's dependencies, empty if there was none; nothing without a workspace.
fn dependencies_mut(manifest: &mut DocumentMut) -> Option<&mut dyn TableLike> {
    let workspace = manifest.get_mut("workspace")?.as_table_like_mut()?;
    let dependencies = workspace.entry("dependencies");
    dependencies
        .or_insert_with(toml_edit::table)
        .as_table_like_mut()
}

#[cfg(test)]
mod tests {
    use super::with_dependencies;

    const SHIPPED: &str =
        "[workspace.dependencies]\na = \"1\"\nc = { version = \"2\", default-features = false }\n";

    #[track_caller]
    fn check(before: &str, after: Option<&str>) {
        let parse = |text: &str| text.parse().unwrap();
        let added = with_dependencies(&parse(before), &parse(SHIPPED));
        assert_eq!(added.map(|it| it.to_string()).as_deref(), after);
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
}
