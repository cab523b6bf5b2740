//! What is accepted, with which structure, and what is said about the rest.

use super::super::ast::ExprKind;
use super::super::parse;
use super::shape;

#[track_caller]
fn check(text: &str, expected: &str) {
    let (expr, issues) = parse(text);
    assert_eq!(issues, [], "{text}");
    assert_eq!(shape(&expr.unwrap()), expected, "{text}");
}

/// `expected` is `message @ the text it is about`.
#[track_caller]
fn check_issue(text: &str, expected: &str) {
    let (_, issues) = parse(text);
    let issue = issues.first().expect("an issue");
    let found = format!("{} @ {}", issue.message, &text[issue.span.clone()]);
    assert_eq!(found, expected, "{text}");
}

#[test]
fn operators_bind_as_in_prometheus() {
    check("a + b * c", "(a + (b * c))");
    check("a - b - c", "((a - b) - c)");
    check("a ^ b ^ c", "(a ^ (b ^ c))");
    check("-a ^ b", "(-(a ^ b))");
    check("-a * b", "((-a) * b)");
    check("a or b and c unless d", "(a or ((b and c) unless d))");
    check("a > b + c atan2 d", "(a > (b + (c atan2 d)))");
    check("a ^ -b * c", "((a ^ (-b)) * c)");
    check("-a offset 5m", "(-a)");
}

#[test]
fn keywords_name_metrics_where_prometheus_allows() {
    check("by", "by");
    check("offset offset 5m", "offset");
    check("sum by (offset) (x)", "sum(x)");
    check("SUM(start)", "sum(start)");
    check("{on=\"1\", by=\"2\", inf=\"3\"}", "{}");
    check_issue("on", "expected an expression, found `on` @ on");
}

#[test]
fn variables_stand_wherever_grafana_users_put_them() {
    check("rate(a[$__rate_interval])", "rate(a[r])");
    check("rate(a[[[window]]])", "rate(a[r])");
    check("rate(a[${__range_s}s:$__interval])", "rate(a[r:])");
    check(
        "sum by ($by) (${prefix}_total{job=~\"$job\"})",
        "sum(${prefix}_total)",
    );
    check(
        "$metric{a=\"b\"} offset $x > $threshold",
        "($metric > $threshold)",
    );
    check("$agg by (job) ($fn(a[5m]))", "$agg($fn(a[r]))");
    check("rate($metric[5m])", "rate($metric[r])");
    check("topk($n, a{$filters})", "topk($n, a)");
}

#[test]
fn variables_are_parts_of_numbers() {
    check("histogram_quantile(0.$q, a)", "histogram_quantile(0.$q, a)");
    check("quantile(.${q}, a)", "quantile(.${q}, a)");
    check("topk(1$n, a)", "topk(1$n, a)");
    check("topk(${n}0, a)", "topk(${n}0, a)");
    check(
        "quantile_over_time(0.[[q]], a[$w])",
        "quantile_over_time(0.[[q]], a[r])",
    );
    check("round(a, $b.5) > ${c}e3", "(round(a, $b.5) > ${c}e3)");
    check("rate(a[${w}m:5${unit}])", "rate(a[r:])");
    check("a offset -${w}h @ ${__from:date:seconds}", "a");
    check(
        "a > ${threshold:date:YYYY-MM-DD HH}",
        "(a > ${threshold:date:YYYY-MM-DD HH})",
    );
    // What begins like a metric is one.
    check("${metric}_total > 1", "(${metric}_total > n)");
    check_issue(
        "topk(${metric}_total, a)",
        "`topk` wants a scalar, found an instant vector @ ${metric}_total",
    );
}

#[test]
fn variables_are_operators() {
    check("a $op 5", "(a $op n)");
    check("a ${op} bool $b", "(a ${op} $b)");
    check("1 [[op]] 2", "(n [[op]] n)");
    check(
        "sum(a) $op on (b) group_left sum(c) + 1",
        "(sum(a) $op (sum(c) + n))",
    );
    check("a{b $op \"c\", d${op}\"e\"}", "a");
}

#[test]
fn variables_are_whole_clauses() {
    check("a $modifier", "(a $modifier )");
    check("sum(a) $by", "(sum(a) $by )");
    check("(a ${offset}) > 1", "((a ${offset} ) > n)");
    check("sum $by (a)", "sum(a)");
    check("$agg(a) by (b)", "$agg(a)");
    check("$agg(5, a) without ($b)", "$agg(n, a)");
    check("a{b=\"c\" $filters}", "a");
    check("a{$filters, b=\"c\"}", "a");
    // With these nothing is known about the structure.
    for text in ["a * $matching b", "a >${op} 5", "a ${op}= 5"] {
        assert_eq!(parse(text), (None, Vec::new()), "{text}");
    }
}

