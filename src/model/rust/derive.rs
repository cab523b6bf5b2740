//! Reads the labels that a struct derives from its fields.

use syn::spanned::Spanned as _;
use syn::{Attribute, Expr, Field, ItemStruct, MetaNameValue, Path, Token, punctuated::Punctuated};

use super::facts::{LabelList, LabelSet, Term};
use super::origin::Origin;
use super::term;
use crate::model::source::Span;

/// The labels of a struct that derives `Labels`.
pub(super) fn label_set(node: &ItemStruct, origin: &Origin<'_>) -> Option<LabelSet> {
    node.attrs.iter().any(derives_labels).then(|| LabelSet {
        type_name: node.ident.to_string(),
        names: LabelList::Listed(
            node.fields
                .iter()
                .filter_map(|field| label(field, origin))
                .collect(),
        ),
        span: origin.span(node.fields.span().byte_range()),
    })
}

fn derives_labels(attribute: &Attribute) -> bool {
    if !attribute.path().is_ident("derive") {
        return false;
    }
    let paths = attribute.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated);
    paths.is_ok_and(|paths| {
        let mut last = paths.iter().filter_map(|path| path.segments.last());
        last.any(|segment| segment.ident == "Labels")
    })
}

/// A field's label: as its attribute calls it, or else as the field is called.
fn label(field: &Field, origin: &Origin<'_>) -> Option<(Term, Span)> {
    let ident = field.ident.as_ref()?;
    if let Some(name) = field.attrs.iter().find_map(renamed) {
        let span = name.span().byte_range();
        return Some((term::term(&name)?, origin.span(span)));
    }
    let name = ident.to_string().trim_start_matches("r#").to_owned();
    let span = origin.span(ident.span().byte_range());
    Some((Term::Literal(name), span))
}

/// What `#[label(name = "…")]` calls the field.
fn renamed(attribute: &Attribute) -> Option<Expr> {
    if !attribute.path().is_ident("label") {
        return None;
    }
    let settings = attribute
        .parse_args_with(Punctuated::<MetaNameValue, Token![,]>::parse_terminated)
        .ok()?;
    let mut names = settings.into_iter();
    names.find_map(|setting| setting.path.is_ident("name").then_some(setting.value))
}

#[cfg(test)]
mod tests {
    use crate::model::rust::{Exports, SourceFacts, facts};

    #[track_caller]
    fn check(code: &str, expected: &[&str]) {
        let family = "static SALES: CounterFamily<Sale> = counter!(\"sales\", \"Sales.\");";
        let (facts, issues) = facts(&format!("{code}\n{family}"));
        assert_eq!(issues, []);
        let file = SourceFacts {
            package: "shop",
            path: "src/metrics.rs",
            depends_on: None,
            facts: &facts,
        };
        let exports = Exports::resolve(&[file]);
        let sales = exports.find("sales_total").unwrap();
        assert!(sales.labels_known, "{sales:?}");
        assert_eq!(sales.labels, expected);
    }

    #[test]
    fn fields_are_labels_where_labels_are_derived() {
        check(
            "#[derive(Clone, Labels)] struct Sale { channel: Channel, r#type: Kind }",
            &["channel", "type"],
        );
        check(
            "#[derive(metric::Labels)] pub struct Sale { plan: Open<8> }",
            &["plan"],
        );
    }

    #[test]
    fn a_label_is_called_as_its_attribute_says() {
        check(
            "#[derive(Labels)] struct Sale { #[label(allow = \"how\", name = \"card\")] by_card: bool }",
            &["card"],
        );
    }

    #[test]
    fn nothing_is_known_of_labels_that_are_not_derived() {
        let code = "#[derive(Clone)] struct Sale { a: A }\nstatic SALES: CounterFamily<Sale> = counter!(\"sales\", \"S.\");";
        let (facts, _) = facts(code);
        assert_eq!(facts.label_sets, []);
    }
}
