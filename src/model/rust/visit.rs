//! Walks a parsed file and collects its facts; what is compiled for tests only is passed over.

use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{
    Attribute, Expr, ImplItem, Item, ItemConst, ItemFn, ItemImpl, ItemMod, ItemStatic, ItemStruct,
    Meta, Type,
};

use super::declaration::{self, FamilyType};
use super::derive;
use super::facts::{Constant, Facts, Family, LabelSet, Metric, NumberConstant, Unresolved};
use super::parse::Origin;
use super::term;

/// Collects the facts of one file.
pub(super) struct Visitor<'a> {
    origin: &'a Origin<'a>,
    modules: Vec<String>,
    facts: Facts,
    /// Names that stand for a family type, each with the type of its labels.
    aliases: Vec<(String, Option<String>)>,
    /// What is held by a type of that name and could not be read, in case it is such an alias.
    opaque: Vec<(String, Unresolved)>,
}

/// A `const` or `static`, which are read alike.
struct Held<'ast> {
    name: String,
    declared: &'ast Type,
    value: &'ast Expr,
    span: proc_macro2::Span,
}

impl<'a> Visitor<'a> {
    pub(super) fn new(origin: &'a Origin<'a>) -> Self {
        Self {
            origin,
            modules: Vec::new(),
            facts: Facts::default(),
            aliases: Vec::new(),
            opaque: Vec::new(),
        }
    }

    pub(super) fn into_facts(mut self) -> Facts {
        self.follow_aliases();
        self.facts
    }

    fn item(&self, name: &str) -> String {
        self.modules
            .iter()
            .map(String::as_str)
            .chain([name])
            .collect::<Vec<_>>()
            .join("::")
    }

    fn held(&mut self, held: &Held<'_>) {
        let family = FamilyType::of(held.declared)
            .or_else(|| FamilyType::of_alias(held.declared, held.value, self.origin));
        if let Some(family) = family {
            self.family(held, family);
        } else if declaration::is_metric(held.declared) {
            self.metric(held);
        } else {
            self.constant(held);
        }
    }

    fn family(&mut self, held: &Held<'_>, declared_type: FamilyType) {
        let Some(declared) = declaration::family(held.value, self.origin) else {
            return self.unresolved(held);
        };
        self.facts.families.push(Family {
            item: self.item(&held.name),
            name: declared.name,
            name_span: declared.name_span,
            kind: declared_type.kind,
            help: declared.help,
            labels: declared_type.labels,
            span: self.origin.span(held.span.byte_range()),
        });
    }

    fn metric(&mut self, held: &Held<'_>) {
        let declared = match term::bare(held.value) {
            Expr::Struct(literal) => declaration::metric(literal, self.origin),
            _ => None,
        };
        let Some((declared, labels)) = declared else {
            return self.unresolved(held);
        };
        self.facts.metrics.push(Metric {
            item: self.item(&held.name),
            name: declared.name,
            name_span: declared.name_span,
            kind: declared.kind,
            help: declared.help,
            labels,
            span: self.origin.span(held.span.byte_range()),
        });
    }

    fn constant(&mut self, held: &Held<'_>) {
        let (path, span) = (
            self.item(&held.name),
            self.origin.span(held.value.span().byte_range()),
        );
        if let Some(value) = term::string(held.value) {
            self.facts.strings.push(Constant { path, value, span });
        } else if let Some(value) = term::number(held.value) {
            self.facts
                .numbers
                .push(NumberConstant { path, value, span });
        } else if let Some(declared) = declaration::held_type(held.declared) {
            let unresolved = Unresolved { item: path, span };
            self.opaque.push((term::path(declared), unresolved));
        }
    }

    /// Reads what an alias of the file stands for, which may be declared behind its use.
    fn follow_aliases(&mut self) {
        for family in &mut self.facts.families {
            let Some(name) = &family.labels else { continue };
            let alias = self.aliases.iter().find(|(alias, _)| alias == name);
            if let Some((_, labels)) = alias {
                family.labels.clone_from(labels);
            }
        }
        let (aliases, opaque) = (&self.aliases, &mut self.opaque);
        let unread = opaque
            .extract_if(.., |(name, _)| {
                aliases.iter().any(|(alias, _)| alias == name)
            })
            .map(|(_, unresolved)| unresolved);
        self.facts.unresolved.extend(unread);
    }

    fn unresolved(&mut self, held: &Held<'_>) {
        let span = self.origin.span(held.value.span().byte_range());
        self.facts.unresolved.push(Unresolved {
            item: self.item(&held.name),
            span,
        });
    }

    fn hand_on(&mut self, name: Option<&syn::Ident>) {
        self.facts.handed_on.extend(name.map(ToString::to_string));
    }

    fn hand_on_all(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Ident(name) => self.hand_on(Some(&name)),
                TokenTree::Group(group) => self.hand_on_all(group.stream()),
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }

