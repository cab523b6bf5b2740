//! Which names a service cannot have because of what it builds with.

use super::cargo_lock::CargoLock;
use super::catalogue;
use super::kind::Kind;
use crate::project::name::{NameError, ServiceName};

/// The service name that `text` is.
///
/// # Errors
/// When it is none, or the name of a crate that services of some kind build with.
pub fn service_name(text: &str) -> Result<ServiceName, NameError> {
    match text.parse::<ServiceName>() {
        Ok(name) if is_dependency(name.as_str()) => Err(NameError::dependency(&name)),
        Ok(name) => Ok(name),
        Err(error) if is_dependency(&error.suggestion()) => Err(error.with_suffix()),
        Err(error) => Err(error),
    }
}

/// Whether a crate that services build with is called so. Cargo tells crates apart whose
/// names differ in `-` and `_`; Rust does not.
fn is_dependency(name: &str) -> bool {
    let name = name.replace('-', "_");
    // Of every kind: the project may get a service of another one later.
    let shipped = Kind::ALL.iter().copied();
    let shipped: Vec<_> = shipped.filter_map(catalogue::cargo_lock).collect();
    let dependencies = shipped.iter().flat_map(CargoLock::dependencies);
    dependencies
        .chain(["marty-macros", "marty-runtime"])
        .any(|dependency| dependency.replace('-', "_") == name)
}

#[cfg(test)]
mod tests {
    use super::service_name;

    #[test]
    fn a_dependency_is_refused_and_never_suggested() {
        for (text, suggestion) in [
            ("tokio", "tokio-service"),
            ("Tokio", "tokio-service"),
            ("serde-json", "serde-json-service"),
            ("Serde_Json", "serde-json-service"),
            ("tonic", "tonic-service"),
            ("marty-runtime", "marty-runtime-service"),
            ("marty-macros", "marty-macros-service"),
        ] {
            let suggested = service_name(text).unwrap_err().suggestion();
            assert_eq!(suggested, suggestion);
            service_name(&suggested).expect("what is suggested would do");
        }
    }
}
