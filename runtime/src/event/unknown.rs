//! The fields of an event that its struct does not know, kept for when it is published again.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, Visitor, value},
    forward_to_deserialize_any,
};
use serde_json::value::RawValue;

use super::{DecodeError, decode};

/// The fields of an event that its struct does not know: those that a later form of it has. A field `#[event(unknown)]` of this
/// type takes them in as the event is read, and they are written again with it, to the letter.
///
/// An event that a service makes itself has none. They may be somebody's, so they do not show in its `Debug` form.
///
/// ```
/// use marty_runtime::event::{Event, Keyring, Unknown};
///
/// #[derive(Event)]
/// #[event(type = "order.placed", topic = domain("order"), key = order_id)]
/// struct OrderPlaced {
///     order_id: u64,
///     #[event(unknown)]
///     more: Unknown,
/// }
///
/// let mut order = OrderPlaced::read(br#"{"order_id":1,"price":{"net":12.50}}"#)?;
/// assert_eq!(order.more.get("price"), Some(r#"{"net":12.50}"#));
/// order.order_id = 2;
/// let mut data = Vec::new();
/// order.write(&Keyring::none(), &mut data)?;
/// assert_eq!(data, br#"{"order_id":2,"price":{"net":12.50}}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct Unknown(BTreeMap<String, Box<RawValue>>);

impl Unknown {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Their names, sorted.
    #[must_use = "an iterator does nothing until it is asked"]
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The value of the field `name`, as JSON.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.get())
    }

    /// Adds them to an object that ends `out`: what the derive calls.
    #[doc(hidden)]
    pub fn __append(&self, out: &mut Vec<u8>) {
        for (name, value) in &self.0 {
            // The object's end makes room, and comes back behind.
            out.pop();
            if out.last() != Some(&b'{') {
                out.push(b',');
            }
            out.extend_from_slice(
                serde_json::Value::from(name.as_str())
                    .to_string()
                    .as_bytes(),
            );
            out.push(b':');
            out.extend_from_slice(value.get().as_bytes());
            out.push(b'}');
        }
    }
}

impl PartialEq for Unknown {
    fn eq(&self, other: &Self) -> bool {
        let texts = |of: &Self| -> Vec<(String, String)> {
            let fields = of.0.iter();
            fields
                .map(|(name, value)| (name.clone(), value.get().to_owned()))
                .collect()
        };
        texts(self) == texts(other)
    }
}

impl Eq for Unknown {}

impl fmt::Debug for Unknown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Unknown({} fields)", self.0.len())
    }
}

/// The fields of `data` that are neither those of `Known` nor those of `Dropped`: what the derive calls.
///
/// # Errors
///
/// If `data` are no JSON object.
#[doc(hidden)]
pub fn read<'de, Known: Deserialize<'de>, Dropped: Deserialize<'de>>(
    data: &'de [u8],
) -> Result<Unknown, DecodeError> {
    let (known, dropped) = (fields::<Known>(), fields::<Dropped>());
    let all: BTreeMap<String, &'de RawValue> = decode::read_borrowed(data)?;
    let is_known = |name: &str| known.contains(&name) || dropped.contains(&name);
    let unknown = all.into_iter().filter(|(name, _)| !is_known(name));
    Ok(Unknown(
        unknown
            .map(|(name, value)| (name, value.to_owned()))
            .collect(),
    ))
}

/// The names of the fields that `T` reads, in every form that serde was told of.
fn fields<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    let mut fields: &'static [&'static str] = &[];
    // It fails once it has said what it asks for.
    let _ = T::deserialize(Fields(&mut fields));
    fields
}

/// Notes which fields are asked for, and has none.
struct Fields<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Fields<'_> {
    type Error = value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Self::Error> {
        Err(value::Error::custom("there is nothing to read"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        *self.0 = fields;
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