    fn label_set(&mut self, node: &ItemImpl) {
        let names = node.items.iter().find_map(|item| match item {
            ImplItem::Const(names) if names.ident == "NAMES" => Some(names),
            _ => None,
        });
        let (Some(names), Type::Path(target)) = (names, node.self_ty.as_ref()) else {
            return;
        };
        self.facts.label_sets.push(LabelSet {
            type_name: term::path(&target.path),
            names: term::labels(&names.expr, self.origin),
            span: self.origin.span(names.span().byte_range()),
        });
    }
}

impl<'ast> Visit<'ast> for Visitor<'_> {
    fn visit_item(&mut self, node: &'ast Item) {
        let attributes = match node {
            Item::Const(item) => &item.attrs,
            Item::Static(item) => &item.attrs,
            Item::Mod(item) => &item.attrs,
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Struct(item) => &item.attrs,
            _ => return visit::visit_item(self, node),
        };
        if !attributes.iter().any(is_for_tests) {
            visit::visit_item(self, node);
        }
    }

    fn visit_item_mod(&mut self, node: &'ast ItemMod) {
        self.modules.push(node.ident.to_string());
        visit::visit_item_mod(self, node);
        self.modules.pop();
    }

    fn visit_item_fn(&mut self, node: &'ast ItemFn) {
        self.modules.push(node.sig.ident.to_string());
        visit::visit_item_fn(self, node);
        self.modules.pop();
    }

    fn visit_item_impl(&mut self, node: &'ast ItemImpl) {
        let implements_labels = node.trait_.as_ref().is_some_and(|(path, _)| {
            path.segments
                .last()
                .is_some_and(|segment| segment.ident == "Labels")
        });
        if implements_labels {
            self.label_set(node);
        }
        if let Type::Path(target) = node.self_ty.as_ref() {
            self.modules.push(term::path(&target.path));
            visit::visit_item_impl(self, node);
            self.modules.pop();
        } else {
            visit::visit_item_impl(self, node);
        }
    }

    fn visit_item_struct(&mut self, node: &'ast ItemStruct) {
        self.facts
            .label_sets
            .extend(derive::label_set(node, self.origin));
        visit::visit_item_struct(self, node);
    }

    fn visit_item_const(&mut self, node: &'ast ItemConst) {
        let (name, span) = (node.ident.to_string(), node.span());
        self.held(&Held {
            name,
            declared: &node.ty,
            value: &node.expr,
            span,
        });
        visit::visit_item_const(self, node);
    }

    fn visit_item_static(&mut self, node: &'ast ItemStatic) {
        let (name, span) = (node.ident.to_string(), node.span());
        self.held(&Held {
            name,
            declared: &node.ty,
            value: &node.expr,
            span,
        });
        visit::visit_item_static(self, node);
    }

    fn visit_item_type(&mut self, node: &'ast syn::ItemType) {
        if let Some(family) = FamilyType::of(&node.ty) {
            self.aliases.push((node.ident.to_string(), family.labels));
        }
    }

    fn visit_expr_path(&mut self, node: &'ast syn::ExprPath) {
        self.hand_on(node.path.segments.last().map(|segment| &segment.ident));
    }

    fn visit_expr_method_call(&mut self, node: &'ast syn::ExprMethodCall) {
        if !matches!(term::bare(&node.receiver), Expr::Path(_)) {
            self.visit_expr(&node.receiver);
        }
        node.args
            .iter()
            .for_each(|argument| self.visit_expr(argument));
    }

    /// What a macro does with a name is its own affair.
    fn visit_macro(&mut self, node: &'ast syn::Macro) {
        self.hand_on_all(node.tokens.clone());
    }

    fn visit_use_rename(&mut self, node: &'ast syn::UseRename) {
        self.hand_on(Some(&node.ident));
    }

    fn visit_impl_item_const(&mut self, node: &'ast syn::ImplItemConst) {
        let (name, span) = (node.ident.to_string(), node.span());
        self.held(&Held {
            name,
            declared: &node.ty,
            value: &node.expr,
            span,
        });
        visit::visit_impl_item_const(self, node);
    }
}

/// Whether the attribute keeps its item out of what is shipped: `#[test]`, `#[cfg(test)]`, or
/// `#[cfg(all(test, …))]`.
fn is_for_tests(attribute: &Attribute) -> bool {
    match &attribute.meta {
        Meta::Path(path) => path
            .segments
            .last()
            .is_some_and(|segment| segment.ident == "test"),
        Meta::List(list) if list.path.is_ident("cfg") => list
            .parse_args::<Meta>()
            .is_ok_and(|condition| requires_test(&condition)),
        _ => false,
    }
}

fn requires_test(condition: &Meta) -> bool {
    match condition {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) if list.path.is_ident("all") => {
            type Conditions = syn::punctuated::Punctuated<Meta, syn::Token![,]>;
            list.parse_args_with(Conditions::parse_terminated)
                .is_ok_and(|all| all.iter().any(requires_test))
        }
        _ => false,
    }
}
