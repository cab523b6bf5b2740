//! Events: typed, with an envelope, and their form on the wire, which is that of `CloudEvents` 1.0.
//!
//! It holds what an event is, what becomes of personal data in it, and the codec between events and records. It must not know
//! how records travel: that is the bus's.
//!
//! ```
//! use marty_runtime::event::{Attributes, Envelope, Event, Keyring, decode, encode};
//!
//! #[derive(Debug, PartialEq, Event)]
//! #[event(type = "user.created", version = 1, topic = domain("user"), key = user_id)]
//! struct UserCreated {
//!     user_id: u64,
//!     plan: String,
//! }
//!
//! let event = UserCreated { user_id: 17, plan: "team".to_owned() };
//! let record = encode(&event, &Attributes::new("/user-service"), &Keyring::none())?;
//! assert_eq!(record.key(), Some(&b"17"[..]));
//! assert_eq!(record.value(), Some(&br#"{"user_id":17,"plan":"team"}"#[..]));
//! assert_eq!(record.header("ce_type"), Some(&b"user.created.v1"[..]));
//!
//! let envelope: Envelope<UserCreated> = decode(&record)?.into_envelope()?;
//! assert_eq!(envelope.data, event);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod base64;
mod batch;
mod cause;
mod decode;
mod encode;
mod envelope;
mod error;
mod format;
mod id;
mod key;
mod keyring;
mod personal;
mod pii;
mod protect;
mod protection;
#[cfg(feature = "event-protobuf")]
mod protobuf;
mod record;
mod said;
mod schema;
mod structured;
mod token;
mod topic;
mod trace;
mod unknown;

pub use crate::text::Text;
#[cfg(feature = "kafka")]
pub(crate) use batch::Spare;
pub use cause::Cause;
pub use decode::{Decoded, decode};
pub use encode::encode;
pub use envelope::{Attributes, Envelope};
pub use error::{DecodeError, EncodeError};
pub use format::Format;
pub use id::EventId;
pub use key::EventKey;
pub use keyring::{KeyError, Keyring, Opener};
pub use marty_macros::{Event, JsonSchema};
pub use personal::Personal;
pub use pii::Pii;
pub use protect::Protected;
pub use protection::{Place, Protection};
pub use record::Record;
#[cfg(feature = "event-schema")]
pub use schema::EventSchema;
/// The crate that schemas are made with, for types that describe themselves by hand.
#[cfg(feature = "event-schema")]
pub use schemars;
pub use token::{BadToken, Token};
pub use topic::Topic;
pub use trace::Trace;
pub use unknown::Unknown;
pub(crate) use {
    batch::{Batch, Received},
    decode::decode_ref,
    record::RecordRef,
};

#[cfg(feature = "event-protobuf")]
#[doc(hidden)]
pub use protobuf::{read as __read_protobuf, write as __write_protobuf};
#[doc(hidden)]
pub use serde as __serde;
#[doc(hidden)]
pub use {decode::read as __read, encode::write as __write, unknown::read as __read_unknown};
#[cfg(feature = "event-schema")]
#[doc(hidden)]
pub use {
    schema::{Hashed as __Hashed, Sealed as __Sealed, schema as __schema},
    serde_json::Value as __Value,
};

/// Something that happened, as others are told of it. Derived for structs, see the [room's example](self).
///
/// Who implements it by hand answers for [`Event::write`] letting no personal data through.
pub trait Event: Sized + Send + Sync + 'static {
    /// What happened to what, without the version, such as `user.created`.
    const NAME: &'static str;

    /// The major version. A reader of version 1 is never sent version 2.
    const VERSION: u16;

    /// The type on the wire, such as `user.created.v1`.
    const TYPE: &'static str;

    /// Where the event goes.
    const TOPIC: Topic;

    /// Whether there are personal data in it, be they tokens, or may be among fields that are not known.
    const PERSONAL: bool;

    /// The form of the data.
    const FORMAT: Format = Format::Json;

    /// Appends the key, if there is one. Events with the same key keep their order.
    fn write_key(&self, key: &mut Vec<u8>) -> bool;

    /// Appends the data in their format, personal fields as tokens.
    ///
    /// # Errors
    ///
    /// If a value has no form there, or a personal field cannot be protected.
    fn write(&self, keys: &Keyring, out: &mut Vec<u8>) -> Result<(), EncodeError>;

    /// Reads the data, whose personal fields are tokens.
    ///
    /// # Errors
    ///
    /// If they are no such event's.
    fn read(data: &[u8]) -> Result<Self, DecodeError>;
}
