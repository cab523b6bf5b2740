//! The ports that the image of a service sets.
//!
//! A `Dockerfile` is read line by line, and only for two variables of its last stage: what decides
//! them in another way is not guessed at.

use super::ports;
use crate::check::facts::Facts;
use crate::check::finding::Finding;
use crate::model::node::Entry;
use crate::model::source::Span;
use crate::project::contents::Role;
use crate::project::root::MANIFEST;

/// The variables that hold where a service listens, and the keys that do in `marty.toml`.
const ADDRESSES: &[(&str, &str)] = &[
    ("MARTY_HTTP_ADDR", "http-port"),
    ("MARTY_ADMIN_ADDR", "admin-port"),
];

/// Compares the ports of `marty.toml` with those that the service's `Dockerfile` sets.
pub(super) fn check(facts: &Facts<'_>, service: &Entry, findings: &mut Vec<Finding>) {
    let path = format!("services/{}/Dockerfile", service.key);
    let file = facts.contents.and_then(|contents| contents.file(&path));
    let Some(file) = file.filter(|file| file.role == Role::Dockerfile) else {
        return;
    };
    for (variable, key) in ADDRESSES {
        let recorded = service.value.get(key);
        let Some((recorded, port)) = recorded.and_then(|node| Some((node, ports::port(node)?)))
        else {
            continue;
        };
        let Some((set, span)) = port_of(&file.source.text, variable) else {
            continue;
        };
        if set != port {
            let message = format!("`{variable}` has port {set}, and `marty.toml` says {port}");
            let finding = Finding::new(&path, &span, message);
            findings.push(finding.related(MANIFEST, &recorded.span, "recorded here"));
        }
    }
}

/// The port that `ENV` gives `variable` in the last stage, and where it stands.
fn port_of(text: &str, variable: &str) -> Option<(u64, Span)> {
    // Another sign may end a line that goes on, and what follows `<<` is no instruction.
    if text.contains("<<") || text.lines().any(is_escape_directive) {
        return None;
    }
    let mut found = None;
    let mut instruction = String::new();
    let mut goes_on = false;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let written = line.trim();
        if !written.is_empty() && !written.starts_with('#') {
            if !goes_on {
                let word = written.split_whitespace().next().unwrap_or_default();
                instruction = word.to_ascii_uppercase();
            }
            goes_on = written.ends_with('\\');
            match instruction.as_str() {
                "FROM" => found = None,
                "ENV" => {
                    if let Some(span) = assigned(line, variable, start) {
                        let port = text.get(span.clone()).and_then(port);
                        found = port.map(|port| (port, span));
                    }
                }
                _ => {}
            }
        }
        start += line.len();
    }
    found
}

fn is_escape_directive(line: &str) -> bool {
    let comment = line.trim().strip_prefix('#').map(str::trim_start);
    comment.is_some_and(|it| it.to_ascii_lowercase().starts_with("escape"))
}

/// Where the value is that a line at `start` gives `variable`; an empty place where that is not
/// sure.
fn assigned(line: &str, variable: &str, start: usize) -> Option<Span> {
    let key = format!("{variable}=");
    let at = line.find(&key)?;
    let before = line.get(..at)?;
    if before.contains(['"', '\'']) {
        return Some(0..0);
    }
    if !before.is_empty() && !before.ends_with(char::is_whitespace) {
        return None;
    }
    let value = line.get(at + key.len()..)?;
    let length = value.find(char::is_whitespace).unwrap_or(value.len());
    let begin = start + at + key.len();
    Some(begin..begin + length)
}

fn port(address: &str) -> Option<u64> {
    let (_, port) = address.trim_matches(['"', '\'']).rsplit_once(':')?;
    let is_number = port.bytes().all(|it| it.is_ascii_digit());
    let port = is_number.then(|| port.parse::<u16>().ok())?;
    port.map(u64::from)
}

#[cfg(test)]
mod tests {
    use super::port_of;

    #[track_caller]
    fn reads(text: &str, expected: Option<(u64, &str)>) {
        let found = port_of(text, "MARTY_ADMIN_ADDR");
        let found = found.map(|(port, span)| (port, &text[span]));
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn the_port_is_that_of_the_last_stage() {
        let wide = "FROM a\nENV MARTY_HTTP_ADDR=[::]:1 \\\n  # why\n\n  MARTY_ADMIN_ADDR=[::]:2 \\\n  A=b\n";
        reads(wide, Some((2, "[::]:2")));
        let quoted = "FROM a\r\nenv A=b MARTY_ADMIN_ADDR=\"0.0.0.0:2\"\r\n";
        reads(quoted, Some((2, "\"0.0.0.0:2\"")));
        reads("FROM a\nENV MARTY_ADMIN_ADDR=:1\nFROM b\n", None);
        let twice = "FROM a\nENV MARTY_ADMIN_ADDR=:1\nENV MARTY_ADMIN_ADDR=:2";
        reads(twice, Some((2, ":2")));
    }

    #[test]
    fn what_is_not_read_for_sure_is_not_read() {
        for line in [
            "ENV MARTY_ADMIN_ADDR=0.0.0.0:$PORT",
            "ENV MARTY_ADMIN_ADDR=0.0.0.0:${PORT}",
            "ENV MARTY_ADMIN_ADDR=0.0.0.0:+1",
            "ENV MARTY_ADMIN_ADDR 0.0.0.0:1",
            "ENV OUR_MARTY_ADMIN_ADDR=0.0.0.0:1",
            "ENV A=\"MARTY_ADMIN_ADDR=:1 MARTY_ADMIN_ADDR=:1\"",
            "RUN MARTY_ADMIN_ADDR=0.0.0.0:1 a \\\n  ENV MARTY_ADMIN_ADDR=0.0.0.0:1",
            "# ENV MARTY_ADMIN_ADDR=0.0.0.0:1",
            "ENV MARTY_ADMIN_ADDR=:1\nENV MARTY_ADMIN_ADDR=:$PORT",
            "RUN <<END\nENV MARTY_ADMIN_ADDR=:1\nEND",
            "# escape=`\nENV MARTY_ADMIN_ADDR=:1",
        ] {
            reads(&format!("{line}\n"), None);
        }
    }
}
