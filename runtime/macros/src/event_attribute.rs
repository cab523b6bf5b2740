//! What `#[event(…)]`, `#[pii(…)]` and `#[serde(…)]` say on an event and its fields.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use syn::{
    Attribute, DeriveInput, Error, Field, GenericArgument, Ident, LitInt, LitStr, PathArguments,
    Result, Token, Type, meta::ParseNestedMeta, parenthesized,
};

/// What an event says of itself.
pub(crate) struct Declared {
    pub(crate) name: String,
    pub(crate) version: u16,
    pub(crate) topic: Topic,
    pub(crate) key: Option<Ident>,
    /// serde's `rename_all`, as it is written.
    pub(crate) container: TokenStream,
}

/// Where an event goes.
pub(crate) enum Topic {
    Service,
    Domain(String),
    Integration(String),
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

/// Reads the attributes of an event.
pub(crate) fn of_event(input: &DeriveInput) -> Result<Declared> {
    let mut found = Found::default();
    for attribute in named(&input.attrs, "event") {
        attribute.parse_nested_meta(|meta| found.read(&meta))?;
    }
    let span = input.ident.span();
    let name = found.name.ok_or_else(|| {
        Error::new(
            span,
            "an event has a type: `#[event(type = \"user.created\", topic = domain(\"user\"))]`",
        )
    })?;
    let topic = found.topic.ok_or_else(|| {
        Error::new(
            span,
            "an event has a topic: `topic = service`, `domain(\"…\")` or `integration(\"…\")`",
        )
    })?;
    Ok(Declared {
        name,
        version: found.version.unwrap_or(1),
        topic,
        key: found.key,
        container: container(input)?,
    })
}

#[derive(Default)]
struct Found {
    name: Option<String>,
    version: Option<u16>,
    topic: Option<Topic>,
    key: Option<Ident>,
}

impl Found {
    fn read(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        if meta.path.is_ident("type") {
            self.name = Some(event_name(&meta.value()?.parse()?)?);
        } else if meta.path.is_ident("version") {
            self.version = Some(version(&meta.value()?.parse()?)?);
        } else if meta.path.is_ident("topic") {
            self.topic = Some(topic(meta)?);
        } else if meta.path.is_ident("key") {
            self.key = Some(meta.value()?.parse()?);
        } else {
            return Err(meta.error("an event takes `type`, `version`, `topic` and `key`"));
        }
        Ok(())
    }
}

fn event_name(literal: &LitStr) -> Result<String> {
    let name = literal.value();
    let words: Vec<&str> = name.split('.').collect();
    let last = words.last().and_then(|word| word.strip_prefix('v'));
    if let Some(number) = last.filter(|rest| rest.parse::<u16>().is_ok()) {
        let message = format!("the version stands for itself: `version = {number}`");
        return Err(Error::new(literal.span(), message));
    }
    if words.len() < 2 || !words.iter().all(|word| is_word(word, "_")) {
        return Err(Error::new(
            literal.span(),
            "a type is what happened to what, in lower case, such as `user.created`",
        ));
    }
    Ok(name)
}

fn version(literal: &LitInt) -> Result<u16> {
    literal
        .base10_parse()
        .ok()
        .filter(|version| *version > 0)
        .ok_or_else(|| Error::new(literal.span(), "versions count from 1 to 65535"))
}

fn topic(meta: &ParseNestedMeta<'_>) -> Result<Topic> {
    let refusal =
        "a topic is named by its pattern: `service`, `domain(\"…\")` or `integration(\"…\")`";
    let value = meta.value()?;
    let pattern: Ident = value
        .parse()
        .map_err(|error| Error::new(error.span(), refusal))?;
    if pattern == "service" {
        return Ok(Topic::Service);
    }
    if pattern != "domain" && pattern != "integration" {
        return Err(Error::new(pattern.span(), refusal));
    }
    let content;
    parenthesized!(content in value);
    let of: LitStr = content.parse()?;
    if !is_word(&of.value(), "-") {
        return Err(Error::new(
            of.span(),
            "a part of a topic is lower case letters, digits and `-`, without `_`: Kafka's metrics take `.` and `_` for the same",
        ));
    }
    Ok(if pattern == "domain" {
        Topic::Domain(of.value())
    } else {
        Topic::Integration(of.value())
    })
}

/// Lower case letters and digits, with `also` between them.
fn is_word(text: &str, also: &str) -> bool {
    let mut letters = text.chars();
    letters
        .next()
        .is_some_and(|first| first.is_ascii_lowercase())
        && !text.ends_with(also)
        && letters.all(|letter| {
            letter.is_ascii_lowercase() || letter.is_ascii_digit() || also.contains(letter)
        })
}

fn named<'a>(attributes: &'a [Attribute], name: &'a str) -> impl Iterator<Item = &'a Attribute> {
    attributes
        .iter()
        .filter(move |attribute| attribute.path().is_ident(name))
}

fn container(input: &DeriveInput) -> Result<TokenStream> {
    let mut attributes = TokenStream::new();
    for attribute in named(&input.attrs, "serde") {
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("rename_all") {
                return Err(meta.error("an event takes serde's `rename_all`"));
            }
            let case: LitStr = meta.value()?.parse()?;
            attributes.extend(quote!(#[serde(rename_all = #case)]));
            Ok(())
        })?;
    }
    Ok(attributes)
}

/// Reads the attributes of a field, and refuses one that would show a person's data.
pub(crate) fn of_field(field: &Field, ident: &Ident) -> Result<(Option<Mode>, Renaming)> {
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
            mode = Some(self::mode(&meta)?);
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
        let message = format!(
            "`{name}` would carry a person's data as they are: make it a `Pii<…>`\nhint: `#[pii(allow = \"why\")]` if it does not"
        );
        return Err(Error::new(ident.span(), message));
    }
    if mode.is_some() && !is_protected(&field.ty) {
        return Err(Error::new_spanned(
            &field.ty,
            "what becomes of a personal field is said of a `Pii<…>` or an `Option<Pii<…>>`",
        ));
    }
    Ok((mode, renaming(field)?))
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

fn mode(meta: &ParseNestedMeta<'_>) -> Result<Mode> {
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
