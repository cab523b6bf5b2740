//! Recognises the two forms in which a metric is declared.

use syn::spanned::Spanned as _;
use syn::{Expr, ExprStruct, GenericArgument, Macro, Member, PathArguments, Type};

use super::facts::{Kind, LabelList, Term};
use super::guard;
use super::parse::Origin;
use super::term;
use crate::model::source::Span;

/// A name with its place, kind and help, however they were written.
pub(super) struct Declared {
    pub(super) name: Term,
    pub(super) name_span: Span,
    pub(super) kind: Kind,
    pub(super) help: Option<String>,
}

/// The family type of a static and the type of its labels.
pub(super) struct FamilyType {
    pub(super) kind: Kind,
    pub(super) labels: Option<String>,
}

impl FamilyType {
    /// Reads `CounterFamily`, `metric::GaugeFamily<L>` and the like.
    pub(super) fn of(declared: &Type) -> Option<Self> {
        let Type::Path(path) = declared else {
            return None;
        };
        let segment = path.path.segments.last()?;
        let kind = match segment.ident.to_string().as_str() {
            "CounterFamily" => Kind::Counter,
            "GaugeFamily" => Kind::Gauge,
            "HistogramFamily" => Kind::Histogram,
            _ => return None,
        };
        let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
            return Some(Self { kind, labels: None });
        };
        let labels = arguments.args.iter().find_map(|argument| match argument {
            GenericArgument::Type(Type::Path(labels)) => Some(term::path(&labels.path)),
            _ => None,
        });
        Some(Self { kind, labels })
    }
}

/// Whether `declared` is the struct that metrics are listed with.
pub(super) fn is_metric(declared: &Type) -> bool {
    matches!(declared, Type::Path(path)
        if path.path.segments.last().is_some_and(|segment| segment.ident == "Metric"))
}

/// Reads `Metric { name: …, kind: …, … }`.
pub(super) fn metric(literal: &ExprStruct, origin: &Origin<'_>) -> Option<(Declared, LabelList)> {
    let field = |wanted: &str| {
        literal.fields.iter().find_map(|field| match &field.member {
            Member::Named(name) if name == wanted => Some(&field.expr),
            _ => None,
        })
    };
    let name = field("name")?;
    let Term::Path(kind) = term::term(field("kind")?)? else {
        return None;
    };
    let declared = Declared {
        name: term::term(name)?,
        name_span: origin.span(name.span().byte_range()),
        kind: kind_of(kind.rsplit("::").next()?)?,
        help: field("help").and_then(term::string),
    };
    // Fields that are left to a `..base` are unknown.
    let labels = match field("labels") {
        Some(labels) => term::labels(labels, origin),
        None => LabelList::Unknown,
    };
    Some((declared, labels))
}

/// Reads `counter!("n", "h")` and `CounterFamily::counter("n_total", "h")`.
pub(super) fn family(value: &Expr, origin: &Origin<'_>) -> Option<Declared> {
    match term::bare(value) {
        Expr::Macro(call) => family_macro(&call.mac, origin),
        Expr::Call(call) => {
            let Expr::Path(function) = call.func.as_ref() else {
                return None;
            };
            let kind = kind_of(&function.path.segments.last()?.ident.to_string())?;
            let mut arguments = call.args.iter();
            let name = arguments.next()?;
            declared(name, arguments.next(), kind, origin)
        }
        _ => None,
    }
}

fn family_macro(call: &Macro, origin: &Origin<'_>) -> Option<Declared> {
    let kind = kind_of(&call.path.segments.last()?.ident.to_string())?;
    let arguments = guard::arguments(call)?;
    let mut arguments = arguments.iter();
    let mut declared = declared(arguments.next()?, arguments.next(), kind, origin)?;
    match &mut declared.name {
        Term::Literal(name) if kind == Kind::Counter => name.push_str("_total"),
        Term::Literal(_) => {}
        // The macros take literals only, so this does not compile either.
        Term::Path(_) | Term::NameOf(_) => return None,
    }
    Some(declared)
}

fn declared(name: &Expr, help: Option<&Expr>, kind: Kind, origin: &Origin<'_>) -> Option<Declared> {
    let name_span = origin.span(name.span().byte_range());
    Some(Declared {
        name: term::term(name)?,
        name_span,
        kind,
        help: help.and_then(term::string),
    })
}

fn kind_of(name: &str) -> Option<Kind> {
    match name {
        "Counter" | "counter" => Some(Kind::Counter),
        "Gauge" | "gauge" => Some(Kind::Gauge),
        "Histogram" | "histogram" => Some(Kind::Histogram),
        _ => None,
    }
}
