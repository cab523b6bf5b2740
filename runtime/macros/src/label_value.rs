//! `derive(LabelValue)`: an enum without fields becomes a closed set of label values.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{
    Data, DeriveInput, Error, Fields, Ident, LitStr, Result, Variant, spanned::Spanned as _,
};

/// The implementation for `input`.
pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let Data::Enum(data) = &input.data else {
        return Err(Error::new(
            input.ident.span(),
            "label values come from a closed set: `LabelValue` is derived for enums\nhint: for values that are only known at run time take `Open<N>`",
        ));
    };
    let name = &input.ident;
    if data.variants.is_empty() {
        return Err(Error::new(
            name.span(),
            "an enum without variants has no value to show",
        ));
    }
    let variants: Vec<&Ident> = data.variants.iter().map(|variant| &variant.ident).collect();
    let texts = texts(data.variants.iter())?;
    let (implemented, types, bounds) = input.generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        impl #implemented ::marty_runtime::metric::LabelValue for #name #types #bounds {
            const CLOSED: ::core::option::Option<&'static [Self]> =
                ::core::option::Option::Some(&[#(Self::#variants),*]);

            fn as_label(&self) -> ::std::borrow::Cow<'static, str> {
                ::std::borrow::Cow::Borrowed(match self {
                    #(Self::#variants => #texts,)*
                })
            }
        }
    })
}

/// What each variant is shown as. No two are shown alike, or their series would be one.
fn texts<'a>(variants: impl Iterator<Item = &'a Variant>) -> Result<Vec<String>> {
    let mut seen = BTreeMap::new();
    let mut texts = Vec::new();
    for variant in variants {
        if !matches!(variant.fields, Fields::Unit) {
            return Err(Error::new(
                variant.fields.span(),
                "label values come from a closed set: a variant with fields has values without number",
            ));
        }
        let text = text(variant)?;
        if let Some(other) = seen.insert(text.clone(), &variant.ident) {
            return Err(Error::new(
                variant.ident.span(),
                format!("`{other}` is shown as `{text}` already"),
            ));
        }
        texts.push(text);
    }
    Ok(texts)
}

fn text(variant: &Variant) -> Result<String> {
    let Some(attribute) = variant
        .attrs
        .iter()
        .find(|attribute| attribute.path().is_ident("label"))
    else {
        return Ok(snake_case(&variant.ident.to_string()));
    };
    let literal: LitStr = attribute.parse_args()?;
    if literal.value().is_empty() {
        return Err(Error::new(
            literal.span(),
            "Prometheus takes an empty label for one that is absent",
        ));
    }
    Ok(literal.value())
}

/// `CardDeclined` as `card_declined`, `HTTPError` as `http_error`, `Http2` as `http2`.
pub(crate) fn snake_case(name: &str) -> String {
    let letters: Vec<char> = name.trim_start_matches("r#").chars().collect();
    let mut text = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| letters.get(at));
        let after_lower = before.is_some_and(|before| !before.is_uppercase());
        let before_lower = letters.get(at + 1).is_some_and(|next| next.is_lowercase());
        if letter.is_uppercase()
            && before.is_some_and(|before| *before != '_')
            && (after_lower || before_lower)
        {
            text.push('_');
        }
        text.extend(letter.to_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::check_refusal;

    #[track_caller]
    fn check(name: &str, expected: &str) {
        assert_eq!(snake_case(name), expected);
    }

    #[test]
    fn variants_are_shown_in_snake_case() {
        check("Web", "web");
        check("CardDeclined", "card_declined");
        check("HTTPError", "http_error");
        check("Http2", "http2");
        check("P95Latency", "p95_latency");
        check("Already_Snake", "already_snake");
    }

    #[track_caller]
    fn refused(code: &str, message: &str) {
        check_refusal(derive, code, message);
    }

    #[test]
    fn what_is_no_closed_set_is_refused() {
        refused("struct Channel(String);", "closed set");
        refused("enum Channel { Other(String) }", "values without number");
        refused("enum Never {}", "without variants");
        refused(
            "enum Channel { Web, #[label(\"web\")] Site }",
            "`Web` is shown as `web` already",
        );
        refused("enum Channel { #[label(\"\")] Web }", "empty label");
    }
}
