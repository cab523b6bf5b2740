//! What is shown of an event, and what is not.
//!
//! Tokens of personal data stay: they say nothing, and equal ones can be told. A value whose field's name says that it is a secret or
//! somebody's becomes a mark, whatever it is; in every other text, what looks like one does. These are the rules of the runtime's log.

use marty_runtime::event::{Decoded, Format, Token};
use marty_runtime::scrub;
use serde_json::Value;

/// Bytes as JSON, masked; nothing, if they are none.
pub(super) fn data(data: &[u8]) -> Option<Value> {
    let value = serde_json::from_slice(data).ok()?;
    Some(masked("", value))
}

/// The data of an event as JSON, masked; nothing, if they are none. A message of Protocol Buffers is none, whatever its bytes look like.
pub(super) fn data_of(event: &Decoded<'_>) -> Option<Value> {
    match event.format() {
        Some(Format::Protobuf) => None,
        _ => data(event.data()),
    }
}

/// What is said of data that are shown in no other way, where there is more to say than that they are no JSON.
pub(super) fn size_of(event: &Decoded<'_>) -> Option<String> {
    let is_protobuf = event.format() == Some(Format::Protobuf);
    is_protobuf.then(|| format!("protobuf, {} bytes", event.data().len()))
}

/// A text that stands for itself, such as a key.
pub(super) fn text(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    if Token::parse(&text).is_ok() {
        return text.into_owned();
    }
    scrub::text(&text).into_owned()
}

/// `value`, which belongs to the field `name`.
fn masked(name: &str, value: Value) -> Value {
    match value {
        Value::String(text) if Token::parse(&text).is_ok() => Value::String(text),
        Value::String(text) => Value::String(scrub::field(name, &text).into_owned()),
        Value::Array(items) => items.into_iter().map(|item| masked(name, item)).collect(),
        Value::Object(fields) => {
            let whole = scrub::of_field(name).map(|_| name.to_owned());
            let fields = fields.into_iter().map(|(field, value)| {
                let value = masked(whole.as_ref().unwrap_or(&field), value);
                (field, value)
            });
            fields.collect()
        }
        Value::Null => Value::Null,
        Value::Number(_) | Value::Bool(_) => mark(name, value),
    }
}

/// A number has no form to look at but that of its digits, such as a card's.
fn mark(name: &str, value: Value) -> Value {
    let text = value.to_string();
    let shown = scrub::field(name, &text).into_owned();
    if shown == text { value } else { shown.into() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{data, text};

    #[test]
    fn what_is_somebody_s_is_masked_wherever_it_is() {
        let event = json!({
            "user_id": 17,
            "email": "h1.k1.AAECAwQFBgcICQoLDA0ODw",
            "first_name": "Ada",
            "phone": 491_512_345_678_u64,
            "note": "write to ada@example.com",
            "contact": [{ "password": { "plain": "hunter2" } }],
            "plan": "team",
        });
        let expected = json!({
            "user_id": 17,
            "email": "h1.k1.AAECAwQFBgcICQoLDA0ODw",
            "first_name": "[personal]",
            "phone": "[phone]",
            "note": "write to [email]",
            "contact": [{ "password": { "plain": "[secret]" } }],
            "plan": "team",
        });
        assert_eq!(data(event.to_string().as_bytes()), Some(expected));
        assert_eq!(data(b"not JSON"), None);
        assert_eq!(text(b"ada@example.com"), "[email]");
        assert_eq!(text(b"17"), "17");
    }
}
