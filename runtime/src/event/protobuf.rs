//! Data in Protocol Buffers: what the derive calls for an event that is a message.

use prost::Message;

use super::{DecodeError, EncodeError, error::DecodeKind};

/// Appends `message`.
///
/// # Errors
///
/// If it is longer than the form allows.
pub fn write<M: Message>(message: &M, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    message.encode(out).map_err(EncodeError::protobuf)
}

/// Reads a message. Fields that it does not know are left out.
///
/// # Errors
///
/// If `data` are none such.
pub fn read<M: Message + Default>(data: &[u8]) -> Result<M, DecodeError> {
    // The error would name fields only, but whose form it is does not matter to who reads it.
    M::decode(data).map_err(|_| DecodeKind::Protobuf.into())
}
