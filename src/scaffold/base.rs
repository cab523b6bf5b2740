//! The pristine copies under `.marty/base`, from which an update tells what a user changed.
//!
//! A copy is named by what is in it, so that two branches that generate different files never
//! write the same copy differently. The bundled runtime has one of all its files: a JSON object of
//! their texts by path, named in the lock.

use std::io;

use super::digest::sha256;
use super::file::{Class, Rendered};
use super::lock::File;
use super::pack::pack;

/// Where the copies lie in a project.
pub(super) const DIRECTORY: &str = ".marty/base";

/// How many hexadecimal digits of the hash name a copy.
const DIGITS: usize = 16;

/// Where the copy of a file with this hash lies.
pub(super) fn path(sha256: &str) -> String {
    format!("{DIRECTORY}/{}.gz", sha256.get(..DIGITS).unwrap_or(sha256))
}

/// What is recorded of a file, and its pristine copy unless it is in that of the runtime; nothing of a file that has none.
pub(super) fn copy(file: &Rendered) -> io::Result<Option<(File, Option<Vec<u8>>)>> {
    let class = Class::of(&file.path);
    if !class.has_base() {
        return Ok(None);
    }
    let content = file.content.as_bytes();
    let (sha256, packed) = match file.bundled {
        Some(hash) => (hash.to_owned(), None),
        None => (sha256(content), Some(pack(content)?)),
    };
    let path = file.path.clone();
    Ok(Some((
        File {
            path,
            class,
            sha256,
        },
        packed,
    )))
}

#[cfg(test)]
mod tests {
    use super::path;
    use crate::scaffold::digest::sha256;

    #[test]
    fn a_copy_is_named_by_its_content() {
        let name = path(&sha256(b"a\n"));
        assert_eq!(name, ".marty/base/87428fc522803d31.gz");
    }
}
