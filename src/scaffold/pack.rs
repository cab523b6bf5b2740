//! The form of a pristine copy. The build script packs the runtime's with it, and so it needs nothing of the program.

use std::io::{self, Write as _};

use flate2::{Compression, GzBuilder};

/// The compressed copy; the same bytes for the same content, on every machine.
pub(crate) fn pack(content: &[u8]) -> io::Result<Vec<u8>> {
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

    use super::pack;

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
    fn a_copy_names_no_time_and_no_system() {
        let packed = pack(b"a\n").unwrap();
        assert_eq!(packed[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255]);
    }
}
