//! `derive(JsonSchema)`: a type that events have in their fields is described, where schemas are wanted at all.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{
    Attribute, Data, DeriveInput, Error, Fields, GenericParam, Generics, Result, parse_quote,
};

use crate::event_attribute::named;

/// The implementation for `input`, by way of a twin that `schemars` describes.
///
/// A derive cannot add another to what it stands on, so the twin has the same name and fields in a place of its own.
pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    refuse_default(input)?;
    let twin = twin(input);
    let described = described(&input.generics);
    let (implemented, arguments, bounds) = described.split_for_impl();
    let parameters = unbound(&input.generics);
    let (alias, _, _) = parameters.split_for_impl();
    let name = &input.ident;
    let twins = quote!(<#name #arguments as schemars::JsonSchema>);
    Ok(quote! {
        ::marty_runtime::__event_schema! {
            const _: () = {
                type __Described #alias = #name #arguments;

                const _: () = {
                    use ::marty_runtime::event::schemars as schemars;

                    #[derive(schemars::JsonSchema)]
                    #[schemars(crate = "::marty_runtime::event::schemars")]
                    #[allow(dead_code, unreachable_pub, reason = "it is described, and never made")]
                    #twin

                    #[automatically_derived]
                    impl #implemented schemars::JsonSchema for __Described #arguments #bounds {
                        fn schema_name() -> ::std::borrow::Cow<'static, str> {
                            #twins::schema_name()
                        }

                        fn schema_id() -> ::std::borrow::Cow<'static, str> {
                            #twins::schema_id()
                        }

                        fn inline_schema() -> bool {
                            #twins::inline_schema()
                        }

                        fn json_schema(
                            generator: &mut schemars::SchemaGenerator,
                        ) -> schemars::Schema {
                            #twins::json_schema(generator)
                        }
                    }
                };
            };
        }
    })
}

/// The twin has no `Default`, which serde's `default` of the whole would take.
fn refuse_default(input: &DeriveInput) -> Result<()> {
    for attribute in named(&input.attrs, "serde") {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("default") {
                let message = "what has a schema says `#[serde(default)]` on its fields";
                return Err(Error::new_spanned(&meta.path, message));
            }
            // What else there is, is read over.
            if meta.input.peek(syn::Token![=]) {
                let _: syn::Lit = meta.value()?.parse()?;
            } else if meta.input.peek(syn::token::Paren) {
                let content;
                syn::parenthesized!(content in meta.input);
                let _: TokenStream = content.parse()?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// `input` with the attributes that its description is made of, and no others.
fn twin(input: &DeriveInput) -> DeriveInput {
    let mut twin = input.clone();
    keep(&mut twin.attrs);
    match &mut twin.data {
        Data::Struct(data) => keep_of_fields(&mut data.fields),
        Data::Enum(data) => {
            for variant in &mut data.variants {
                keep(&mut variant.attrs);
                keep_of_fields(&mut variant.fields);
            }
        }
        // `schemars` refuses it.
        Data::Union(_) => {}
    }
    twin
}

fn keep_of_fields(fields: &mut Fields) {
    for field in fields {
        keep(&mut field.attrs);
    }
}

fn keep(attributes: &mut Vec<Attribute>) {
    let kept = ["doc", "schemars", "serde"];
    attributes.retain(|attribute| kept.iter().any(|name| attribute.path().is_ident(name)));
}

/// The generics, each type of which is described, too.
fn described(generics: &Generics) -> Generics {
    let mut generics = generics.clone();
    for parameter in generics.type_params_mut() {
        let bound = parse_quote!(::marty_runtime::event::schemars::JsonSchema);
        parameter.bounds.push(bound);
    }
    generics
}

/// The generics without their bounds, which an alias does not have.
fn unbound(generics: &Generics) -> Generics {
    let mut generics = generics.clone();
    generics.where_clause = None;
    for parameter in &mut generics.params {
        match parameter {
            GenericParam::Type(parameter) => parameter.bounds.clear(),
            GenericParam::Lifetime(parameter) => parameter.bounds.clear(),
            GenericParam::Const(_) => {}
        }
    }
    generics
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::check_refusal;

    #[test]
    fn a_default_of_the_whole_is_refused() {
        let code = "#[serde(rename_all(serialize = \"lowercase\"), tag = \"t\", default)] struct A { a: u8 }";
        check_refusal(derive, code, "on its fields");
    }
}
