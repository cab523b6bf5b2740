//! The fields of an event: what `#[pii(…)]`, `#[event(…)]` and `#[serde(…)]` say on them.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote, quote_spanned};
use syn::{
    Attribute, Data, DeriveInput, Error, Field, Fields, GenericArgument, Ident, LitStr,
    PathArguments, Result, Token, Type, meta::ParseNestedMeta,
};

use crate::event_attribute::{Format, named};

/// A field of the event.
pub(crate) struct Part<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) holds: &'a Type,
    pub(crate) mode: Option<Mode>,
    pub(crate) renaming: Renaming,
    /// Whether it takes in the fields that the struct does not know.
    pub(crate) unknown: bool,
    /// What is said of it for its schema.
    pub(crate) described: Vec<&'a Attribute>,
}

impl Part<'_> {
    /// The type that stands for it on the wire: its own, `borrowed` or not, or that of its token.
    pub(crate) fn wire(&self, borrowed: &TokenStream) -> TokenStream {
        let holds = self.holds;
        if self.mode.is_some() {
            quote_spanned!(self.ident.span()=> <#holds as ::marty_runtime::event::Protected>::Wire)
        } else {
            quote!(#borrowed #holds)
        }
    }

    /// Whether it is a member of the data, under its own name.
    pub(crate) fn is_sent(&self) -> bool {
        !self.unknown && self.mode != Some(Mode::Drop)
    }
}

/// The fields of an event in that format.
pub(crate) fn read(input: &DeriveInput, format: Format) -> Result<Vec<Part<'_>>> {
    let refused = || {
        Error::new(
            input.ident.span(),
            "the data of an event are the named fields of a struct",
        )
    };
    let parts: Vec<Part<'_>> = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => {
                let fields = fields.named.iter();
                fields
                    .map(|field| part(field, format))
                    .collect::<Result<_>>()?
            }
            Fields::Unit => Vec::new(),
            Fields::Unnamed(_) => return Err(refused()),
        },
        Data::Enum(_) | Data::Union(_) => return Err(refused()),
    };
    let second = parts.iter().filter(|part| part.unknown).nth(1);
    second.map_or(Ok(()), |part| {
        let message = "one field takes in all that is not known";
        Err(Error::new(part.ident.span(), message))
    })?;
    Ok(parts)
}

fn part(field: &Field, format: Format) -> Result<Part<'_>> {
    let Some(ident) = &field.ident else {
        return Err(Error::new_spanned(field, "a field of an event has a name"));
    };
    let mode = mode_of(field, ident, format)?;
    let described = named(&field.attrs, "doc").chain(named(&field.attrs, "schemars"));
    Ok(Part {
        ident,
        holds: &field.ty,
        mode,
        renaming: renaming(field)?,
        unknown: takes_unknown(field, format, mode)?,
        described: described.collect(),
    })
}

/// Whether the field says `#[event(unknown)]`.
fn takes_unknown(field: &Field, format: Format, mode: Option<Mode>) -> Result<bool> {
    let mut unknown = false;
    for attribute in named(&field.attrs, "event") {
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("unknown") {
                return Err(meta.error("a field of an event takes `unknown`"));
            }
            if format == Format::Protobuf {
                return Err(meta.error("a message of Protocol Buffers keeps no unknown fields"));
            }
            if mode.is_some() {
                return Err(meta.error("what is not known is no personal field of its own"));
            }
            unknown = true;
            Ok(())
        })?;
    }
    Ok(unknown)
}

/// What becomes of a personal field.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Hash,
    Seal,
    Drop,
}

impl Mode {
    /// The variant of the runtime's `Protection`.
    pub(crate) const fn variant(self) -> &'static str {
        match self {
            Self::Hash => "Hash",
            Self::Seal | Self::Drop => "Seal",
        }
    }
}

/// serde's attributes of a field, by the direction that they are for.
#[derive(Default)]
pub(crate) struct Renaming {
    both: Vec<TokenStream>,
    reading: Vec<TokenStream>,
}

