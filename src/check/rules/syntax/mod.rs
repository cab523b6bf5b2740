//! Files that cannot be read as what they are.

pub(super) mod promql_error;
pub(super) mod syntax_error;
