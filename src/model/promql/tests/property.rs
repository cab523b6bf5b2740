//! What holds for every text.

use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};

use super::super::parse;

fn printed() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("a{b=\"c\"}".to_owned()),
        Just("$x".to_owned()),
        Just("[[y]]_z".to_owned())
    ];
    leaf.prop_recursive(5, 40, 2, |inner| {
        let operator = prop_oneof![
            Just("+"),
            Just("and"),
            Just("^"),
            Just("> bool"),
            Just("/ on (l)")
        ];
        prop_oneof![
            (inner.clone(), operator, inner.clone()).prop_map(|(l, o, r)| format!("{l} {o} {r}")),
            inner.clone().prop_map(|e| format!("sum by (l) ({e})")),
            inner
                .clone()
                .prop_map(|e| format!("rate(({e})[5m:1m] offset 1h)")),
            inner.prop_map(|e| format!("-({e})")),
        ]
    })
}

fn check(text: &str) {
    let (expr, issues) = parse(text);
    for issue in &issues {
        assert!(text.get(issue.span.clone()).is_some(), "{text:?} {issue:?}");
    }
    if let Some(expr) = expr {
        expr.walk(&mut |inner| assert!(text.get(inner.span.clone()).is_some(), "{text:?}"));
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn no_mix_of_tokens_panics(text in "([a-c$(){}\\[\\],:@\"'\\\\ +^0-9xé=~!-]|sum|by|offset|on|\\[\\[a\\]\\]|5m){0,30}") {
        check(&text);
    }

    #[test]
    fn printed_expressions_parse(text in printed()) {
        let (expr, issues) = parse(&text);
        assert_eq!(issues, [], "{text}");
        assert!(expr.is_some());
    }
}
