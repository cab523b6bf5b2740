//! The `tracestate` header: what tracing systems tell each other. Nothing here acts on it; it is only handed on, if it is harmless.

use std::sync::Arc;

use axum::http::{HeaderValue, header::GetAll};

/// The longest state that is handed on, in bytes: what W3C Trace Context asks to hand on at least.
const LONGEST: usize = 512;

/// Members longer than this, in bytes, are the first to go where a state is too long.
const LARGE: usize = 128;

/// The most members a state may have.
const MOST: usize = 32;

/// The state that a call carries, without blanks and empty members, and no more of it than is handed on. Nothing, if any of it is
/// not in the standard's form.
pub(super) fn read(values: GetAll<'_, HeaderValue>) -> Option<Arc<str>> {
    let mut state: Vec<&str> = Vec::new();
    let mut keys: Vec<&str> = Vec::new();
    for value in values {
        let members = value.to_str().ok()?.split(',');
        let members = members.map(|member| member.trim_matches([' ', '\t']));
        for member in members.filter(|member| !member.is_empty()) {
            let (key, text) = member.split_once('=')?;
            let sound = is_key(key) && is_value(text) && !keys.contains(&key);
            if !sound || keys.len() == MOST {
                return None;
            }
            state.push(member);
            keys.push(key);
        }
    }
    shorten(&mut state);
    (!state.is_empty()).then(|| state.join(",").into())
}

/// Takes members out until the rest is short enough, in the order that W3C Trace Context advises in its section on the limits of
/// `tracestate`: large ones, then those at the end, whose systems had to do with the call the longest ago.
fn shorten(members: &mut Vec<&str>) {
    let mut length: usize = members.iter().map(|member| member.len() + 1).sum();
    // There is no comma behind the last.
    while length > LONGEST + 1 {
        let large = members.iter().rposition(|member| member.len() > LARGE);
        let place = large.unwrap_or(members.len() - 1);
        length -= members.remove(place).len() + 1;
    }
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
    fn hands_as_much_on_as_there_is_room_for() {
        let long =
            |key: &str, length: usize| format!("{key}={}", "x".repeat(length - key.len() - 1));
        let whole = [long("a", 256), long("b", 255)].join(",");
        assert_eq!(whole.len(), LONGEST);
        assert_eq!(of(&[&whole]).as_deref(), Some(&*whole));
        let one = format!("{}={}", "k".repeat(256), "x".repeat(255));
        assert_eq!(of(&[&one]).as_deref(), Some(&*one));
        let large = [
            long("a", 129),
            long("b", 255),
            "c=1".to_owned(),
            long("d", 200),
        ]
        .join(",");
        let kept = [long("a", 129), long("b", 255), "c=1".to_owned()].join(",");
        assert_eq!(of(&[&large]).as_deref(), Some(&*kept));
        let small: Vec<String> = (0..6).map(|n| long(&format!("k{n}"), 100)).collect();
        assert_eq!(of(&[&small.join(",")]), Some(small[..5].join(",")));
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
        ] {
            assert_eq!(of(&[state]), None, "{state:.80}");
        }
        assert!(of(&[&many[..32].join(",")]).is_some());
    }
}
