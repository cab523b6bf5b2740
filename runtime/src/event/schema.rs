//! The JSON Schema of an event's data, as they are on the wire. By the feature `event-schema`, which belongs among a service's
//! dev-dependencies: without it the derives write nothing of this.

#[cfg(feature = "event-schema")]
pub use described::{EventSchema, Hashed, Sealed, schema};

/// What the derives write about schemas: it is compiled by the feature `event-schema` alone.
#[cfg(feature = "event-schema")]
#[doc(hidden)]
#[macro_export]
macro_rules! __event_schema {
    ($($written:tt)*) => { $($written)* };
}

/// What the derives write about schemas: it is compiled by the feature `event-schema` alone.
#[cfg(not(feature = "event-schema"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __event_schema {
    ($($written:tt)*) => {};
}

/// What the derive writes of an event that is a message: it is compiled by the feature `event-protobuf`.
#[cfg(feature = "event-protobuf")]
#[doc(hidden)]
#[macro_export]
macro_rules! __event_protobuf {
    ($($written:tt)*) => { $($written)* };
}

/// What the derive writes of an event that is a message: it is compiled by the feature `event-protobuf`.
#[cfg(not(feature = "event-protobuf"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __event_protobuf {
    ($($written:tt)*) => {
        ::core::compile_error!(
            "an event in Protocol Buffers needs the feature `event-protobuf` of `marty-runtime`"
        );
    };
}

#[cfg(feature = "event-schema")]
mod described {
    use std::borrow::Cow;

    use schemars::{
        JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings, json_schema,
        transform::RecursiveTransform,
    };
    use serde_json::Value;

    use crate::event::Event;

    /// An event whose data have a JSON Schema: what `derive(Event)` makes of one in JSON.
    ///
    /// A nested type is described by `derive(JsonSchema)`, or by `#[schemars(with = "…")]` on the field, with a type that is
    /// written alike.
    pub trait EventSchema: Event {
        /// The schema of the data as they are read: draft 2020-12, with what readers require, and tokens in place of personal
        /// data.
        fn schema() -> Value;
    }

    /// The schema of what `Wire` reads, for the events of that type: what the derive calls.
    #[must_use]
    pub fn schema<Wire: JsonSchema>(event: &'static str) -> Value {
        let settings = SchemaSettings::draft2020_12()
            .for_deserialize()
            .with_transform(RecursiveTransform(in_order));
        let mut schema = settings.into_generator().into_root_schema_for::<Wire>();
        schema.insert("title".to_owned(), event.into());
        schema.to_value()
    }

    /// The order of a struct's fields says nothing, and so is none of its schema.
    fn in_order(schema: &mut Schema) {
        if let Some(Value::Array(names)) = schema.get_mut("required") {
            names.sort_by(|one, other| one.as_str().cmp(&other.as_str()));
        }
    }

    macro_rules! token {
        ($($(#[$doc:meta])* $name:ident: $pattern:literal, $says:literal;)*) => {
            $($(#[$doc])*
            #[derive(Debug)]
            pub struct $name;

            impl JsonSchema for $name {
                fn schema_name() -> Cow<'static, str> {
                    stringify!($name).into()
                }

                fn inline_schema() -> bool {
                    true
                }

                fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
                    json_schema!({ "type": "string", "pattern": $pattern, "description": $says })
                }
            })*
        };
    }

    token! {
        /// Stands for a personal value that is hashed.
        Hashed: r"^h1\.[a-z0-9-]{1,16}\.[A-Za-z0-9_-]{22}$",
            "A token in place of a personal value: equal values have equal tokens.";
        /// Stands for a personal value that is sealed.
        Sealed: r"^s1\.[a-z0-9-]{1,16}\.[A-Za-z0-9_-]{22,}$",
            "A token in place of a personal value, which who has the key can open.";
    }
}
