//! The root `Cargo.toml` of a project: its members, and the dependencies that a service takes from it.
//!
//! Pure: it changes texts, and reads and writes nothing.

use toml_edit::{Array, Decor, DocumentMut, Item, RawString, TableLike, TomlError, Value};

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

/// The text of the manifest with the crate in `folder` among its members, or nothing if it is one, or there is no list of them.
///
/// # Errors
/// When it is not TOML, or its members are no list.
pub(super) fn with_member(text: &str, folder: &str) -> Result<Option<String>, ManifestError> {
    let mut manifest: DocumentMut = text.parse()?;
    let workspace = manifest.get_mut("workspace");
    let workspace = workspace.and_then(Item::as_table_like_mut);
    let Some(members) = workspace.and_then(|it| it.get_mut("members")) else {
        return Ok(None);
    };
    let members = members.as_array_mut().ok_or(ManifestError::Members)?;
    if members
        .iter()
        .filter_map(Value::as_str)
        .any(|it| covers(it, folder))
    {
        return Ok(None);
    }
    let mut member = Value::from(folder);
    *member.decor_mut() = beside_last(members);
    members.push_formatted(member);
    Ok(Some(manifest.to_string()))
}

/// How a value stands behind the last of a list: on a line of its own where that does, without the comments of that.
fn beside_last(values: &mut Array) -> Decor {
    let length = values.len();
    let last = length.checked_sub(1).and_then(|last| values.get_mut(last));
    let Some(decor) = last.map(Value::decor_mut) else {
        return Decor::default();
    };
    let text = |raw: Option<&RawString>| {
        raw.and_then(RawString::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let (before, after) = (text(decor.prefix()), text(decor.suffix()));
    let prefix = match before.rsplit_once('\n') {
        Some((_, indent)) => format!("\n{indent}"),
        None if length > 1 => before,
        None => " ".to_owned(),
    };
    if after.contains('#') {
        return Decor::new(prefix, "");
    }
    decor.set_suffix("");
    Decor::new(prefix, after)
}

/// Whether cargo finds the crate in `folder` by a member that is written so. Each part stands for one, and `*` for any text of it.
fn covers(member: &str, folder: &str) -> bool {
    let member = member.trim_start_matches("./").trim_end_matches('/');
    // What else a pattern may have is left to cargo: a crate that is listed twice is one.
    let (mut parts, mut places) = (member.split('/'), folder.split('/'));
    loop {
        match (parts.next(), places.next()) {
            (None, None) | (Some("**"), _) => return true,
            (Some(part), Some(place)) if fits(part, place) => {}
            _ => return false,
        }
    }
}

fn fits(part: &str, place: &str) -> bool {
    match part.split_once('*') {
        None => part == place,
        Some((begin, end)) => place.strip_prefix(begin).is_some_and(|rest| {
            let mut ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
            ends.any(|at| rest.get(at..).is_some_and(|rest| fits(end, rest)))
        }),
    }
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
    #[error("`workspace.members` is not a list")]
    Members,
}

#[cfg(test)]
mod tests {
    use super::{with_dependencies, with_member};

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

    #[track_caller]
    fn member(before: &str, after: Option<&str>) {
        let manifest = |members: &str| format!("[workspace]\nmembers = {members} # ours\n");
        let added = with_member(&manifest(before), "services/b").unwrap();
        assert_eq!(added, after.map(manifest));
    }

    #[test]
    fn a_service_that_no_member_covers_becomes_one() {
        member(
            r#"["services/a", "crates/*"]"#,
            Some(r#"["services/a", "crates/*", "services/b"]"#),
        );
        member(
            "[\n    # one\n    \"services/a\",\n    \"crates/*\",\n]",
            Some("[\n    # one\n    \"services/a\",\n    \"crates/*\",\n    \"services/b\",\n]"),
        );
        member(
            "[\n    # one\n    \"services/a\"\n]",
            Some("[\n    # one\n    \"services/a\",\n    \"services/b\"\n]"),
        );
        member(r#"["a"]"#, Some(r#"["a", "services/b"]"#));
        member("[]", Some(r#"["services/b"]"#));
        member(
            r#"["services/a*", "services/b/c"]"#,
            Some(r#"["services/a*", "services/b/c", "services/b"]"#),
        );
    }

    #[test]
    fn a_service_that_a_member_covers_stays_as_it_is() {
        for members in [
            r#"["crates/*", "services/*"]"#,
            r#"["./services/*/"]"#,
            r#"["*/*b*"]"#,
            r#"["services/b"]"#,
            r#"["**"]"#,
        ] {
            member(members, None);
        }
        assert_eq!(with_member("[package]\n", "services/b").unwrap(), None);
        assert!(with_member("workspace.members = 1", "services/b").is_err());
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
