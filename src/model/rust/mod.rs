//! What a Rust source declares about metrics, read without running or expanding it.
