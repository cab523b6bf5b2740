//! Facts about how large and how deeply nested sources may be.

use super::facts;

/// Everything that Rust nests without an end: what stands before, what opens, what is innermost,
/// what closes, what stands behind.
const NESTING: &[[&str; 5]] = &[
    ["type T = ", "& ", "u8", "", ";"],
    ["type T = ", "&'a mut ", "u8", "", ";"],
    ["type T = ", "*const ", "u8", "", ";"],
    ["type T = ", "fn() -> ", "u8", "", ";"],
    ["type T = ", "impl Fn() -> ", "u8", "", ";"],
    ["type T = ", "V<", "u8", ">", ";"],
    ["type T = ", "V<u8, ", "u8", ">", ";"],
    ["type T = ", "<V<u8, ", "u8", "> as T>::X", ";"],
    ["type T = ", "(", "u8", ")", ";"],
    ["type T = ", "[", "u8", "]", ";"],
    ["const X: u8 = 0 as ", "&", "u8", "", ";"],
    ["const X: u8 = 0", " as u8", "", "", ";"],
    ["const X: u8 = ", "!", "0", "", ";"],
    ["const X: u8 = ", "- ", "0", "", ";"],
    ["const X: u8 = ", "& ", "0", "", ";"],
    ["const X: u8 = ", "*", "x", "", ";"],
    ["const X: u8 = ", "|| ", "0", "", ";"],
    ["const X: u8 = ", "|a, b| ", "0", "", ";"],
    ["const X: u8 = ", "a | move |a, b| ", "0", "", ";"],
    ["const X: u8 = ", "f(|a, b| ", "0", ")", ";"],
    ["const X: u8 = 0", " + 1", "", "", ";"],
    ["const X: u8 = 0", " * f::<A, B>()", "", "", ";"],
    ["const X: u8 = a", ".a", "", "", ";"],
    ["const X: u8 = a", ".a::<A, B>()", "", "", ";"],
    ["const X: u8 = a", "()", "", "", ";"],
    ["const X: u8 = a", "[0]", "", "", ";"],
    ["const X: u8 = a", "?", "", "", ";"],
    ["const X: u8 = ", "(", "0", ")", ";"],
    ["const X: u8 = ", "[", "0", "]", ";"],
    ["const X: u8 = ", "{", "0", "}", ";"],
    ["const X: u8 = ", "if a { ", "0", "}", ";"],
    ["const X: &str = ", "concat!(", "\"a\"", ")", ";"],
    ["fn f() { ", "m!(", "a", ")", "; }"],
    ["fn f() { ", "return ", "0", "", "}"],
    ["fn f() { ", "return !(", "0", ")", "}"],
    ["fn f() { 'a: loop { ", "break 'a |a, b| ", "0", "", "} }"],
    ["fn f() { ", "a = ", "0", "", "}"],
    ["fn f() { if a {}", " else if a {}", "", "", "}"],
    ["fn f() { if a {}", " else if f::<A, B>() {}", "", "", "}"],
    ["fn f() { ", "if ", "a", " {}", "}"],
    ["fn f() { ", "for S {} in ", "a", " {}", "}"],
    ["fn f() { let ", "& ", "a", "", " = 0; }"],
    ["fn f() { let ", "a @ ", "a", "", " = 0; }"],
    ["fn f() { let ", "(", "a", ")", " = 0; }"],
    ["use a", "::a", "", "", ";"],
    ["", "mod a { ", "", "}", ""],
];

fn nested([before, opening, inside, closing, after]: [&str; 5], times: usize) -> String {
    let (opening, closing) = (opening.repeat(times), closing.repeat(times));
    format!("{before}{opening}{inside}{closing}{after}")
}

fn first_issue(source: &str) -> Option<String> {
    let (_, issues) = facts(source);
    issues.into_iter().next().map(|issue| issue.message)
}

#[test]
fn whatever_nests_is_read_as_deep_as_people_write() {
    for form in NESTING {
        assert_eq!(first_issue(&nested(*form, 100)), None, "{form:?}");
    }
}

