//! A schema taken apart: the kinds of values that it admits, and what is asked of those of each. It judges nothing.

use serde_json::{Map, Value};

use super::{
    keyword,
    kind::{KINDS, Kind},
};

/// Values of one kind.
#[derive(Clone, Debug)]
pub(super) struct Branch {
    pub(super) kind: Kind,
    /// The only value, if there is but one.
    pub(super) constant: Option<Value>,
    /// What is asked of the values, by keyword.
    pub(super) keywords: Map<String, Value>,
}

impl Branch {
    fn of(kind: Kind) -> Self {
        Self {
            kind,
            constant: None,
            keywords: Map::new(),
        }
    }

    fn constant(value: &Value) -> Self {
        Self {
            constant: Some(value.clone()),
            ..Self::of(Kind::of(value))
        }
    }

    /// Whether only whole numbers are meant.
    pub(super) fn is_whole(&self) -> bool {
        let constant = self.constant.as_ref();
        self.keywords.contains_key("integer")
            || constant.is_some_and(|value| value.is_i64() || value.is_u64())
    }

    /// What both admit.
    fn and(&self, other: &Self) -> Option<Self> {
        if self.kind != other.kind {
            return None;
        }
        if let (Some(one), Some(another)) = (&self.constant, &other.constant)
            && one != another
        {
            return None;
        }
        let mut keywords = self.keywords.clone();
        for (name, value) in &other.keywords {
            keyword::merge(&mut keywords, name, value);
        }
        Some(Self {
            kind: self.kind,
            constant: self.constant.clone().or_else(|| other.constant.clone()),
            keywords,
        })
    }

    /// The values in words.
    pub(super) fn describe(&self) -> String {
        match &self.constant {
            Some(Value::String(text)) => return format!("`{text}`"),
            Some(value) => return format!("`{value}`"),
            None => {}
        }
        let pattern = self.keywords.get("pattern").and_then(Value::as_str);
        match pattern {
            Some(pattern) if pattern.starts_with(r"^h1\.") => return "a hashed token".to_owned(),
            Some(pattern) if pattern.starts_with(r"^s1\.") => return "a sealed token".to_owned(),
            _ => {}
        }
        let asked = self.keywords.iter();
        let asked = asked.filter(|(_, value)| value.is_string() || value.is_number());
        let asked: Vec<String> = asked
            .map(|(name, value)| format!("`{name}` {value}"))
            .collect();
        let name = match self.kind {
            Kind::Number if self.is_whole() => "a whole number",
            kind => kind.name(),
        };
        if asked.is_empty() {
            name.to_owned()
        } else {
            format!("{name} ({})", asked.join(", "))
        }
    }
}

/// How many references may lead from one to the next.
const LONGEST_CHAIN: usize = 32;

/// What `schema` admits. A value of `oneOf` is taken for one of `anyOf`: who reads takes the first that fits.
pub(super) fn branches(schema: &Value, root: &Value) -> Vec<Branch> {
    apart(schema, root, 0)
}

fn apart(schema: &Value, root: &Value, depth: usize) -> Vec<Branch> {
    let Some(schema) = schema.as_object() else {
        let all = schema.as_bool().unwrap_or(true);
        return if all {
            KINDS.map(Branch::of).to_vec()
        } else {
            Vec::new()
        };
    };
    let mut found = typed(schema);
    for (name, value) in schema {
        let further = match name.as_str() {
            "const" => vec![Branch::constant(value)],
            "enum" => value.as_array().map_or_else(Vec::new, |values| {
                values.iter().map(Branch::constant).collect()
            }),
            "anyOf" | "oneOf" => {
                let of = value.as_array().into_iter().flatten();
                of.flat_map(|schema| apart(schema, root, depth + 1))
                    .collect()
            }
            "allOf" => {
                let of = value.as_array().into_iter().flatten();
                of.fold(KINDS.map(Branch::of).to_vec(), |all, schema| {
                    both(&all, &apart(schema, root, depth + 1))
                })
            }
            "$ref" if depth < LONGEST_CHAIN => match resolve(value, root) {
                Some(schema) => apart(schema, root, depth + 1),
                None => continue,
            },
            _ => continue,
        };
        found = both(&found, &further);
    }
    found
}

/// What a schema's type and simple keywords admit.
fn typed(schema: &Map<String, Value>) -> Vec<Branch> {
    let named = |kind: Kind| match schema.get("type") {
        None => true,
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).any(|it| kind.is(it)),
        Some(name) => name.as_str().is_some_and(|name| kind.is(name)),
    };
    let kinds = KINDS.into_iter().filter(|kind| named(*kind));
    kinds
        .map(|kind| Branch {
            keywords: keyword::of(kind, schema),
            ..Branch::of(kind)
        })
        .collect()
}

fn both(one: &[Branch], other: &[Branch]) -> Vec<Branch> {
    let pairs = one
        .iter()
        .flat_map(|one| other.iter().map(move |other| (one, other)));
    pairs.filter_map(|(one, other)| one.and(other)).collect()
}

/// What a reference within the document is to.
fn resolve<'a>(reference: &Value, root: &'a Value) -> Option<&'a Value> {
    root.pointer(reference.as_str()?.strip_prefix('#')?)
}
