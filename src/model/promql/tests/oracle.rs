//! Another parser accepts the same and sees the same structure.

use promql_parser::parser::{Expr as Other, VectorSelector, parse as parse_other};

use super::super::parse;
use super::{call, corpus, shape};

const BOTH: &[&str] = &[
    "a + b * c ^ d ^ e - f",
    "a or b and c unless d",
    "-a ^ b * c",
    "a > bool b",
    "a * on (x) group_left (y) b",
    "a * on (x) group_right () b",
    "a / ignoring (x) b",
    "sum by (offset) (x)",
    "sum(x) without (a, b,)",
    "topk(3, rate(a[5m]))",
    "a offset -5m",
    "a @ start() offset 1m",
    "rate(a[5m])[1h:1m] @ 10",
    "histogram_quantile(0.9, sum by (le) (rate(a_bucket[5m])))",
    "absent(up{job=\"a\"}) or vector(0)",
    "label_replace(a, \"b\", \"$1\", \"c\", \"(.*)\")",
    "a{b='c', d=~`e.*`} # why",
    "a[1h30m:]",
    "time() - a",
    "1 == 2",
    "a and 1",
    "rate(a)",
    "sum(a[5m])",
    "abs(a, b)",
    "nothing(a)",
    "topk(a)",
    "a[0s]",
    "(a) offset 5m",
    "sum(a)[5m]",
    "a @ 10 [5m]",
    "a * group_left (b) c",
    "a + on (x) 1",
    "a and bool b",
    "a{",
    "a{b}",
    "a{b=c}",
    "(a",
    "a)",
    "\"\\d\"",
    "{a=~\".*\"}",
    "{}",
    "",
];

fn other_shape(expr: &Other) -> String {
    match expr {
        Other::NumberLiteral(_) => "n".to_owned(),
        Other::StringLiteral(_) => "s".to_owned(),
        Other::VectorSelector(selector) => other_name(selector),
        Other::MatrixSelector(matrix) => format!("{}[r]", other_name(&matrix.vs)),
        Other::Subquery(subquery) => format!("{}[r:]", other_shape(&subquery.expr)),
        Other::Paren(paren) => other_shape(&paren.expr),
        Other::Call(it) => call(
            it.func.name,
            it.args.args.iter().map(|arg| other_shape(arg)),
        ),
        Other::Aggregate(it) => {
            let args = it.param.iter().chain([&it.expr]);
            call(&it.op.to_string(), args.map(|arg| other_shape(arg)))
        }
        Other::Unary(unary) => match other_shape(&unary.expr).as_str() {
            "n" => "n".to_owned(),
            inner => format!("(-{inner})"),
        },
        Other::Binary(it) => {
            format!(
                "({} {} {})",
                other_shape(&it.lhs),
                it.op,
                other_shape(&it.rhs)
            )
        }
        Other::Extension(_) => "extension".to_owned(),
    }
}

fn other_name(selector: &VectorSelector) -> String {
    selector.name.clone().unwrap_or("{}".to_owned())
}

/// What promtool 3.16 accepts with experimental functions enabled.
///
/// One text is refused here on purpose: `{"a", "b"}`, which no series can match.
const PROMETHEUS_ACCEPTS: &[&str] = &[
    "sum by (offset) (x)",
    "sum by (a:b) (x)",
    "by",
    "step",
    r#"{inf="1"}"#,
    r#"{on="1", by="2", "x.y"="3"}"#,
    "1_000 + 0x1F + 010 + 1_0.5",
    "a[5m+1m]",
    "a[5m] anchored",
    "a[300]",
    "a offset 60",
    "a offset -5m",
    "a @ start() offset 1m",
    "-1^2",
    "a * on(x) group_right () c",
    "start()",
    "offset offset 5m",
    r#"a{on="x"} / on(by) b"#,
    "start",
    "SUM(a)",
    "a AND b",
    "a[1h30m15s100ms]",
    "a[5m:1m] offset 3m",
    "a offset 5m [1h:]",
    "sum(rate(a[5m])) by (b,)",
    r#"a{b="c",}"#,
    r#"{__name__="a"}"#,
    "quantile(0.5, a) > bool 1",
    r"'\''",
    r"a{b='\''}",
    "-a offset 5m",
    r#"histogram_quantiles(a, "q", 0.5, 0.9)"#,
    r#"info(a, {b="c"})"#,
    "max",
    r#"{"a.b"}"#,
    r#"{"a.b", c="d"}"#,
    r#"sum by ("a.b") (x)"#,
    "group(a) by ()",
    r#"count_values("v", a)"#,
    "limitk(2, a)",
    "limit_ratio(0.5, a)",
    "a[step()]",
    "a offset (1h + 5m)",
    "a offset 1h + 5m",
    "a[5m * 2]",
    "a[(5m)]",
    r#""x""#,
    "1",
    r#"{a!=""}"#,
    r#"label_join(a, "b", "c")"#,
    "sort_by_label(a)",
    "day_of_week()",
    "pi()",
    "predict_linear(a[5m], 1)",
    "double_exponential_smoothing(a[5m], 0.5, 0.5)",
    "a + on() b",
    "a + ignoring() group_left b",
    "a:b:c",
    ":a",
    ".5 + 5. + 1e3 + 1E-3 + Inf + NaN + 0X1f",
    "1h30m",
    r"`a\d`",
    r#""\x41\u00e9\U0001F600\101""#,
    "a offset 0",
    "a @ -1.5",
    "a @ 5m",
    r#"{__name__=~"a.*"}"#,
    r#"{"é"}"#,
    "fill",
    "anchored",
    "a smoothed",
    "rate(a[5m] smoothed)",
    "a[5m] offset 1m anchored",
    "ts_of_max_over_time(a[5m])",
    "range()",
    "step()",
    "a # x",
    "+ + a",
    "- -1 ^ 2",
    "a atan2 b",
    "a ATAN2 b",
    "1 atan2 2",
    "a == bool 1 == bool 2",
];