impl Renaming {
    pub(crate) fn outgoing(&self) -> TokenStream {
        let both = &self.both;
        quote!(#(#[serde(#both)])*)
    }

    pub(crate) fn incoming(&self) -> TokenStream {
        let (both, reading) = (&self.both, &self.reading);
        quote!(#(#[serde(#both)])* #(#[serde(#reading)])*)
    }
}

/// Names of fields that would carry a person's data, or a secret. The value of such a field is a `Pii`.
const PERSONAL: &[&str] = &[
    "account_number",
    "address",
    "bank_account",
    "birth_date",
    "birthday",
    "card_number",
    "date_of_birth",
    "email",
    "email_address",
    "family_name",
    "first_name",
    "full_name",
    "given_name",
    "iban",
    "ip",
    "ip_address",
    "last_name",
    "mail",
    "middle_name",
    "mobile",
    "passport",
    "passport_number",
    "password",
    "phone",
    "phone_number",
    "postcode",
    "secret",
    "social_security_number",
    "ssn",
    "street",
    "surname",
    "tax_id",
    "telephone",
    "zip_code",
];

/// What becomes of a field that says so; one that would show a person's data is refused.
fn mode_of(field: &Field, ident: &Ident, format: Format) -> Result<Option<Mode>> {
    let mut mode = None;
    let mut allowed = false;
    for attribute in named(&field.attrs, "pii") {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("allow") {
                let reason: LitStr = meta.value()?.parse()?;
                if reason.value().trim().is_empty() {
                    return Err(Error::new(reason.span(), "say why the field is harmless"));
                }
                allowed = true;
                return Ok(());
            }
            mode = Some(read_mode(&meta)?);
            Ok(())
        })?;
    }
    let name = ident.to_string();
    if mode.is_none() && holds_pii(field) {
        return Err(Error::new(
            ident.span(),
            "a `Pii` in an event says what becomes of it: `#[pii(hash)]`, `#[pii(seal)]` or `#[pii(drop)]`",
        ));
    }
    if mode.is_none() && !allowed && PERSONAL.contains(&name.trim_start_matches("r#")) {
        let instead = match format {
            Format::Json => "make it a `Pii<…>`",
            Format::Protobuf => "a message has no `Pii`, so send a token under another name",
        };
        let message = format!(
            "`{name}` would carry a person's data as they are: {instead}\nhint: `#[pii(allow = \"why\")]` if it does not"
        );
        return Err(Error::new(ident.span(), message));
    }
    if mode.is_some() && !is_protected(&field.ty) {
        return Err(Error::new_spanned(
            &field.ty,
            "what becomes of a personal field is said of a `Pii<…>` or an `Option<Pii<…>>`",
        ));
    }
    Ok(mode)
}

/// Whether `holds` is a `Pii`, or may be one. An alias is refused too: what is personal is to be seen where the event is declared.
fn is_protected(holds: &Type) -> bool {
    let Type::Path(path) = holds else {
        return false;
    };
    let Some(last) = path.path.segments.last() else {
        return false;
    };
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return false;
    };
    last.ident == "Pii"
        || last.ident == "Option"
            && arguments.args.iter().any(
                |argument| matches!(argument, GenericArgument::Type(inner) if is_protected(inner)),
            )
}

fn read_mode(meta: &ParseNestedMeta<'_>) -> Result<Mode> {
    if meta.path.is_ident("hash") {
        Ok(Mode::Hash)
    } else if meta.path.is_ident("seal") {
        Ok(Mode::Seal)
    } else if meta.path.is_ident("drop") {
        Ok(Mode::Drop)
    } else {
        Err(meta.error("a personal field takes `hash`, `seal` or `drop`"))
    }
}

fn holds_pii(field: &Field) -> bool {
    let mut tokens = field.ty.to_token_stream().into_iter();
    tokens.any(|token| matches!(&token, proc_macro2::TokenTree::Ident(word) if word == "Pii"))
}

fn renaming(field: &Field) -> Result<Renaming> {
    let mut renaming = Renaming::default();
    for attribute in named(&field.attrs, "serde") {
        attribute.parse_nested_meta(|meta| {
            let path = &meta.path;
            if path.is_ident("default") && !meta.input.peek(Token![=]) {
                renaming.reading.push(quote!(default));
                return Ok(());
            }
            let target = if path.is_ident("rename") {
                &mut renaming.both
            } else if path.is_ident("alias") || path.is_ident("default") {
                &mut renaming.reading
            } else {
                return Err(
                    meta.error("a field of an event takes serde's `rename`, `alias` and `default`")
                );
            };
            let value: LitStr = meta.value()?.parse()?;
            target.push(quote!(#path = #value));
            Ok(())
        })?;
    }
    Ok(renaming)
}
