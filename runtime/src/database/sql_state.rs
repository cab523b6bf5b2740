//! Classes of the errors of a Postgres database, by its own codes: appendix A of its manual, "Postgres Error Codes".

use sqlx::Error;

use crate::business::ErrorClass;

/// Those that a service may want to tell apart, by the whole code.
const CODES: &[(&str, &str)] = &[
    ("23001", "restrict_violation"),
    ("23502", "not_null_violation"),
    ("23503", "foreign_key_violation"),
    ("23505", "unique_violation"),
    ("23514", "check_violation"),
    ("23P01", "exclusion_violation"),
    ("40001", "serialization_failure"),
    ("40P01", "deadlock_detected"),
    ("42501", "insufficient_privilege"),
    ("53300", "too_many_connections"),
    ("55P03", "lock_not_available"),
    ("57014", "query_canceled"),
    // The server ends, crashes, or does not take connections yet.
    ("57P01", "connection"),
    ("57P02", "connection"),
    ("57P03", "connection"),
];

/// The rest, by the first two characters.
const CLASSES: &[(&str, &str)] = &[
    ("08", "connection"),
    ("22", "data_exception"),
    ("23", "integrity_constraint_violation"),
    ("25", "invalid_transaction_state"),
    ("28", "invalid_authorization"),
    ("3D", "unknown_database"),
    ("40", "transaction_rollback"),
    ("42", "syntax_error_or_access_rule_violation"),
    ("53", "insufficient_resources"),
    ("54", "program_limit_exceeded"),
    ("55", "object_not_in_prerequisite_state"),
    ("57", "operator_intervention"),
    ("58", "system_error"),
    ("P0", "raised"),
    ("XX", "internal_error"),
];

/// The class of a code; `database` for one that is in neither table.
fn class_of(code: &str) -> &'static str {
    let whole = CODES.iter().find(|(known, _)| *known == code);
    let class = || CLASSES.iter().find(|(known, _)| code.starts_with(known));
    whole.or_else(class).map_or("database", |(_, class)| class)
}

// What the compiler suggests is the same whatever the features.
#[diagnostic::do_not_recommend]
impl ErrorClass for Error {
    fn class(&self) -> &'static str {
        match self {
            Self::Database(error) => error.code().map_or("database", |code| class_of(&code)),
            Self::PoolTimedOut => "timeout",
            Self::Io(_) | Self::Tls(_) | Self::WorkerCrashed => "connection",
            Self::PoolClosed => "pool_closed",
            Self::RowNotFound => "row_not_found",
            Self::Configuration(_) | Self::InvalidArgument(_) => "configuration",
            Self::Protocol(_) => "protocol",
            Self::TypeNotFound { .. }
            | Self::ColumnIndexOutOfBounds { .. }
            | Self::ColumnNotFound(_)
            | Self::ColumnDecode { .. }
            | Self::Encode(_)
            | Self::Decode(_) => "conversion",
            _ => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: &str, expected: &str) {
        assert_eq!(class_of(code), expected);
    }

    #[test]
    fn a_code_is_of_its_own_class_or_of_that_of_its_kind() {
        check("23505", "unique_violation");
        check("23000", "integrity_constraint_violation");
        check("40P01", "deadlock_detected");
        check("08006", "connection");
        check("57P03", "connection");
        check("57P04", "operator_intervention");
        check("99999", "database");
        check("", "database");
    }

    #[test]
    fn a_pool_without_a_free_connection_is_a_timeout() {
        assert_eq!(Error::PoolTimedOut.class(), "timeout");
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        assert_eq!(Error::Io(refused).class(), "connection");
    }
}
