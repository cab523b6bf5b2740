//! The runtime's own configuration, read a topic at a time in the order of the table of variables.

use std::time::Duration;

use super::{
    Config, ConfigError, Lookup, Setting, Variable,
    bound::{Connections, Positive},
    variable,
};

impl Config {
    pub(super) fn read_listeners(&mut self, lookup: &Lookup) -> Result<(), ConfigError> {
        set(lookup, &variable::HTTP_ADDR, &mut self.http_addr)?;
        set(lookup, &variable::ADMIN_ADDR, &mut self.admin_addr)?;
        self.grpc_addr = lookup.parse_optional(variable::GRPC_ADDR.name)?;
        set(lookup, &variable::GRPC_WEB, &mut self.grpc_web)?;
        let origins = &mut self.grpc_web_origins;
        set(lookup, &variable::GRPC_WEB_ORIGINS, origins)
    }

    pub(super) fn read_place(&mut self, lookup: &Lookup) -> Result<(), ConfigError> {
        set(lookup, &variable::ENVIRONMENT, &mut self.environment)?;
        set(lookup, &variable::INSTANCE_ID, &mut self.instance_id)
    }

    pub(super) fn read_log(&mut self, lookup: &Lookup) -> Result<(), ConfigError> {
        set(lookup, &variable::LOG, &mut self.log)?;
        set(lookup, &variable::LOG_FORMAT, &mut self.log_format)?;
        set(lookup, &variable::LOG_REPEATS, &mut self.log_repeats)
    }

    /// What handlers and clients may take.
    pub(super) fn read_limits(&mut self, lookup: &Lookup) -> Result<(), ConfigError> {
        set_time(
            lookup,
            &variable::REQUEST_TIMEOUT,
            &mut self.request_timeout,
        )?;
        set(lookup, &variable::MAX_BODY_BYTES, &mut self.max_body_bytes)?;
        let connections = Connections(self.max_connections);
        self.max_connections = lookup.parse(variable::MAX_CONNECTIONS.name, connections)?.0;
        set_time(lookup, &variable::HEADER_TIMEOUT, &mut self.header_timeout)?;
        set_time(lookup, &variable::STALL_TIMEOUT, &mut self.stall_timeout)
    }

    pub(super) fn read_end(&mut self, lookup: &Lookup) -> Result<(), ConfigError> {
        set(lookup, &variable::DRAIN_GRACE, &mut self.drain_grace)?;
        let deadline = &mut self.shutdown_deadline;
        set_time(lookup, &variable::SHUTDOWN_DEADLINE, deadline)
    }

    pub(super) fn read_identity(&mut self, lookup: &Lookup) -> Result<(), ConfigError> {
        self.service_name = lookup.parse_optional(variable::SERVICE_NAME.name)?;
        let attributes = &mut self.resource_attributes;
        set(lookup, &variable::RESOURCE_ATTRIBUTES, attributes)
    }
}

/// Puts in place of the default what `variable` is set to.
fn set<T: Setting + Clone>(
    lookup: &Lookup,
    variable: &Variable,
    value: &mut T,
) -> Result<(), ConfigError> {
    *value = lookup.parse(variable.name, value.clone())?;
    Ok(())
}

/// The same for a time that must not be zero.
fn set_time(lookup: &Lookup, variable: &Variable, value: &mut Duration) -> Result<(), ConfigError> {
    *value = lookup.parse(variable.name, Positive(*value))?.0;
    Ok(())
}
