//! What it costs to scrub a line of the log: by `marty_runtime::scrub`, and by the patterns that services usually have for it in a set
//! of regular expressions, of which those that match are then replaced.
//!
//! The peer knows less: it neither checks sums nor heeds quotes, names in camel case or what is encoded.

#![expect(
    clippy::expect_used,
    reason = "a benchmark that cannot begin has nothing better to do"
)]

use std::{borrow::Cow, sync::LazyLock};

use divan::{Bencher, black_box, counter::BytesCount};
use marty_runtime::scrub;
use regex::{Regex, RegexSet};

fn main() {
    divan::main();
}

/// 200 bytes with an id, a time and a path, and nothing to be taken out.
const CLEAN: &str = "order 0198c5c4-8f3a-7bbb-9d6e-0f1e2d3c4b5a stored in eu-central-1 after 12.345ms by worker 17 of 32: 3 items, 1 retry, took the fast path through src/order/store.rs:120, next at 2026-11-25T08:24:35.123456Z!";

/// 200 bytes of JSON in a text, whose names all have to be looked at.
const PAIRS: &str = r#"payload {"id":17,"name":"basket","items":3,"total":12.5,"currency":"EUR","region":"eu","retry":false,"queue":"orders","worker":17,"took":0.25,"next":null,"parts":[1,2,3],"version":"1.2.3","state":"done"}"#;

/// 200 bytes with an address, a card's number and a password.
const DIRTY: &str = "order of ada@example.com paid by 4111 1111 1111 1111 at https://example.com/pay?token=c2VjcmV0&page=2 with password=hunter2, sent to the warehouse in eu-central-1 after 12.345ms by worker 17 of 32 today";

const PATTERNS: [&str; 8] = [
    r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}",
    r"\+[1-9][0-9 ().-]{7,18}[0-9]",
    r"\b(?:[0-9][ -]?){13,19}\b",
    r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b",
    r"\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*",
    r"(?i)\b(?:bearer|basic) +[A-Za-z0-9._~+/=-]+",
    r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    r#"(?i)(?:password|passwd|secret|token|api[_-]?key|authorization|cookie)["']?\s*[:=]\s*["']?[^\s"',;&]+"#,
];

static SET: LazyLock<RegexSet> = LazyLock::new(|| RegexSet::new(PATTERNS).expect("patterns"));
static EACH: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let compile = |pattern: &&str| Regex::new(pattern).expect("a pattern");
    PATTERNS.iter().map(compile).collect()
});

fn by_patterns(text: &str) -> Cow<'_, str> {
    let mut scrubbed = Cow::Borrowed(text);
    for found in &SET.matches(text) {
        let Some(pattern) = EACH.get(found) else {
            continue;
        };
        if let Cow::Owned(replaced) = pattern.replace_all(&scrubbed, "[secret]") {
            scrubbed = Cow::Owned(replaced);
        }
    }
    scrubbed
}

#[divan::bench(args = [CLEAN, PAIRS, DIRTY])]
fn marty(bencher: Bencher<'_, '_>, text: &str) {
    measure(bencher, text, scrub::text);
}

#[divan::bench(args = [CLEAN, PAIRS, DIRTY])]
fn regular_expressions(bencher: Bencher<'_, '_>, text: &str) {
    measure(bencher, text, by_patterns);
}

fn measure(bencher: Bencher<'_, '_>, text: &str, scrub: fn(&str) -> Cow<'_, str>) {
    bencher
        .counter(BytesCount::of_str(text))
        .bench_local(|| drop(black_box(scrub(black_box(text)))));
}
