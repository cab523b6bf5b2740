//! `#[event_handler("…")]`: a function becomes a handler that a group can be given by the function's name.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::{Error, Ident, LitStr, Result};

const FORM: &str = "a handler is an `async fn(event: Envelope<E>)`, which may take a `Delivery` next and a state last";

/// A unit type in place of the function, which handles by calling it.
pub(crate) fn handler(topic: TokenStream, function: TokenStream) -> Result<TokenStream> {
    let topic: LitStr = syn::parse2(topic).map_err(|error| {
        Error::new(
            error.span(),
            "a handler has a topic: `#[event_handler(\"domain.user.events\")]`",
        )
    })?;
    let refused = |span| Error::new(span, FORM);
    let tokens: Vec<TokenTree> = function.into_iter().collect();
    let keyword = tokens
        .iter()
        .position(|token| matches!(token, TokenTree::Ident(word) if word == "fn"))
        .ok_or_else(|| refused(topic.span()))?;
    let is_async = |token: &TokenTree| matches!(token, TokenTree::Ident(word) if word == "async");
    let (Some(TokenTree::Ident(name)), Some(TokenTree::Group(parameters))) =
        (tokens.get(keyword + 1), tokens.get(keyword + 2))
    else {
        return Err(refused(topic.span()));
    };
    let before = tokens.get(..keyword).unwrap_or_default();
    if !before.iter().any(is_async) {
        return Err(refused(name.span()));
    }
    let after: TokenStream = tokens.iter().skip(keyword + 3).cloned().collect();
    let outside: TokenStream = before
        .iter()
        .filter(|token| !is_async(token))
        .cloned()
        .collect();
    let taken = Parameters::read(parameters)?;
    Ok(expand(&topic, name, (parameters, &after), &taken, &outside))
}

/// What the function takes.
struct Parameters {
    event: TokenStream,
    delivery: bool,
    state: Option<TokenStream>,
}

impl Parameters {
    fn read(parameters: &Group) -> Result<Self> {
        let refused = || Error::new(parameters.span(), FORM);
        if parameters.delimiter() != Delimiter::Parenthesis {
            return Err(refused());
        }
        let types = types(parameters.stream());
        let mut types = types.iter();
        let event = types
            .next()
            .and_then(|first| event_of(first))
            .ok_or_else(refused)?;
        let mut rest = types.as_slice();
        let delivery = matches!(rest.first(), Some(second) if ends_in(second, "Delivery"));
        if delivery {
            rest = rest.get(1..).unwrap_or_default();
        }
        match rest {
            [] => Ok(Self {
                event,
                delivery,
                state: None,
            }),
            [state] => Ok(Self {
                event,
                delivery,
                state: Some(state.iter().cloned().collect()),
            }),
            _ => Err(refused()),
        }
    }
}

/// The types of parameters: what stands behind each one's colon.
fn types(parameters: TokenStream) -> Vec<Vec<TokenTree>> {
    let mut types: Vec<Vec<TokenTree>> = Vec::new();
    let (mut depth, mut in_type) = (0_i32, false);
    for token in parameters {
        let mark = match &token {
            TokenTree::Punct(mark) => mark.as_char(),
            _ => ' ',
        };
        match mark {
            '<' => depth += 1,
            '>' => depth -= 1,
            ',' if depth == 0 => {
                in_type = false;
                continue;
            }
            ':' if !in_type => {
                in_type = true;
                types.push(Vec::new());
                continue;
            }
            _ => {}
        }
        if in_type && let Some(last) = types.last_mut() {
            last.push(token);
        }
    }
    types
}

/// The `E` of `Envelope<E>`.
fn event_of(envelope: &[TokenTree]) -> Option<TokenStream> {
    let open = envelope
        .iter()
        .position(|token| matches!(token, TokenTree::Punct(mark) if mark.as_char() == '<'))?;
    let close = envelope.len().checked_sub(1)?;
    let inner = envelope.get(open + 1..close)?;
    (ends_in(envelope.get(..open)?, "Envelope") && !inner.is_empty())
        .then(|| inner.iter().cloned().collect())
}

fn ends_in(path: &[TokenTree], name: &str) -> bool {
    matches!(path.last(), Some(TokenTree::Ident(word)) if word == name)
}

fn expand(
    topic: &LitStr,
    name: &Ident,
    (parameters, after): (&Group, &TokenStream),
    taken: &Parameters,
    outside: &TokenStream,
) -> TokenStream {
    let Parameters {
        event,
        delivery,
        state,
    } = taken;
    let delivery = delivery.then(|| quote!(, delivery));
    let passed = state.as_ref().map(|_| quote!(, state));
    let state = state.clone().unwrap_or_else(|| quote!(()));
    let message = format!("the event's topic is not `{}`", topic.value());
    let judged = quote_spanned! {topic.span()=>
        const _: () = ::core::assert!(
            <#event as ::marty_runtime::event::Event>::TOPIC.is(#topic),
            #message,
        );
    };
    quote! {
        #[allow(non_camel_case_types, reason = "it is called like the function that it stands for")]
        #[derive(Clone, Copy, Debug)]
        #outside struct #name;

        #judged

        impl ::marty_runtime::bus::EventHandler for #name {
            type Event = #event;
            type State = #state;

            const TOPIC: &'static str = #topic;

            async fn call(
                &self,
                event: ::marty_runtime::event::Envelope<#event>,
                delivery: ::marty_runtime::bus::Delivery,
                state: Self::State,
            ) -> ::core::result::Result<(), ::marty_runtime::bus::HandlerError> {
                async fn handle #parameters #after
                let _ = (&delivery, &state);
                handle(event #delivery #passed).await
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(topic: &str, function: &str, message: &str) {
        let error = handler(topic.parse().unwrap(), function.parse().unwrap()).unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
    }

    #[test]
    fn what_handles_no_event_is_refused() {
        refused("", "async fn a(e: Envelope<E>) {}", "has a topic");
        refused("\"t\"", "fn a(e: Envelope<E>) {}", "`async fn");
        refused("\"t\"", "async fn a(e: E) {}", "`async fn");
        refused("\"t\"", "async fn a() {}", "`async fn");
        refused(
            "\"t\"",
            "async fn a(e: Envelope<E>, d: Delivery, s: S, t: T) {}",
            "`async fn",
        );
        refused("\"t\"", "struct A;", "`async fn");
    }

    #[test]
    fn what_a_handler_takes_is_read_off_its_types() {
        let read = |parameters: &str| {
            let mut tokens = parameters.parse::<TokenStream>().unwrap().into_iter();
            let Some(TokenTree::Group(group)) = tokens.next() else {
                panic!("no group")
            };
            let taken = Parameters::read(&group).unwrap();
            let state = taken.state.map(|state| state.to_string());
            (taken.event.to_string(), taken.delivery, state)
        };
        assert_eq!(read("(e: Envelope<E>)"), ("E".to_owned(), false, None));
        assert!(read("(e: a::Envelope<b::E>, d: bus::Delivery,)").1);
        assert_eq!(
            read("(e: Envelope<E>, s: Map<A, B>)").2.as_deref(),
            Some("Map < A , B >")
        );
        assert_eq!(
            read("(e: Envelope<E>, d: Delivery, s: S)").2.as_deref(),
            Some("S")
        );
    }
}
