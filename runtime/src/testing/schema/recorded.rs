//! The schemas that lie beside the code, one file for each event. It judges nothing itself.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::verdict::{Break, breaks, unreadable};
use crate::{event::EventSchema, testing::fail};

/// The variable by which schemas are recorded.
const RECORD: &str = "MARTY_RECORD";

/// Asserts that the event is as the schema in `directory` says, which is that of the package under test, such as `events`: the file
/// is called `{type}.json`. For who publishes the event.
///
/// With `MARTY_RECORD=1` in the environment, the schema is recorded if there is none, or if it changed in a way that others can
/// follow: see [the rule](super). `examples` that somebody wrote into the file stay there, and have to be read by the event.
///
/// # Panics
///
/// If the event changed in a way that others cannot follow, or its schema is to be recorded anew.
#[track_caller]
pub fn assert_recorded<E: EventSchema>(directory: impl AsRef<Path>) {
    let path = file::<E>(directory.as_ref());
    let may_record = env::var_os(RECORD).is_some_and(|value| !value.is_empty() && value != "0");
    if let Err(said) = recorded::<E>(&path, may_record) {
        fail(&said);
    }
}

/// Asserts that this service reads whatever is published by the schema in `directory`: a copy of the file `{type}.json` of the
/// service that publishes the event, with its examples. The event here may know fewer fields.
///
/// # Panics
///
/// If there is no such schema, or something by it could not be read.
#[track_caller]
pub fn assert_readable<E: EventSchema>(directory: impl AsRef<Path>) {
    if let Err(said) = readable::<E>(&file::<E>(directory.as_ref())) {
        fail(&said);
    }
}

fn file<E: EventSchema>(directory: &Path) -> PathBuf {
    directory.join(format!("{}.json", E::TYPE))
}

fn recorded<E: EventSchema>(path: &Path, may_record: bool) -> Result<(), String> {
    let (event, shown) = (E::TYPE, path.display());
    let mut now = E::schema();
    let Some(recorded) = read(path)? else {
        let said = format!(
            "`{event}` has no schema in `{shown}` yet\nhint: `{RECORD}=1 cargo test` records it"
        );
        return if may_record {
            write(path, &now)
        } else {
            Err(said)
        };
    };
    let broken = breaks(&recorded, &now);
    if !broken.is_empty() {
        let next = E::VERSION.saturating_add(1);
        return Err(format!(
            "`{event}` is no longer what `{shown}` says:{}\nhint: undo it, or leave this version as it is and declare the event \
             once more with `version = {next}`; if nobody ever published it, delete the file and record it anew by `{RECORD}=1 cargo test`",
            listed(&broken)
        ));
    }
    if let (Some(now), Some(examples)) = (now.as_object_mut(), recorded.get("examples")) {
        now.insert("examples".to_owned(), examples.clone());
    }
    examples::<E>(path, &now)?;
    if recorded == now {
        return Ok(());
    }
    if may_record {
        return write(path, &now);
    }
    Err(format!(
        "`{event}` changed, and others can follow; `{shown}` does not say so yet\nhint: `{RECORD}=1 cargo test` records it"
    ))
}

fn readable<E: EventSchema>(path: &Path) -> Result<(), String> {
    let (event, shown) = (E::TYPE, path.display());
    let published = read(path)?.ok_or_else(|| {
        format!("there is no `{shown}`\nhint: copy it from the service that publishes `{event}`")
    })?;
    let broken = unreadable(&published, &E::schema());
    if !broken.is_empty() {
        return Err(format!(
            "`{event}` cannot be read as `{shown}` says that it is published:{}\nhint: declare the event here as it is there; the file is that of who publishes it",
            listed(&broken)
        ));
    }
    examples::<E>(path, &published)
}

/// Reads the examples of a schema as the event.
fn examples<E: EventSchema>(path: &Path, schema: &Value) -> Result<(), String> {
    let examples = schema.get("examples").and_then(Value::as_array);
    for (at, example) in examples.into_iter().flatten().enumerate() {
        E::read(example.to_string().as_bytes()).map_err(|error| {
            let (event, shown) = (E::TYPE, path.display());
            format!("example {at} in `{shown}` is no `{event}`: {error}")
        })?;
    }
    Ok(())
}

fn listed(breaks: &[Break]) -> String {
    let lines: Vec<String> = breaks.iter().map(|it| format!("\n  {it}")).collect();
    lines.concat()
}

/// The schema in the file, if there is one.
fn read(path: &Path) -> Result<Option<Value>, String> {
    let shown = path.display();
    if !path.exists() {
        return Ok(None);
    }
    let text = fs::read(path).map_err(|error| format!("cannot read `{shown}`: {error}"))?;
    let schema = serde_json::from_slice(&text);
    schema
        .map(Some)
        .map_err(|error| format!("`{shown}` is no JSON: {error}"))
}

fn write(path: &Path, schema: &Value) -> Result<(), String> {
    let failed =
        |error: &dyn std::fmt::Display| format!("cannot write `{}`: {error}", path.display());
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).map_err(|error| failed(&error))?;
    }
    let text = serde_json::to_string_pretty(schema).map_err(|error| failed(&error))?;
    fs::write(path, text + "\n").map_err(|error| failed(&error))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::event::Event;

    #[derive(Debug, Event)]
    #[event(type = "user.named", topic = domain("user"), key = user_id)]
    struct UserNamed {
        user_id: u64,
        nick: Option<String>,
    }

    fn path(name: &str) -> PathBuf {
        let name = format!("{name}-{}", uuid::Uuid::new_v4());
        env::temp_dir().join(name).join("user.named.v1.json")
    }

    #[test]
    fn what_is_recorded_is_the_schema_and_only_when_it_is_asked_for() {
        let path = path("recorded");
        assert!(recorded::<UserNamed>(&path, false).is_err());
        assert!(!path.exists());
        recorded::<UserNamed>(&path, true).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.ends_with("}\n"), "{text}");
        assert_eq!(read(&path).unwrap(), Some(UserNamed::schema()));
        recorded::<UserNamed>(&path, false).unwrap();
        fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }

    #[test]
    fn what_is_recorded_anew_keeps_its_examples() {
        let path = path("anew");
        let mut before = UserNamed::schema();
        before["properties"] = json!({ "user_id": before["properties"]["user_id"] });
        before["examples"] = json!([{ "user_id": 7 }]);
        recorded::<UserNamed>(&path, true).unwrap();
        write(&path, &before).unwrap();
        assert!(recorded::<UserNamed>(&path, false).is_err());
        assert_eq!(read(&path).unwrap(), Some(before.clone()));
        recorded::<UserNamed>(&path, true).unwrap();
        let mut now = UserNamed::schema();
        now["examples"] = before["examples"].clone();
        assert_eq!(read(&path).unwrap(), Some(now));
        fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }

    #[test]
    fn what_others_cannot_follow_is_never_recorded() {
        let path = path("broken");
        let mut before = UserNamed::schema();
        before["properties"]["nick"] = json!({ "type": "integer" });
        recorded::<UserNamed>(&path, true).unwrap();
        write(&path, &before).unwrap();
        let said = recorded::<UserNamed>(&path, true).unwrap_err();
        assert!(said.contains("is no longer what"), "{said}");
        assert_eq!(read(&path).unwrap(), Some(before));
        fs::write(&path, "{").unwrap();
        let said = recorded::<UserNamed>(&path, true).unwrap_err();
        assert!(said.contains("is no JSON"), "{said}");
        fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }
}
