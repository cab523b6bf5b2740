//! The text of a file that a setting names.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Read},
    path::Path,
};

use zeroize::Zeroizing;

/// The text of the file at `path`, which may be a secret, and may have `most` bytes.
///
/// What is no regular file is refused: a pipe may never say anything, and a device may never end.
pub(super) fn text_of(path: &Path, most: u64) -> io::Result<Zeroizing<String>> {
    // Asked before it is opened, for to open a pipe waits for whoever writes to it.
    let found = fs::metadata(path)?;
    if !found.is_file() {
        return Err(io::Error::new(
            ErrorKind::InvalidInput,
            "it is no regular file",
        ));
    }
    // All of its place at once: a text that has to move leaves itself behind.
    let place = usize::try_from(found.len().min(most) + 1).unwrap_or_default();
    let mut text = Zeroizing::new(String::with_capacity(place));
    let read = File::open(path)?.take(most + 1).read_to_string(&mut text)?;
    if u64::try_from(read).is_ok_and(|read| read <= most) {
        return Ok(text);
    }
    Err(io::Error::new(
        ErrorKind::FileTooLarge,
        format!("it is longer than {most} bytes"),
    ))
}
