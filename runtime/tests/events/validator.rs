//! What the judge of changes lets pass, held against what a validator that others wrote says of values.

use marty_runtime::testing::schema::{breaks, unreadable};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// A type as events have it.
#[derive(Clone, Debug, PartialEq)]
enum Type {
    Flag,
    Whole(&'static str, i64, i64),
    Real,
    Text(Option<u64>),
    One(Vec<&'static str>),
    Maybe(Box<Type>),
    List(Box<Type>),
    Map(Box<Type>),
    Record(Vec<(&'static str, bool, Type)>, bool),
    Either(Vec<(&'static str, Type)>),
}

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

fn a_type() -> impl Strategy<Value = Type> {
    let names = || proptest::sample::subsequence(&NAMES[..], 1..4);
    let leaf = prop_oneof![
        Just(Type::Flag),
        Just(Type::Real),
        proptest::option::of(1..3_u64).prop_map(Type::Text),
        names().prop_map(Type::One),
        prop_oneof![
            Just(Type::Whole("uint8", 0, 255)),
            Just(Type::Whole("int8", -128, 127)),
            Just(Type::Whole("int16", -32768, 32767)),
        ],
    ];
    leaf.prop_recursive(3, 12, 3, move |inner| {
        let several = move |inner: BoxedStrategy<Type>| {
            names().prop_flat_map(move |names| {
                let types = proptest::collection::vec((any::<bool>(), inner.clone()), names.len());
                types.prop_map(move |types| names.iter().copied().zip(types).collect::<Vec<_>>())
            })
        };
        let boxed = inner.clone().prop_map(Box::new).boxed();
        let inner = inner.boxed();
        prop_oneof![
            boxed.clone().prop_map(Type::Maybe),
            boxed.clone().prop_map(Type::List),
            boxed.prop_map(Type::Map),
            (several(inner.clone()), any::<bool>()).prop_map(|(fields, closed)| {
                let fields = fields.into_iter();
                Type::Record(
                    fields
                        .map(|(name, (required, it))| (name, required, it))
                        .collect(),
                    closed,
                )
            }),
            several(inner).prop_map(|of| {
                Type::Either(of.into_iter().map(|(name, (_, it))| (name, it)).collect())
            }),
        ]
    })
}

impl Type {
    fn schema(&self) -> Value {
        match self {
            Self::Flag => json!({ "type": "boolean" }),
            Self::Real => json!({ "type": "number", "format": "double" }),
            Self::Whole(format, low, high) => {
                json!({ "type": "integer", "format": format, "minimum": low, "maximum": high })
            }
            Self::Text(None) => json!({ "type": "string" }),
            Self::Text(Some(longest)) => json!({ "type": "string", "maxLength": longest }),
            Self::One(of) => json!({ "type": "string", "enum": of }),
            Self::Maybe(it) => json!({ "anyOf": [it.schema(), { "type": "null" }] }),
            Self::List(it) => json!({ "type": "array", "items": it.schema() }),
            Self::Map(it) => json!({ "type": "object", "additionalProperties": it.schema() }),
            Self::Record(fields, closed) => {
                let properties = fields
                    .iter()
                    .map(|(name, _, it)| ((*name).to_owned(), it.schema()));
                let properties: Map<String, Value> = properties.collect();
                let required: Vec<&str> = fields.iter().filter(|it| it.1).map(|it| it.0).collect();
                let mut schema =
                    json!({ "type": "object", "properties": properties, "required": required });
                if *closed {
                    schema["additionalProperties"] = json!(false);
                }
                schema
            }
            Self::Either(of) => {
                let of = of.iter().map(|(name, it)| {
                    json!({
                        "type": "object",
                        "properties": { "tag": { "const": name }, "it": it.schema() },
                        "required": ["tag", "it"],
                    })
                });
                json!({ "oneOf": of.collect::<Vec<_>>() })
            }
        }
    }

    /// A value of the type, chosen by `seed`.
    fn value(&self, seed: &mut u64) -> Value {
        let mut below = |end: usize| {
            *seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(*seed >> 33).unwrap() % end
        };
        match self {
            Self::Flag => json!(below(2) == 0),
            Self::Real => json!(f64::from(u32::try_from(below(9)).unwrap()) + 0.5),
            Self::Whole(_, low, high) => json!([*low, 0, 1, *high][below(4)]),
            Self::Text(longest) => {
                let longest = longest.map_or(5, |it| usize::try_from(it).unwrap());
                json!("x".repeat(below(longest + 1)))
            }
            Self::One(of) => json!(of[below(of.len())]),
            Self::Maybe(_) if below(2) == 0 => Value::Null,
            Self::Maybe(it) => it.value(seed),
            Self::List(it) => {
                let length = below(3);
                (0..length).map(|_| it.value(seed)).collect()
            }
            Self::Map(it) => {
                let names = NAMES.iter().take(below(4));
                let fields: Vec<&str> = names.copied().collect();
                let fields = fields
                    .into_iter()
                    .map(|name| (name.to_owned(), it.value(seed)));
                Value::Object(fields.collect())
            }
            Self::Record(fields, _) => {
                let mut object = Map::new();
                for (name, required, it) in fields {
                    let value = it.value(seed);
                    if *required || value.to_string().len() % 2 == 0 {
                        object.insert((*name).to_owned(), value);
                    }
                }
                Value::Object(object)
            }
            Self::Either(of) => {
                let (name, it) = &of[below(of.len())];
                json!({ "tag": name, "it": it.value(seed) })
            }
        }
    }

    /// The type after a change, which `seed` chooses.
    fn changed(&self, seed: &mut u64) -> Self {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let choice = *seed >> 33;
        match self {
            Self::Whole(..) => Self::Whole("int16", -32768, 32767),
            Self::Text(Some(longest)) => Self::Text(Some(longest + 1)),
            Self::One(of) if choice.is_multiple_of(2) => Self::One(
                NAMES
                    .into_iter()
                    .chain(of.iter().copied())
                    .take(3)
                    .collect(),
            ),
            Self::Maybe(it) if choice.is_multiple_of(3) => (**it).clone(),
            Self::Maybe(it) => Self::Maybe(Box::new(it.changed(seed))),
            Self::List(it) => Self::List(Box::new(it.changed(seed))),
            Self::Map(it) => Self::Map(Box::new(it.changed(seed))),
            Self::Record(fields, closed) => {
                let mut fields = fields.clone();
                let at = usize::try_from(choice).unwrap() % fields.len();
                match choice % 5 {
                    0 => fields.push(("added", false, Self::Flag)),
                    1 => fields.push(("added", true, Self::Flag)),
                    2 if fields.len() > 1 => drop(fields.remove(at)),
                    3 => fields[at].1 = !fields[at].1,
                    _ => fields[at].2 = fields[at].2.changed(seed),
                }
                Self::Record(fields, *closed)
            }
            Self::Either(of) => {
                let mut of = of.clone();
                match choice % 3 {
                    0 => of.push(("added", Self::Flag)),
                    1 => of.reverse(),
                    _ => of[0].1 = of[0].1.changed(seed),
                }
                Self::Either(of)
            }
            other if choice.is_multiple_of(2) => Self::Maybe(Box::new(other.clone())),
            other => other.clone(),
        }
    }
}

/// Values of `written` that who reads by `read` refuses, as a validator of others says.
fn refused(written: &Type, read: &Type, mut seed: u64) -> Option<Value> {
    let validator = jsonschema::draft202012::new(&read.schema()).unwrap();
    let values = std::iter::repeat_with(|| written.value(&mut seed));
    values.take(40).find(|value| !validator.is_valid(value))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_does_not_change_breaks_nothing(it in a_type()) {
        prop_assert_eq!(breaks(&it.schema(), &it.schema()), []);
        prop_assert_eq!(unreadable(&it.schema(), &it.schema()), []);
    }

    /// What the judge lets pass, a validator takes: every event of either side.
    #[test]
    fn what_breaks_nothing_can_be_read_by_both_sides(old in a_type(), mut seed: u64) {
        let new = old.changed(&mut seed);
        if breaks(&old.schema(), &new.schema()).is_empty() {
            prop_assert_eq!(refused(&old, &new, seed), None);
            prop_assert_eq!(refused(&new, &old, seed), None);
        }
        if unreadable(&old.schema(), &new.schema()).is_empty() {
            prop_assert_eq!(refused(&old, &new, seed), None);
        }
    }

    /// The same for types that have nothing to do with each other.
    #[test]
    fn what_is_readable_can_be_read(written in a_type(), read in a_type(), seed: u64) {
        if unreadable(&written.schema(), &read.schema()).is_empty() {
            prop_assert_eq!(refused(&written, &read, seed), None);
        }
    }
}

/// The property above says something: of the changes that it makes, some pass and some do not.
#[test]
fn changes_of_both_kinds_are_made() {
    let old = Type::Record(
        vec![("a", true, Type::Flag), ("b", false, Type::Text(Some(2)))],
        false,
    );
    let judged: Vec<bool> = (0..200)
        .map(|seed| {
            let new = old.changed(&mut { seed * 7_919 });
            breaks(&old.schema(), &new.schema()).is_empty()
        })
        .collect();
    assert!(
        judged.contains(&true) && judged.contains(&false),
        "{judged:?}"
    );
}
