//! The runtime as projects get it, prepared by the build script.

/// A file of the runtime crate or of its macros.
#[derive(Debug)]
pub(crate) struct Bundled {
    /// Its path in the crate, with `/` on every platform.
    pub(crate) path: &'static str,
    /// What is in it; a source has no tests.
    pub(crate) text: &'static str,
    /// The SHA-256 of it in hexadecimal.
    pub(crate) sha256: &'static str,
}

/// One line of the list that the build script writes.
macro_rules! bundled {
    ($path:literal, $text:literal, $sha256:literal) => {
        Bundled {
            path: $path,
            text: include_str!(concat!(env!("OUT_DIR"), "/", $text)),
            sha256: $sha256,
        }
    };
}

/// Every file but the manifests, in the order of their paths.
pub(crate) const FILES: &[Bundled] = include!(concat!(env!("OUT_DIR"), "/runtime.rs"));

/// All of them packed: a JSON object of texts by path.
pub(crate) const COPY: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/runtime.json.gz"));

/// The SHA-256 of what is packed there, in hexadecimal.
pub(crate) const COPY_SHA256: &str = include_str!(concat!(env!("OUT_DIR"), "/runtime.sha256"));

/// What each of the sources declares: a JSON object by path.
pub(crate) const DECLARED: &str = include_str!(concat!(env!("OUT_DIR"), "/declared.json"));

/// The manifest as it is in this repository.
pub(crate) const MANIFEST: &str = include_str!("../../runtime/Cargo.toml");

/// The manifest of the macros as it is in this repository.
pub(crate) const MACROS_MANIFEST: &str = include_str!("../../runtime/macros/Cargo.toml");
