//! `derive(Event)`: a struct becomes an event, with its type, its topic, its key and its form on the wire.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{DeriveInput, Error, Ident, Result};

use crate::{
    event_attribute::{self, Declared, Format},
    event_field::{self, Mode, Part},
    event_schema,
};

/// The implementation for `input`.
pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    if !input.generics.params.is_empty() {
        return Err(Error::new_spanned(
            &input.generics,
            "an event has one form on the wire, and so no generics",
        ));
    }
    let declared = event_attribute::of_event(input)?;
    let fields = event_field::read(input, declared.format)?;
    let key = key(&declared, &fields)?;
    let name = &input.ident;
    let (kind, version, topic) = (&declared.name, declared.version, topic(&declared));
    let full = format!("{kind}.v{version}");
    let personal = fields
        .iter()
        .any(|field| field.mode.is_some() || field.unknown);
    let (format, data) = data(name, &fields, &declared, &full);
    let implemented = quote! {
        #[automatically_derived]
        impl ::marty_runtime::event::Event for #name {
            const NAME: &'static str = #kind;
            const VERSION: u16 = #version;
            const TYPE: &'static str = #full;
            const TOPIC: ::marty_runtime::event::Topic = #topic;
            const PERSONAL: bool = #personal;
            const FORMAT: ::marty_runtime::event::Format = ::marty_runtime::event::Format::#format;

            fn write_key(&self, key: &mut ::std::vec::Vec<u8>) -> bool {
                #key
            }

            #data
        }
    };
    if declared.format == Format::Protobuf {
        return Ok(quote!(::marty_runtime::__event_protobuf! { #implemented }));
    }
    let schema = event_schema::described(input, &fields, &declared, &full);
    Ok(quote! {
        const _: () = {
            use ::marty_runtime::event::__serde as serde;

            #implemented

            #schema
        };
    })
}

/// The format, and what writes and reads the event in it.
fn data(
    name: &Ident,
    fields: &[Part<'_>],
    declared: &Declared,
    full: &str,
) -> (TokenStream, TokenStream) {
    if declared.format == Format::Protobuf {
        return (quote!(Protobuf), message());
    }
    let outgoing = outgoing(fields, declared, full);
    let incoming = incoming(name, fields, declared);
    (quote!(Json), quote!(#outgoing #incoming))
}

/// What writes and reads an event that is a message of Protocol Buffers.
fn message() -> TokenStream {
    quote! {
        fn write(
            &self,
            _keys: &::marty_runtime::event::Keyring,
            out: &mut ::std::vec::Vec<u8>,
        ) -> ::core::result::Result<(), ::marty_runtime::event::EncodeError> {
            ::marty_runtime::event::__write_protobuf(self, out)
        }

        fn read(data: &[u8]) -> ::core::result::Result<Self, ::marty_runtime::event::DecodeError> {
            ::marty_runtime::event::__read_protobuf(data)
        }
    }
}

fn topic(declared: &Declared) -> TokenStream {
    let topic = quote!(::marty_runtime::event::Topic);
    match &declared.topic {
        event_attribute::Topic::Service => quote!(#topic::Service),
        event_attribute::Topic::Domain(of) => quote!(#topic::Domain(#of)),
        event_attribute::Topic::Integration(of) => quote!(#topic::Integration(#of)),
    }
}

fn key(declared: &Declared, fields: &[Part<'_>]) -> Result<TokenStream> {
    let Some(key) = &declared.key else {
        return Ok(quote! { let _ = key; false });
    };
    let Some(field) = fields.iter().find(|field| field.ident == key) else {
        return Err(Error::new(
            key.span(),
            format!("the event has no field `{key}`"),
        ));
    };
    if field.mode.is_some() {
        return Err(Error::new(
            key.span(),
            "a key is written as it is: take a field that is not personal, such as an id",
        ));
    }
    let holds = field.holds;
    let write =
        quote_spanned!(key.span()=> <#holds as ::marty_runtime::event::EventKey>::write_key);
    Ok(quote! {
        #write(&self.#key, key);
        true
    })
}

/// What serialises the event, its personal data as tokens.
fn outgoing(fields: &[Part<'_>], declared: &Declared, full: &str) -> TokenStream {
    let protected = quote!(::marty_runtime::event::Protected);
    let sent = || fields.iter().filter(|field| field.is_sent());
    let members = sent().map(|field| {
        let (ident, renaming) = (field.ident, field.renaming.outgoing());
        let wire = field.wire(&quote!(&'event));
        quote!(#renaming #ident: #wire)
    });
    let values = sent().map(|field| {
        let ident = field.ident;
        let name = ident.to_string();
        match field.mode {
            None => quote!(#ident: &self.#ident),
            Some(mode) => {
                let mode = Ident::new(mode.variant(), Span::call_site());
                let holds = field.holds;
                let protect = quote_spanned!(ident.span()=> <#holds as #protected>::protect);
                quote!(#ident: #protect(
                    &self.#ident,
                    keys,
                    ::marty_runtime::event::Protection::#mode,
                    ::marty_runtime::event::Place { event: #full, field: #name },
                )?)
            }
        }
    });
    let container = &declared.container;
    let unknown = fields.iter().filter(|field| field.unknown).map(|field| {
        let ident = field.ident;
        quote_spanned! {ident.span()=>
            let unknown: &::marty_runtime::event::Unknown = &self.#ident;
            unknown.__append(out);
        }
    });
    quote! {
        fn write(
            &self,
            keys: &::marty_runtime::event::Keyring,
            out: &mut ::std::vec::Vec<u8>,
        ) -> ::core::result::Result<(), ::marty_runtime::event::EncodeError> {
            #[derive(serde::Serialize)]
            #[serde(crate = "serde")]
            #container
            struct Outgoing<'event> {
                #(#members,)*
                #[serde(skip)]
                __event: ::core::marker::PhantomData<&'event ()>,
            }
            let _ = keys;
            let outgoing = Outgoing { #(#values,)* __event: ::core::marker::PhantomData };
            ::marty_runtime::event::__write(&outgoing, out)?;
            #(#unknown)*
            ::core::result::Result::Ok(())
        }
    }
}

/// What deserialises the event, with tokens in place of its personal data.
fn incoming(name: &Ident, fields: &[Part<'_>], declared: &Declared) -> TokenStream {
    let protected = quote!(::marty_runtime::event::Protected);
    let sent = fields.iter().filter(|field| field.is_sent());
    let members = sent.map(|field| {
        let (ident, renaming) = (field.ident, field.renaming.incoming());
        let wire = field.wire(&TokenStream::new());
        quote!(#renaming #ident: #wire)
    });
    let values = fields.iter().map(|field| {
        let ident = field.ident;
        match field.mode {
            None if field.unknown => {
                quote!(#ident: ::marty_runtime::event::__read_unknown::<Incoming, __Dropped>(data)?)
            }
            None => quote!(#ident: incoming.#ident),
            Some(Mode::Drop) => quote!(#ident: #protected::absent()),
            Some(_) => quote!(#ident: #protected::restore(incoming.#ident)),
        }
    });
    let container = &declared.container;
    let dropped = dropped(fields, container);
    quote! {
        fn read(data: &[u8]) -> ::core::result::Result<Self, ::marty_runtime::event::DecodeError> {
            #[derive(serde::Deserialize)]
            #[serde(crate = "serde")]
            #container
            struct Incoming { #(#members,)* }
            #dropped
            let incoming: Incoming = ::marty_runtime::event::__read(data)?;
            let _ = &incoming;
            ::core::result::Result::Ok(#name { #(#values,)* })
        }
    }
}

/// What names the fields that are not to be passed on, for an event that keeps what it does not know.
fn dropped(fields: &[Part<'_>], container: &TokenStream) -> Option<TokenStream> {
    fields.iter().find(|field| field.unknown)?;
    let dropped = fields.iter().filter(|field| field.mode == Some(Mode::Drop));
    let members = dropped.map(|field| {
        let (ident, renaming) = (field.ident, field.renaming.incoming());
        quote!(#renaming #ident: serde::de::IgnoredAny)
    });
    Some(quote! {
        #[derive(serde::Deserialize)]
        #[serde(crate = "serde")]
        #[allow(dead_code, reason = "only the names matter")]
        #container
        struct __Dropped { #(#members,)* }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::check_refusal;

    #[track_caller]
    fn refused(code: &str, message: &str) {
        check_refusal(derive, code, message);
    }

    #[track_caller]
    fn refused_as(attribute: &str, message: &str) {
        refused(
            &format!("#[event({attribute})] struct E {{ id: u64 }}"),
            message,
        );
    }

    #[test]
    fn events_whose_type_or_topic_does_not_fit_are_refused() {
        refused("struct E { id: u64 }", "an event has a type");
        refused_as("type = \"user.created\"", "an event has a topic");
        refused_as("type = \"UserCreated\", topic = service", "in lower case");
        refused_as(
            "type = \"user.created.v2\", topic = service",
            "`version = 2`",
        );
        refused_as(
            "type = \"user.created\", version = 0, topic = service",
            "from 1",
        );
        refused_as(
            "type = \"user.created\", topic = \"user\"",
            "by its pattern",
        );
        refused_as(
            "type = \"user.created\", topic = queue(\"user\")",
            "by its pattern",
        );
        refused_as(
            "type = \"user.created\", topic = domain(\"user_events\")",
            "without `_`",
        );
        refused_as(
            "type = \"user.created\", topic = service, color = 1",
            "an event takes",
        );
        refused_as(
            "type = \"user.created\", topic = service, key = name",
            "no field `name`",
        );
    }

    fn event(fields: &str) -> String {
        format!(
            "#[event(type = \"user.created\", topic = service, key = id)] struct E {{ {fields} }}"
        )
    }

    #[test]
    fn personal_data_that_would_go_out_as_they_are_are_refused() {
        refused(&event("id: u64, email: String"), "`Pii<…>`");
        refused(
            &event("id: u64, contact: Pii<String>"),
            "what becomes of it",
        );
        refused(&event("#[pii(hash)] id: Pii<String>"), "not personal");
        refused(
            &event("id: u64, #[pii(hash)] email: String"),
            "is said of a",
        );
        refused(
            &event("id: u64, #[pii(hash)] email: Vec<Pii<String>>"),
            "is said of a",
        );
        refused(
            &event("id: u64, #[pii(show)] email: Pii<String>"),
            "`hash`, `seal` or `drop`",
        );
        refused(
            &event("id: u64, #[pii(allow = \" \")] email: bool"),
            "say why",
        );
        refused(
            &event("id: u64, #[serde(with = \"x\")] at: u64"),
            "`rename`",
        );
    }

    #[test]
    fn what_has_no_one_form_is_refused() {
        refused(
            "#[event(type = \"a.b\", topic = service)] struct E<T> { a: T }",
            "no generics",
        );
        refused(
            "#[event(type = \"a.b\", topic = service)] struct E(u64);",
            "named fields",
        );
        refused(
            "#[event(type = \"a.b\", topic = service)] enum E { A }",
            "named fields",
        );
        refused_as(
            "type = \"a.b\", topic = service, format = xml",
            "`json` or `protobuf`",
        );
    }

    #[test]
    fn what_is_not_known_goes_into_one_field() {
        let unknown = "#[event(unknown)] a: Unknown";
        refused(
            &event(&format!(
                "id: u64, {unknown}, {}",
                unknown.replace("a:", "b:")
            )),
            "one field takes in all",
        );
        refused(
            &event("id: u64, #[event(rest)] a: Unknown"),
            "takes `unknown`",
        );
        refused(
            "#[event(type = \"a.b\", topic = service, format = protobuf)] struct E { #[event(unknown)] a: Unknown }",
            "keeps no unknown fields",
        );
    }

    #[test]
    fn a_message_has_no_field_for_what_is_somebody_s() {
        refused(
            "#[event(type = \"a.b\", topic = service, format = protobuf)] struct E { email: String }",
            "a message has no `Pii`",
        );
    }
}
