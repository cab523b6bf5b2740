//! Recognises the two forms in which a metric is declared.

use syn::spanned::Spanned as _;
use syn::{Expr, ExprStruct, GenericArgument, Macro, Member, PathArguments, Type};

use super::facts::{Kind, LabelList, Term};
use super::guard;
use super::origin::Origin;
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
    /// Reads `CounterFamily`, `metric::GaugeFamily<L>`, `LazyLock<CounterFamily>` and the like.
    pub(super) fn of(declared: &Type) -> Option<Self> {
        let segment = held_type(declared)?.segments.last()?;
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

impl FamilyType {
    /// The family type that an alias stands for, as far as what is made for it tells: its labels
    /// are those of the alias.
    pub(super) fn of_alias(declared: &Type, value: &Expr, origin: &Origin<'_>) -> Option<Self> {
        let alias = held_type(declared)?;
        if !is_made_as(value, alias) {
            return None;
        }
        Some(Self {
            kind: family(value, origin)?.kind,
            labels: Some(term::path(alias)),
        })
    }
}

/// The type that is held by a `static`, which may make it at its first use.
pub(super) fn held_type(declared: &Type) -> Option<&syn::Path> {
    let path = match declared {
        Type::Path(path) => &path.path,
        Type::Reference(reference) => return held_type(&reference.elem),
        _ => return None,
    };
    let last = path.segments.last()?;
    let name = last.ident.to_string();
    if !matches!(name.as_str(), "Lazy" | "LazyLock" | "OnceCell" | "OnceLock") {
        return Some(path);
    }
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return Some(path);
    };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(held) => held_type(held),
        _ => None,
    })
}

/// Whether a value is made by a family's macro, or by a function of a family or of the alias.
fn is_made_as(value: &Expr, alias: &syn::Path) -> bool {
    let mut maker = match made(value) {
        Expr::Macro(call) => return call.mac.path.segments.last().is_some_and(makes),
        Expr::Call(call) => match call.func.as_ref() {
            Expr::Path(function) => function.path.segments.iter().rev(),
            _ => return false,
        },
        _ => return false,
    };
    let of = |owner: &syn::PathSegment| {
        let name = owner.ident.to_string();
        name.ends_with("Family") || alias.segments.last().is_some_and(|it| it.ident == name)
    };
    maker.next().is_some_and(makes) && maker.next().is_some_and(of)
}

fn makes(segment: &syn::PathSegment) -> bool {
    matches!(
        segment.ident.to_string().as_str(),
        "counter" | "gauge" | "histogram"
    )
}

/// What a value is made of: the end of the closure that makes it at its first use, or itself.
fn made(value: &Expr) -> &Expr {
    match term::bare(value) {
        Expr::Call(call) => match call.args.first() {
            Some(Expr::Closure(closure)) => made(&closure.body),
            _ => value,
        },
        Expr::Block(block) => match block.block.stmts.last() {
            Some(syn::Stmt::Expr(last, None)) => made(last),
            _ => value,
        },
        bare => bare,
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
    match made(value) {
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
