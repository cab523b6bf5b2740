//! Reads strings, paths, numbers and lists out of expressions.

use syn::spanned::Spanned as _;
use syn::{Expr, Lit};

use super::facts::{LabelList, Term};
use super::guard;
use super::origin::Origin;

/// The expression without the brackets and references round it.
pub(super) fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Reference(reference) => bare(&reference.expr),
        Expr::Paren(paren) => bare(&paren.expr),
        Expr::Group(group) => bare(&group.expr),
        other => other,
    }
}

/// A string or the path of one.
pub(super) fn term(expr: &Expr) -> Option<Term> {
    if let Some(text) = string(expr) {
        return Some(Term::Literal(text));
    }
    match bare(expr) {
        Expr::Path(path) if path.qself.is_none() => Some(Term::Path(self::path(&path.path))),
        Expr::Field(field) => field_of(field, "name").map(Term::NameOf),
        _ => None,
    }
}

/// The path in front of `.member`.
fn field_of(field: &syn::ExprField, member: &str) -> Option<String> {
    match (bare(&field.base), &field.member) {
        (Expr::Path(base), syn::Member::Named(named)) if named == member => Some(path(&base.path)),
        _ => None,
    }
}

/// A string literal, or a `concat!` of literals.
pub(super) fn string(expr: &Expr) -> Option<String> {
    match bare(expr) {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        Expr::Macro(call) if call.mac.path.segments.last()?.ident == "concat" => {
            let parts = guard::arguments(&call.mac)?;
            parts.iter().map(string).collect()
        }
        _ => None,
    }
}

/// A whole number.
pub(super) fn number(expr: &Expr) -> Option<u64> {
    match bare(expr) {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Int(number) => number.base10_parse().ok(),
            _ => None,
        },
        _ => None,
    }
}

/// A list of labels.
pub(super) fn labels(expr: &Expr, origin: &Origin<'_>) -> LabelList {
    match bare(expr) {
        Expr::Array(array) => {
            let place = |item: &Expr| Some((term(item)?, origin.span(item.span().byte_range())));
            array
                .elems
                .iter()
                .map(place)
                .collect::<Option<_>>()
                .map_or(LabelList::Unknown, LabelList::Listed)
        }
        Expr::Field(field) => field_of(field, "labels").map_or(LabelList::Unknown, LabelList::Of),
        _ => LabelList::Unknown,
    }
}

/// A path as written, without generics.
pub(super) fn path(path: &syn::Path) -> String {
    let segments: Vec<String> = path
        .segments
        .iter()
        .map(|segment| segment.ident.to_string())
        .collect();
    segments.join("::")
}
