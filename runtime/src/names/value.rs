//! Values of labels that stand for no value of their own.

/// The method of a request whose method HTTP does not define, or of a call whose method no service has.
pub const OTHER_METHOD: &str = "_OTHER";
/// The route of a request that no route matched.
pub const UNMATCHED_ROUTE: &str = "unmatched";
/// The type of an event that nobody handles here.
pub const OTHER_EVENT: &str = "_other";
/// The type of a record that is no event.
pub const UNDECODABLE_EVENT: &str = "_undecodable";
