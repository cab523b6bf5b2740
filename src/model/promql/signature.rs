//! The functions and aggregation operators of Prometheus 3 and what they take.

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Scalar,
    Text,
    Instant,
    Range,
    /// A variable decides.
    Unknown,
}

impl Type {
    /// How messages call it.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Scalar => "a scalar",
            Self::Text => "a string",
            Self::Instant => "an instant vector",
            Self::Range => "a range vector",
            Self::Unknown => "a variable",
        }
    }
}

/// What a function takes and returns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signature {
    /// Types of the arguments; the last one is that of all further ones.
    pub(super) args: &'static [Type],
    pub(super) least: usize,
    pub(super) most: usize,
    pub(super) returns: Type,
}

use Type::{Instant as V, Range as M, Scalar as S, Text as T};

/// Names, argument types, fewest and most arguments, result.
type Row = (&'static [&'static str], &'static [Type], usize, usize, Type);

const FUNCTIONS: &[Row] = &[
    (
        &[
            "abs",
            "absent",
            "acos",
            "acosh",
            "asin",
            "asinh",
            "atan",
            "atanh",
            "ceil",
            "cos",
            "cosh",
            "deg",
            "exp",
            "floor",
            "histogram_avg",
            "histogram_count",
            "histogram_stddev",
            "histogram_stdvar",
            "histogram_sum",
            "ln",
            "log10",
            "log2",
            "rad",
            "sgn",
            "sin",
            "sinh",
            "sort",
            "sort_desc",
            "sqrt",
            "tan",
            "tanh",
            "timestamp",
        ],
        &[V],
        1,
        1,
        V,
    ),
    (
        &[
            "days_in_month",
            "day_of_month",
            "day_of_week",
            "day_of_year",
            "hour",
            "minute",
            "month",
            "year",
        ],
        &[V],
        0,
        1,
        V,
    ),
    (
        &[
            "absent_over_time",
            "avg_over_time",
            "changes",
            "count_over_time",
            "delta",
            "deriv",
            "first_over_time",
            "idelta",
            "increase",
            "irate",
            "last_over_time",
            "mad_over_time",
            "max_over_time",
            "min_over_time",
            "present_over_time",
            "rate",
            "resets",
            "stddev_over_time",
            "stdvar_over_time",
            "sum_over_time",
            "ts_of_first_over_time",
            "ts_of_last_over_time",
            "ts_of_max_over_time",
            "ts_of_min_over_time",
        ],
        &[M],
        1,
        1,
        V,
    ),
    (&["clamp"], &[V, S, S], 3, 3, V),
    (&["clamp_max", "clamp_min"], &[V, S], 2, 2, V),
    (&["double_exponential_smoothing"], &[M, S, S], 3, 3, V),
    (&["histogram_fraction"], &[S, S, V], 3, 3, V),
    (&["histogram_quantile"], &[S, V], 2, 2, V),
    (&["histogram_quantiles"], &[V, T, S], 3, 12, V),
    (&["info"], &[V, V], 1, 2, V),
    (&["label_join"], &[V, T], 3, usize::MAX, V),
    (&["label_replace"], &[V, T, T, T, T], 5, 5, V),
    (
        &["end", "pi", "range", "start", "step", "time"],
        &[],
        0,
        0,
        S,
    ),
    (&["predict_linear"], &[M, S], 2, 2, V),
    (&["quantile_over_time"], &[S, M], 2, 2, V),
    (&["round"], &[V, S], 1, 2, V),
    (&["scalar"], &[V], 1, 1, S),
    (
        &["sort_by_label", "sort_by_label_desc"],
        &[V, T],
        1,
        usize::MAX,
        V,
    ),
    (&["vector"], &[S], 1, 1, V),
];

const AGGREGATES: &[&str] = &[
    "avg", "count", "group", "max", "min", "stddev", "stdvar", "sum",
];

const AGGREGATES_WITH_PARAMETER: &[(&str, Type)] = &[
    ("bottomk", S),
    ("count_values", T),
    ("limit_ratio", S),
    ("limitk", S),
    ("quantile", S),
    ("topk", S),
];

/// What Prometheus has only where it is told to, functions and aggregation operators.
const EXPERIMENTAL: &[&str] = &[
    "double_exponential_smoothing",
    "end",
    "histogram_quantiles",
    "info",
    "limit_ratio",
    "limitk",
    "mad_over_time",
    "range",
    "sort_by_label",
    "sort_by_label_desc",
    "start",
    "step",
    "ts_of_first_over_time",
    "ts_of_last_over_time",
    "ts_of_max_over_time",
    "ts_of_min_over_time",
];

/// Whether Prometheus has `name` only where its experimental functions are turned on.
pub(super) fn is_experimental(name: &str) -> bool {
    EXPERIMENTAL
        .iter()
        .any(|experimental| experimental.eq_ignore_ascii_case(name))
}

/// What the function `name` takes; functions are case-sensitive.
pub(super) fn function(name: &str) -> Option<Signature> {
    let (_, args, least, most, returns) =
        FUNCTIONS.iter().find(|(names, ..)| names.contains(&name))?;
    Some(Signature {
        args,
        least: *least,
        most: *most,
        returns: *returns,
    })
}

/// The name of a function or an aggregation operator that looks most like `name`.
pub(super) fn similar(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    FUNCTIONS
        .iter()
        .flat_map(|(names, ..)| names.iter().copied())
        .chain(AGGREGATES.iter().copied())
        .chain(AGGREGATES_WITH_PARAMETER.iter().map(|(name, _)| *name))
        .map(|candidate| (strsim::jaro_winkler(&name, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate)
}

/// Whether `name` is an aggregation operator; operators ignore case.
pub(super) fn is_aggregate(name: &str) -> bool {
    AGGREGATES
        .iter()
        .any(|operator| operator.eq_ignore_ascii_case(name))
        || takes_parameter(name)
}

/// Whether the aggregation operator `name` takes a parameter.
pub(super) fn takes_parameter(name: &str) -> bool {
    parameter(name).is_some()
}

/// The type of the parameter of the aggregation operator `name`.
pub(super) fn parameter(name: &str) -> Option<Type> {
    AGGREGATES_WITH_PARAMETER
        .iter()
        .find(|(operator, _)| operator.eq_ignore_ascii_case(name))
        .map(|(_, parameter)| *parameter)
}
