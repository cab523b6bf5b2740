//! What a descriptor says of services and their methods.

use std::collections::BTreeMap;

use prost::{DecodeError, Message};
use prost_types::{FileDescriptorProto, FileDescriptorSet};

/// The methods of the services that descriptors describe.
#[derive(Debug, Default)]
pub(crate) struct Described(BTreeMap<String, Vec<DescribedMethod>>);

#[derive(Debug)]
pub(super) struct DescribedMethod {
    pub(super) name: String,
    /// Whether one message goes each way.
    pub(super) unary: bool,
}

impl Described {
    /// Adds what an encoded set of files describes.
    pub(crate) fn add(&mut self, file_descriptor_set: &[u8]) -> Result<(), DecodeError> {
        let set = FileDescriptorSet::decode(file_descriptor_set)?;
        set.file.into_iter().for_each(|file| self.add_file(file));
        Ok(())
    }

    fn add_file(&mut self, file: FileDescriptorProto) {
        let package = file.package.unwrap_or_default();
        for service in file.service {
            let name = service.name.unwrap_or_default();
            let full = if package.is_empty() {
                name
            } else {
                format!("{package}.{name}")
            };
            let methods = service.method.into_iter().map(|method| DescribedMethod {
                unary: !(method.client_streaming() || method.server_streaming()),
                name: method.name.unwrap_or_default(),
            });
            self.0.insert(full, methods.collect());
        }
    }

    /// The methods of a service, if it is described.
    pub(super) fn methods(&self, service: &str) -> Option<&[DescribedMethod]> {
        self.0.get(service).map(Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_methods_and_whether_they_are_streams() {
        let mut described = Described::default();
        described
            .add(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .unwrap();
        let methods = described.methods("grpc.health.v1.Health").unwrap();
        let found: Vec<_> = methods
            .iter()
            .map(|method| (method.name.as_str(), method.unary))
            .collect();
        assert!(found.contains(&("Check", true)), "{found:?}");
        assert!(found.contains(&("Watch", false)), "{found:?}");
        assert!(described.methods("grpc.health.v1.Nothing").is_none());
    }

    #[test]
    fn refuses_what_is_no_descriptor() {
        assert!(Described::default().add(b"nonsense").is_err());
    }
}
