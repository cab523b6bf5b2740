//! `derive(Labels)`: the fields of a struct become the labels of a family.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Data, DeriveInput, Error, Field, Fields, Ident, LitStr, Result, Type};

/// The implementation for `input`.
pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let labels = read(input)?;
    let name = &input.ident;
    let (implemented, types, bounds) = input.generics.split_for_impl();
    let fields: Vec<&Ident> = labels.iter().map(|label| label.field).collect();
    let names: Vec<&str> = labels.iter().map(|label| label.name.as_str()).collect();
    let allowed = labels
        .iter()
        .filter(|label| label.allowed)
        .map(|label| label.name.as_str());
    let values: Vec<&Type> = labels.iter().map(|label| label.value).collect();
    let value = quote!(::marty_runtime::metric::LabelValue);
    let every = every(&labels);
    let judgements = labels.iter().map(judge);
    Ok(quote! {
        #(#judgements)*

        #[automatically_derived]
        impl #implemented ::marty_runtime::metric::Labels for #name #types #bounds {
            const NAMES: &'static [&'static str] = &[#(#names),*];
            const ALLOWED: &'static [&'static str] = &[#(#allowed),*];
            const CLOSED: ::core::option::Option<usize> =
                ::marty_runtime::metric::product(&[#(<#values as #value>::COUNT),*]);

            const GUARDED: bool = <Self as ::marty_runtime::metric::Labels>::CLOSED.is_none();

            fn values(&self, values: &mut ::marty_runtime::metric::LabelValues) {
                #(values.push(#value::as_label(&self.#fields));)*
            }

            fn admit(&mut self, admission: &mut ::marty_runtime::metric::Admission<'_>) {
                #(#value::admit(&mut self.#fields, admission.next());)*
            }

            fn every() -> ::std::vec::Vec<Self> {
                let mut every = ::std::vec::Vec::new();
                #every
                every
            }
        }
    })
}

/// One loop in the other over the values of each field.
fn every(labels: &[Label<'_>]) -> TokenStream {
    let fields: Vec<&Ident> = labels.iter().map(|label| label.field).collect();
    let innermost =
        quote!(every.push(Self { #(#fields: ::core::clone::Clone::clone(#fields)),* }););
    labels.iter().rev().fold(innermost, |inner, label| {
        let (field, value) = (label.field, label.value);
        quote! {
            for #field in <#value as ::marty_runtime::metric::LabelValue>::CLOSED.unwrap_or_default() {
                #inner
            }
        }
    })
}

/// A field as a label.
struct Label<'a> {
    field: &'a Ident,
    value: &'a Type,
    name: String,
    allowed: bool,
}

fn read(input: &DeriveInput) -> Result<Vec<Label<'_>>> {
    let named = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => Some(&fields.named),
            Fields::Unnamed(_) | Fields::Unit => None,
        },
        Data::Enum(_) | Data::Union(_) => None,
    };
    let Some(named) = named else {
        return Err(Error::new(
            input.ident.span(),
            "labels are the named fields of a struct\nhint: a family without labels takes none: leave its parameter out",
        ));
    };
    let labels: Vec<Label<'_>> = named.iter().map(label).collect::<Result<_>>()?;
    for (at, label) in labels.iter().enumerate() {
        if labels.iter().take(at).any(|other| other.name == label.name) {
            return Err(Error::new(
                label.field.span(),
                format!("there are two labels `{}`", label.name),
            ));
        }
    }
    Ok(labels)
}

fn label(field: &Field) -> Result<Label<'_>> {
    let Some(ident) = &field.ident else {
        return Err(Error::new_spanned(field, "a label has a name"));
    };
    let mut name = ident.to_string().trim_start_matches("r#").to_owned();
    let mut reason: Option<LitStr> = None;
    for attribute in field
        .attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("label"))
    {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("name") {
                name = meta.value()?.parse::<LitStr>()?.value();
            } else if meta.path.is_ident("allow") {
                reason = Some(meta.value()?.parse()?);
            } else {
                return Err(meta.error("a label takes `name = \"…\"` and `allow = \"why\"`"));
            }
            Ok(())
        })?;
    }
    if let Some(reason) = reason
        .as_ref()
        .filter(|reason| reason.value().trim().is_empty())
    {
        return Err(Error::new(
            reason.span(),
            "say why the label's values are harmless",
        ));
    }
    Ok(Label {
        field: ident,
        value: &field.ty,
        name,
        allowed: reason.is_some(),
    })
}

/// Has the compiler judge the label's name, by the list that the runtime has for labels written by hand too.
fn judge(label: &Label<'_>) -> TokenStream {
    let (name, allowed) = (&label.name, label.allowed);
    let message = if allowed {
        format!("the label `{name}` needs no permission: take `allow` away")
    } else {
        format!(
            "the label `{name}` is named after a person, a credential, free text, a path or the like: \
             count by a closed set, put the value into a log line, or say why it is harmless: `#[label(allow = \"why\")]`"
        )
    };
    quote_spanned! {label.field.span()=>
        const _: () = ::core::assert!(
            ::marty_runtime::metric::is_closed_label(#name) != #allowed,
            #message,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::check_refusal;

    #[track_caller]
    fn refused(code: &str, message: &str) {
        check_refusal(derive, code, message);
    }

    #[test]
    fn labels_that_would_leak_or_mislead_are_refused() {
        refused(
            "struct L { #[label(allow = \" \")] email: Kind }",
            "say why",
        );
        refused(
            "struct L { a: A, #[label(name = \"a\")] b: B }",
            "two labels `a`",
        );
        refused(
            "struct L { #[label(rename = \"a\")] b: B }",
            "a label takes `name = \"…\"`",
        );
        refused("struct L(A);", "named fields");
        refused("enum L { A }", "named fields");
    }
}
