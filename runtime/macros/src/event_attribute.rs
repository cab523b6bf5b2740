//! What `#[event(…)]` and `#[serde(…)]` say on an event.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{
    Attribute, DeriveInput, Error, Ident, LitInt, LitStr, Result, meta::ParseNestedMeta,
    parenthesized,
};

/// What an event says of itself.
pub(crate) struct Declared {
    pub(crate) name: String,
    pub(crate) version: u16,
    pub(crate) topic: Topic,
    pub(crate) key: Option<Ident>,
    pub(crate) format: Format,
    /// serde's `rename_all`, as it is written.
    pub(crate) container: TokenStream,
}

/// The form of an event's data.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Format {
    #[default]
    Json,
    Protobuf,
}

/// Where an event goes.
pub(crate) enum Topic {
    Service,
    Domain(String),
    Integration(String),
}

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
        format: found.format,
        container: container(input)?,
    })
}

#[derive(Default)]
struct Found {
    name: Option<String>,
    version: Option<u16>,
    topic: Option<Topic>,
    key: Option<Ident>,
    format: Format,
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
        } else if meta.path.is_ident("format") {
            self.format = format(&meta.value()?.parse()?)?;
        } else {
            return Err(meta.error("an event takes `type`, `version`, `topic`, `key` and `format`"));
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

fn format(name: &Ident) -> Result<Format> {
    if name == "json" {
        Ok(Format::Json)
    } else if name == "protobuf" {
        Ok(Format::Protobuf)
    } else {
        Err(Error::new(name.span(), "a format is `json` or `protobuf`"))
    }
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

/// The attributes of that name.
pub(crate) fn named<'a>(
    attributes: &'a [Attribute],
    name: &'a str,
) -> impl Iterator<Item = &'a Attribute> {
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
