//! `#[transaction("…")]`: every call of a function is a business transaction.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::{Error, LitStr, Result};

/// The function with its body measured. Its signature is left as it is written, token by token.
pub(crate) fn measure(name: TokenStream, function: TokenStream) -> Result<TokenStream> {
    let name: LitStr = syn::parse2(name).map_err(|error| {
        Error::new(
            error.span(),
            "a transaction has a name: `#[transaction(\"checkout\")]`",
        )
    })?;
    let mut tokens: Vec<TokenTree> = function.into_iter().collect();
    let body = match tokens.pop() {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => group,
        _ => {
            return Err(Error::new(
                name.span(),
                "only a function with a body is measured",
            ));
        }
    };
    let Some(keyword) = tokens.iter().position(|token| is_word(token, "fn")) else {
        return Err(Error::new(name.span(), "only a function is measured"));
    };
    let qualified = |word| {
        tokens
            .iter()
            .take(keyword)
            .any(|token| is_word(token, word))
    };
    if qualified("const") {
        return Err(Error::new(
            name.span(),
            "a `const fn` takes no time that could be measured",
        ));
    }
    let measured = measured(&name, &body, qualified("async"));
    let signature = tokens.into_iter().collect::<TokenStream>();
    Ok(quote!(#signature { #measured }))
}

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}

fn measured(name: &LitStr, body: &Group, is_async: bool) -> TokenStream {
    let transaction = quote_spanned!(name.span()=> ::marty_runtime::transaction!(#name));
    if is_async {
        quote!(#transaction.run(async move #body).await)
    } else {
        quote!(#transaction.call(move || #body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(function: &str, expected: &str) {
        let expected: TokenStream = expected.parse().unwrap();
        let name = quote!("checkout");
        let found = measure(name, function.parse().unwrap()).unwrap();
        assert_eq!(found.to_string(), expected.to_string());
    }

    #[test]
    fn the_body_is_measured_and_the_signature_stays() {
        check(
            "pub(crate) async fn a<T: Into<u8>>(&self, x: T) -> Result<(), E> where T: Send { b().await }",
            "pub(crate) async fn a<T: Into<u8>>(&self, x: T) -> Result<(), E> where T: Send {
                ::marty_runtime::transaction!(\"checkout\").run(async move { b().await }).await
            }",
        );
        check(
            "fn a(x: impl Fn() -> u8) -> Result<u8, E> { Ok(x()) }",
            "fn a(x: impl Fn() -> u8) -> Result<u8, E> {
                ::marty_runtime::transaction!(\"checkout\").call(move || { Ok(x()) })
            }",
        );
    }

    #[track_caller]
    fn refused(name: &str, function: &str, message: &str) {
        let error = measure(name.parse().unwrap(), function.parse().unwrap()).unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
    }

    #[test]
    fn what_cannot_be_measured_is_refused() {
        refused("", "fn a() -> Result<(), E> { b() }", "has a name");
        refused("checkout", "fn a() -> Result<(), E> { b() }", "has a name");
        refused("\"c\"", "struct A { b: u8 }", "only a function");
        refused("\"c\"", "fn a() -> Result<(), E>;", "with a body");
        refused("\"c\"", "const fn a() -> Result<(), E> { b() }", "const fn");
    }
}
