//! The pristine copies under `.marty/base`, from which an update tells what a user changed.
//!
//! A copy is named by what is in it, so that two branches that generate different files never
//! write the same copy differently.

use std::io::{self, Write as _};

use flate2::{Compression, GzBuilder};

use super::digest::sha256;
use super::file::{Class, Rendered};
use super::lock::File;

/// Where the copies lie in a project.
pub(super) const DIRECTORY: &str = ".marty/base";

/// How many hexadecimal digits of the hash name a copy.
const DIGITS: usize = 16;

/// Where the copy of a file with this hash lies.
pub(super) fn path(sha256: &str) -> String {
    format!("{DIRECTORY}/{}.gz", sha256.get(..DIGITS).unwrap_or(sha256))
}

/// What is recorded of a file, and its pristine copy; nothing of a file that has none.
pub(super) fn copy(file: &Rendered) -> io::Result<Option<(File, Vec<u8>)>> {
    let class = Class::of(&file.path);
    if !class.has_base() {
        return Ok(None);
    }
    let record = File {
        path: file.path.clone(),
        class,
        sha256: sha256(file.content.as_bytes()),
    };
    Ok(Some((record, pack(file.content.as_bytes())?)))
}

/// The compressed copy; the same bytes for the same content, on every machine.
fn pack(content: &[u8]) -> io::Result<Vec<u8>> {
    // Neither a name nor a time, and no operating system: they would differ between runs.
    let mut encoder = GzBuilder::new()
        .mtime(0)
        .operating_system(255)
        .write(Vec::new(), Compression::fast());
    encoder.write_all(content)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;

    use super::{pack, path};
    use crate::scaffold::digest::sha256;

    #[test]
    fn a_copy_holds_what_was_packed() {
        for content in [&b""[..], b"fn main() {}\n", &[0xff; 10_000]] {
            let mut unpacked = Vec::new();
            let packed = pack(content).unwrap();
            GzDecoder::new(packed.as_slice())
                .read_to_end(&mut unpacked)
                .unwrap();
            assert_eq!(unpacked, content);
        }
    }

    #[test]
    fn a_copy_is_named_by_its_content() {
        let name = path(&sha256(b"a\n"));
        assert_eq!(name, ".marty/base/87428fc522803d31.gz");
    }

    #[test]
    fn a_copy_names_no_time_and_no_system() {
        let packed = pack(b"a\n").unwrap();
        assert_eq!(packed[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255]);
    }
}