/// What promtool 3.16 refuses.
///
/// Accepted here on purpose: `fill`, `or` between matchers, and invalid regular expressions, which
/// are not compiled.
const PROMETHEUS_REFUSES: &[&str] = &[
    "sum by (inf) (x)",
    "on",
    "bool",
    "atan2",
    r#"inf{a="b"}"#,
    "1__0",
    "a @ 10 [5m]",
    "(a) offset 5m",
    "a[0s]",
    "sum(a)[5m]",
    "sum(a,)",
    "group_left",
    "a * group_left(b) c",
    "sum by (a) (b) by (c)",
    "a and 1",
    "1 > 2",
    r#""a" + 1"#,
    r#"{a=~".*"}"#,
    "topk(a)",
    "rate(a[5m],)",
    "time() offset 5m",
    "1 offset 5m",
    "RATE(a[5m])",
    "a[1m1h]",
    "atan2(a)",
    "a[5m:][5m:]",
    "a{,}",
    r#"a{__name__="b"}"#,
    "1.5m",
    "0x",
    "1e",
    r#""\d""#,
    "a and bool b",
    "a + on(x) 1",
    "a * on(x) group_left(x) b",
    "sum(a[5m])",
    "on + a",
    r#"a{b="c"}[5m"#,
    "count_values(1, a)",
    "a[min(5m, 1h)]",
    r#""x" == "y""#,
    r#"-"x""#,
    "-a[5m]",
    r#"{a!="b"}"#,
    r#"{a!~"x"}"#,
    r#"{a=""}"#,
    "sum(1)",
    r#"sum("a")"#,
    "topk(a, b)",
    "vector(a)",
    "scalar(1)",
    "round(a, 1, 2)",
    r#"label_join(a, "b")"#,
    r#"histogram_quantiles(a, "q")"#,
    "time(1)",
    "holt_winters(a[5m], 1, 1)",
    "absent(a[5m])",
    "a == on(x) bool b",
    "a unless on(x) group_left b",
    r#"a{b:c="d"}"#,
    r#"a{"b"}"#,
    "'a' 'b'",
    "a[5m:1m:1m]",
    "a[5m:0s]",
    "a[-5m]",
    "a[]",
    "a offset",
    "a @ inf",
    "a @ start",
    "a offset 1m offset 2m",
    "a @ 1 @ 2",
    "é",
    "sum by (é) (x)",
    "sum()",
    "()",
    "a +",
    "sum by (a b) (x)",
    "sum by (,) (x)",
    "sum by () (x) by ()",
    "sum without x",
];

#[test]
fn prometheus_agrees() {
    let accepted = |text: &&&str| parse(text).1.is_empty();
    let refused: Vec<_> = PROMETHEUS_ACCEPTS
        .iter()
        .filter(|text| !accepted(text))
        .collect();
    assert!(refused.is_empty(), "refused: {refused:#?}");
    let wrong: Vec<_> = PROMETHEUS_REFUSES.iter().filter(accepted).collect();
    assert!(wrong.is_empty(), "accepted: {wrong:#?}");
}

#[test]
fn another_parser_agrees() {
    let texts = corpus::expressions();
    assert!(texts.len() > 10, "{} expressions", texts.len());
    let plain = texts
        .iter()
        .map(String::as_str)
        .filter(|text| !text.contains('$'));
    let differ: Vec<_> = BOTH
        .iter()
        .copied()
        .chain(plain)
        .map(|text| {
            let (expr, issues) = parse(text);
            let ours = expr.filter(|_| issues.is_empty()).map(|expr| shape(&expr));
            (
                text,
                ours,
                parse_other(text).ok().map(|expr| other_shape(&expr)),
            )
        })
        .filter(|(_, ours, other)| ours != other)
        .collect();
    assert!(differ.is_empty(), "{} differ: {differ:#?}", differ.len());
}
