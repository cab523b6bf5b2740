//! The derives and attributes of `marty-runtime`, which re-exports them; nothing else depends on this crate.
//!
//! Each macro has a module that turns what is written into code, or says at its place what is wrong with it. What the code
//! calls is the runtime's; no behaviour lives here.

mod error_class;
mod event;
mod event_attribute;
mod event_field;
mod event_handler;
mod event_schema;
mod json_schema;
mod label_value;
mod labels;
mod transaction;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes the fields of a struct the labels of a family.
///
/// Each field's type is a `LabelValue`. A label is called like its field, or as `#[label(name = "…")]` says. A name that
/// speaks of a person, an account, a credential, free text or a raw path is refused, unless `#[label(allow = "why")]` states
/// why its values are harmless.
#[proc_macro_derive(Labels, attributes(label))]
pub fn derive_labels(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    labels::derive(&input)
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}

/// Makes the variants of an enum the values of a label: the variant's name in snake case, or as `#[label("…")]` says.
#[proc_macro_derive(LabelValue, attributes(label))]
pub fn derive_label_value(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    label_value::derive(&input)
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}

/// Says which class each variant of an error is of: its name in snake case, or as `#[class("…")]` says.
///
/// `#[class(rejection)]` says that the caller was refused for good reason, `#[class(transparent)]` that the error in the
/// variant knows its class.
#[proc_macro_derive(ErrorClass, attributes(class))]
pub fn derive_error_class(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    error_class::derive(&input)
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}

/// Makes a struct an event: `#[event(type = "user.created", version = 1, topic = domain("user"), key = user_id)]`.
///
/// The topic is `service`, `domain("…")` or `integration("…")`. A field that holds a `Pii` says what becomes of it:
/// `#[pii(hash)]`, `#[pii(seal)]` or `#[pii(drop)]`. Of serde's attributes it takes `rename_all` on the struct and `rename`,
/// `alias` and `default` on its fields.
///
/// The data are JSON. With `format = protobuf` the struct is a message of the crate `prost`, by the feature `event-protobuf` of
/// the runtime. A field `#[event(unknown)]`, an `Unknown`, keeps the fields that the struct does not know.
///
/// By the runtime's feature `event-schema`, an event in JSON is an `EventSchema`. Types of its fields have a `JsonSchema` then,
/// or the field says `#[schemars(with = "…")]`.
#[proc_macro_derive(Event, attributes(event, pii, schemars, serde))]
pub fn derive_event(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    event::derive(&input)
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}

/// Describes a type that events have in their fields: by the feature `event-schema` of the runtime it has `schemars`' `JsonSchema`,
/// and otherwise nothing, so that what ships pays for none.
///
/// It understands what serde is told of the type, and `#[schemars(…)]` as the crate `schemars` does. A `#[serde(default)]` stands
/// on fields, not on the whole.
#[proc_macro_derive(JsonSchema, attributes(schemars, serde))]
pub fn derive_json_schema(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    json_schema::derive(&input)
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}

/// Measures every call of a function as a business transaction: `#[transaction("checkout")]`.
///
/// The function returns a `Result` whose error is an `ErrorClass`. It may be `async`; one that is counts as abandoned when its
/// future is dropped.
#[proc_macro_attribute]
pub fn transaction(name: TokenStream, function: TokenStream) -> TokenStream {
    transaction::measure(name.into(), function.into())
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}

/// Makes an `async fn(event: Envelope<E>)` a handler of the events `E`: `#[event_handler("domain.user.events")]`.
///
/// It may take a `Delivery` next, and a state last. A group is given it by the function's name. A topic that is not the event's
/// does not compile.
#[proc_macro_attribute]
pub fn event_handler(topic: TokenStream, function: TokenStream) -> TokenStream {
    event_handler::handler(topic.into(), function.into())
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Derives for `code` and expects the error to say `message`.
    #[track_caller]
    pub(crate) fn check_refusal(
        derive: impl FnOnce(&DeriveInput) -> syn::Result<proc_macro2::TokenStream>,
        code: &str,
        message: &str,
    ) {
        let input: DeriveInput = syn::parse_str(code).unwrap();
        let error = derive(&input).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
}
