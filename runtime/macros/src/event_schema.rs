//! The schema of an event: a struct as it is on the wire, which `schemars` describes by what serde is told of it.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, Type};

use crate::{
    event_attribute::{Declared, named},
    event_field::{Mode, Part},
};

/// The implementation of `EventSchema`, which is compiled by a feature of the runtime alone.
pub(crate) fn described(
    input: &DeriveInput,
    fields: &[Part<'_>],
    declared: &Declared,
    full: &str,
) -> TokenStream {
    let (name, container) = (&input.ident, &declared.container);
    let says = named(&input.attrs, "doc").chain(named(&input.attrs, "schemars"));
    let sent = fields.iter().filter(|field| field.is_sent());
    let members = sent.map(|field| {
        let (ident, renaming, described) =
            (field.ident, field.renaming.incoming(), &field.described);
        let wire = wire(field);
        quote!(#(#described)* #renaming #ident: #wire)
    });
    quote! {
        ::marty_runtime::__event_schema! {
            #[derive(::marty_runtime::event::schemars::JsonSchema)]
            #[schemars(crate = "::marty_runtime::event::schemars")]
            #[allow(dead_code, reason = "it is described, and never made")]
            #(#says)*
            #container
            struct __Wire { #(#members,)* }

            #[automatically_derived]
            impl ::marty_runtime::event::EventSchema for #name {
                fn schema() -> ::marty_runtime::event::__Value {
                    ::marty_runtime::event::__schema::<__Wire>(#full)
                }
            }
        }
    }
}

/// The type that describes the field: its own, or that of its token.
fn wire(field: &Part<'_>) -> TokenStream {
    let holds = field.holds;
    let token = match field.mode {
        None => return quote!(#holds),
        Some(Mode::Hash) => quote!(::marty_runtime::event::__Hashed),
        Some(Mode::Seal | Mode::Drop) => quote!(::marty_runtime::event::__Sealed),
    };
    if is_option(holds) {
        quote!(::core::option::Option<#token>)
    } else {
        token
    }
}

/// Whether a personal field may be missing.
fn is_option(holds: &Type) -> bool {
    let Type::Path(path) = holds else {
        return false;
    };
    let last = path.path.segments.last();
    last.is_some_and(|last| last.ident == "Option")
}
