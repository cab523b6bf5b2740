//! Values of labels that stand for no value of their own.

/// The method of a request whose method HTTP does not define, or of a call whose method no service has.
pub const OTHER_METHOD: &str = "_OTHER";
/// The route of a request that no route matched.
pub const UNMATCHED_ROUTE: &str = "unmatched";
