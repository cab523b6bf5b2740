//! `derive(ErrorClass)`: the variants of an error are its classes.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Error, Fields, LitStr, Result, Variant, parse::ParseStream};

use crate::label_value::snake_case;

/// The implementation for `input`.
pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let Data::Enum(data) = &input.data else {
        return Err(Error::new(
            input.ident.span(),
            "the classes of an error are the variants of an enum\nhint: implement `ErrorClass` by hand for an error of one class",
        ));
    };
    let arms: Vec<Arm> = data.variants.iter().map(arm).collect::<Result<_>>()?;
    let classes = arms.iter().map(|arm| &arm.class);
    let rejections = arms.iter().map(|arm| &arm.rejection);
    let name = &input.ident;
    let (implemented, types, bounds) = input.generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        impl #implemented ::marty_runtime::business::ErrorClass for #name #types #bounds {
            fn class(&self) -> &'static str {
                match *self { #(#classes,)* }
            }

            fn is_rejection(&self) -> bool {
                match *self { #(#rejections,)* }
            }
        }
    })
}

/// What a variant is matched to.
struct Arm {
    class: TokenStream,
    rejection: TokenStream,
}

/// What `#[class(…)]` says.
#[derive(Default)]
struct Setting {
    name: Option<String>,
    rejection: bool,
    transparent: bool,
}

fn arm(variant: &Variant) -> Result<Arm> {
    let setting = setting(variant)?;
    let ident = &variant.ident;
    if setting.transparent {
        let inner = inner(variant)?;
        let class = quote!(::marty_runtime::business::ErrorClass);
        return Ok(Arm {
            class: quote!(#inner => #class::class(inner)),
            rejection: quote!(#inner => #class::is_rejection(inner)),
        });
    }
    let name = setting
        .name
        .unwrap_or_else(|| snake_case(&ident.to_string()));
    let rejection = setting.rejection;
    Ok(Arm {
        class: quote!(Self::#ident { .. } => #name),
        rejection: quote!(Self::#ident { .. } => #rejection),
    })
}

/// A pattern that binds the only field.
fn inner(variant: &Variant) -> Result<TokenStream> {
    let ident = &variant.ident;
    match &variant.fields {
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => Ok(quote!(Self::#ident(ref inner))),
        Fields::Named(fields) if fields.named.len() == 1 => {
            let name = fields.named.iter().filter_map(|field| field.ident.as_ref());
            Ok(quote!(Self::#ident { #(#name: ref inner),* }))
        }
        _ => Err(Error::new(
            ident.span(),
            "a transparent variant holds one error and nothing else",
        )),
    }
}

fn setting(variant: &Variant) -> Result<Setting> {
    let mut setting = Setting::default();
    let attributes = variant.attrs.iter();
    for attribute in attributes.filter(|attribute| attribute.path().is_ident("class")) {
        attribute.parse_args_with(|input: ParseStream<'_>| read(input, &mut setting))?;
    }
    if setting.transparent && (setting.rejection || setting.name.is_some()) {
        return Err(Error::new(
            variant.ident.span(),
            "a transparent variant takes name and rejection from the error in it",
        ));
    }
    Ok(setting)
}

fn read(input: ParseStream<'_>, setting: &mut Setting) -> Result<()> {
    while !input.is_empty() {
        if input.peek(LitStr) {
            setting.name = Some(class_name(&input.parse()?)?);
        } else {
            let word: syn::Ident = input.parse()?;
            match word.to_string().as_str() {
                "rejection" => setting.rejection = true,
                "transparent" => setting.transparent = true,
                _ => {
                    return Err(Error::new(
                        word.span(),
                        "a class takes `\"name\"`, `rejection` and `transparent`",
                    ));
                }
            }
        }
        if !input.is_empty() {
            input.parse::<syn::Token![,]>()?;
        }
    }
    Ok(())
}

/// An empty class would be one that is absent: a success.
fn class_name(literal: &LitStr) -> Result<String> {
    let name = literal.value();
    if name.is_empty() {
        return Err(Error::new(literal.span(), "a class has a name"));
    }
    Ok(name)
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
    fn what_has_no_class_is_refused() {
        refused("struct E;", "variants of an enum");
        refused("enum E { #[class(fatal)] A }", "a class takes");
        refused("enum E { #[class(\"\")] A }", "has a name");
        refused(
            "enum E { #[class(transparent)] A }",
            "one error and nothing else",
        );
        refused(
            "enum E { #[class(transparent, rejection)] A(B) }",
            "takes name and rejection",
        );
    }
}