#[test]
fn variables_hide_no_mistake_that_is_somewhere_else() {
    check_issue("sum(rate(a[$w])", "`(` is never closed @ (");
    check_issue("$fn(a[$w]", "`(` is never closed @ (");
    check_issue("$a + $b)", "expected an operator or the end, found `)` @ )");
    check_issue("$a + b b", "expected an operator or the end, found `b` @ b");
    check_issue(
        "rate(a{b=\"$c\"})",
        "`rate` wants a range vector, found an instant vector @ a{b=\"$c\"}",
    );
    check_issue(
        "a $op 5 5",
        "expected an operator or the end, found `5` @ 5",
    );
    check_issue("a.5", "expected an operator or the end, found `.5` @ .5");
    check_issue("a $ 5", "unexpected character `$` @ $");
}

#[test]
fn syntax_mistakes_say_what_was_expected() {
    check_issue("", "expected an expression, found the end @ ");
    check_issue("sum(a", "`(` is never closed @ (");
    check_issue("a{b=\"c\"}[5m", "`[` is never closed @ [");
    check_issue("sum by job (a)", "expected `(`, found `job` @ job");
    check_issue("a = 1", "expected an operator or the end, found `=` @ =");
    check_issue(
        "a{b==\"c\"}",
        "expected `=`, `!=`, `=~` or `!~`, found `==` @ ==",
    );
    check_issue("sum(a,)", "expected an expression, found `)` @ )");
    check_issue("\"\\d\"", "unknown escape sequence `\\d` @ \\d");
    check_issue("1__0", "`1__0` is neither a number nor a duration @ 1__0");
    check_issue(
        "a[1m1h]",
        "`1m1h` is neither a number nor a duration @ 1m1h",
    );
    check_issue("sum(a)[5m]", "range on something other than a selector @ [");
    check_issue("a @ 10 [5m]", "range after `offset` or `@` @ [");
    check_issue(
        "topk(a)",
        "`topk` takes a parameter and a vector, found 1 argument @ (a)",
    );
}

#[test]
fn type_mistakes_say_what_was_found() {
    check_issue(
        "rate(a)",
        "`rate` wants a range vector, found an instant vector @ a",
    );
    check_issue(
        "abs(a[5m])",
        "`abs` wants an instant vector, found a range vector @ a[5m]",
    );
    check_issue("1 > 2", "comparison of two scalars without `bool` @ >");
    check_issue(
        "a and 1",
        "`and` wants instant vectors, found a scalar @ and",
    );
    check_issue("rat(a[5m])", "unknown function `rat` @ rat");
    check_issue("{a=~\".*\"}", "selector matches every series @ {a=~\".*\"}");
    check_issue("round()", "`round` takes 1 to 2 arguments, found 0 @ round");
    check_issue("a[0s]", "duration `0s` is not positive @ 0s");
    check_issue(
        "a + on(x) 1",
        "labels are matched between instant vectors only, found a scalar @ +",
    );
}

#[test]
fn hints_name_the_remedy() {
    let hint = |text| parse(text).1[0].hint.clone().unwrap();
    assert_eq!(hint("rate(x)"), "add a range: `x[5m]`");
    assert_eq!(hint("rat(x[5m])"), "did you mean `rate`?");
    assert_eq!(
        hint("sum by job (a)"),
        "put the labels in parentheses: `(job)`"
    );
    assert_eq!(hint("a = 1"), "values are compared by `==`");
}

#[test]
fn positions_are_those_of_the_text() {
    let text = " rate(é_no{a=\"b\"}[5m])".replace('é', "e");
    let expr = parse(&text).0.unwrap();
    assert_eq!(&text[expr.span.clone()], text.trim());
    let ExprKind::Call { function, args } = expr.kind else {
        panic!("a call");
    };
    assert_eq!(&text[function.span], "rate");
    let ExprKind::Matrix { selector, range } = &args[0].kind else {
        panic!("a matrix");
    };
    assert_eq!(&text[range.name.span.clone()], "5m");
    assert_eq!(range.milliseconds, Some(300_000));
    let ExprKind::Selector(selector) = &selector.kind else {
        panic!("a selector");
    };
    assert_eq!(&text[selector.matchers[0].value.span.clone()], "b");
}

#[test]
fn nesting_and_chains_are_bounded() {
    let deep = "(".repeat(100_000);
    check_issue(&deep, "expression nests deeper than 100 levels @ (");
    let chain = format!("a{}", " + a".repeat(900));
    assert!(parse(&chain).0.is_some());
    let long = format!("a{}", " + a".repeat(5000));
    check_issue(&long, "expression has more than 1000 operators @ +");
}
