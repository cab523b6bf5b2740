//! The `tracestate` header: what tracing systems tell each other. Nothing here acts on it; it is only handed on, if it is harmless.

use std::sync::Arc;

use axum::http::{HeaderValue, header::GetAll};

/// The longest state that is handed on, in bytes: what W3C Trace Context asks to hand on at least.
const LONGEST: usize = 512;

/// The most members a state may have.
const MOST: usize = 32;

/// The state that a call carries, without blanks and empty members. Nothing, if any of it is not in the standard's form.
pub(super) fn read(values: GetAll<'_, HeaderValue>) -> Option<Arc<str>> {
    let mut state = String::new();
    let mut keys: Vec<&str> = Vec::new();
    for value in values {
        let members = value.to_str().ok()?.split(',');
        let members = members.map(|member| member.trim_matches([' ', '\t']));
        for member in members.filter(|member| !member.is_empty()) {
            let (key, text) = member.split_once('=')?;
            let sound = is_key(key) && is_value(text) && !keys.contains(&key);
            if !sound || keys.len() == MOST || state.len() + member.len() >= LONGEST {
                return None;
            }
            if !state.is_empty() {
                state.push(',');
            }
            state.push_str(member);
            keys.push(key);
        }
    }
    (!state.is_empty()).then(|| state.into())
}

fn is_key(key: &str) -> bool {
    let starts =
        key.starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit());
    starts
        && key.len() <= 256
        && key.bytes().all(|byte| {
            byte.is_ascii_lowercase()
                || byte.is_ascii_digit()
                || matches!(byte, b'_' | b'-' | b'*' | b'/' | b'@')
        })
}

fn is_value(text: &str) -> bool {
    (1..=256).contains(&text.len())
        && text
            .bytes()
            .all(|byte| (b' '..=b'~').contains(&byte) && byte != b'=')
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;

    use super::*;

    fn of(values: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            headers.append("tracestate", value);
        }
        read(headers.get_all("tracestate")).map(|state| state.to_string())
    }

    #[test]
    fn joins_members_in_their_order() {
        assert_eq!(of(&[]), None);
        assert_eq!(of(&["a=1"]).as_deref(), Some("a=1"));
        assert_eq!(
            of(&["rojo=00f0,,t@v=x y", " congo = "]).as_deref(),
            None,
            "a key has no blank"
        );
        assert_eq!(
            of(&["rojo=00f0, , t@v=x y ", "0/b=*"]).as_deref(),
            Some("rojo=00f0,t@v=x y,0/b=*")
        );
    }

    #[test]
    fn hands_nothing_on_that_is_not_in_order() {
        let many: Vec<String> = (0..33).map(|number| format!("k{number}=v")).collect();
        for state in [
            "a",
            "A=1",
            "=1",
            "a=",
            "a=1,a=2",
            "a=b=c",
            "größe=1",
            "a=\u{e4}",
            &many.join(","),
            &format!("a={}", "x".repeat(257)),
            &format!("a={0},b={0}", "x".repeat(256)),
        ] {
            assert_eq!(of(&[state]), None, "{state:.80}");
        }
        assert!(of(&[&many[..32].join(",")]).is_some());
    }
}