#[test]
fn whatever_nests_is_read_or_refused_and_never_overflows_the_stack() {
    // Between the first and the last lies the most that is read.
    for times in [500, 900, 1900, 3900] {
        for form in NESTING {
            let issue = first_issue(&nested(*form, times));
            let refused = issue.as_deref() == Some("nested too deeply to be read");
            assert!(issue.is_none() || refused, "{form:?} {times} {issue:?}");
        }
    }
    for form in NESTING {
        let issue = first_issue(&nested(*form, 10_000));
        let message = Some("nested too deeply to be read");
        assert_eq!(issue.as_deref(), message, "{form:?}");
    }
}

#[test]
fn nesting_adds_up_over_brackets() {
    let form = [
        "type T = ",
        "(&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&",
        "u8",
        ")",
        ";",
    ];
    assert_eq!(first_issue(&nested(form, 60)), None);
    let form = [
        "type T = ",
        &format!("({}", "&".repeat(100)),
        "u8",
        ")",
        ";",
    ];
    let issue = first_issue(&nested(form, 60));
    assert_eq!(issue.as_deref(), Some("nested too deeply to be read"));
}

#[test]
fn what_is_long_without_nesting_is_read() {
    for [before, item, after] in [
        ["const X: &[u8] = &[", "17, ", "];"],
        ["const X: &[bool] = &[", "1 < 2, f(3) <= 4, a > b, ", "];"],
        ["const X: &[u8] = &[", "A | B, 1 << 3, ", "];"],
        ["const X: &[F] = &[", "|a, b| a || b, ", "];"],
        ["type T = (", "V<u8, V<u8>>, ", ");"],
        ["fn f() { ", "if a < b { c } ", "}"],
        ["fn f() { match a { ", "1 => {} ", "} }"],
        ["fn f() { match a { ", "(1, b) if a < b => {} ", "} }"],
        ["fn f() { match a { ", "| A | B => 1, ", "} }"],
        ["fn f() { match a { ", "\"a\" => |a, b| a, ", "} }"],
        [
            "",
            "pub fn f<A, B>(a: &V<A>) -> V<B> where A: B { a < b } ",
            "",
        ],
        ["", "#[a] const A: bool = B < C; ", ""],
        ["fn f() { view! { ", "<p a=1> b </p> ", "} }"],
    ] {
        let source = format!("{before}{}{after}", item.repeat(3000));
        assert_eq!(first_issue(&source), None, "{item}");
    }
}

#[test]
fn long_expressions_are_read() {
    for [before, item, after] in [
        ["const X: u8 = 0", " + 1", ";"],
        ["const X: bool = a", " && b < c", ";"],
        ["const X: B = b()", ".arg(&f(\"a\"), [1, 2])", ";"],
        ["fn f() { if a {}", " else if a == 1 {}", " }"],
    ] {
        let source = format!("{before}{}{after}", item.repeat(500));
        assert_eq!(first_issue(&source), None, "{item}");
    }
}

#[test]
fn tables_of_characters_are_read_and_end_somewhere() {
    for [before, item, after] in [
        ["fn f() { match a { ", "'a'..='b' | ", "'c' => 1 } }"],
        ["const X: &[u8] = &[", "1 | ", "1];"],
    ] {
        let table = |times: usize| format!("{before}{}{after}", item.repeat(times));
        assert_eq!(first_issue(&table(10_000)), None, "{item}");
        assert_eq!(first_issue(&table(30_000)), None, "{item}");
        let issue = first_issue(&table(40_000));
        assert_eq!(issue.as_deref(), Some("nested too deeply to be read"));
    }
    for item in ["..1 | ", "1..|2| ", "1 | |2, 3| "] {
        let issue = first_issue(&format!("const X: &[u8] = &[{}1];", item.repeat(10_000)));
        assert_eq!(
            issue.as_deref(),
            Some("nested too deeply to be read"),
            "{item}"
        );
    }
}
