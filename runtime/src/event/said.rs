//! What a record says of its event, as text that nobody has judged yet.

use std::borrow::Cow;

/// What a record says of its event, in either mode.
#[derive(Default)]
pub(super) struct Said<'a> {
    pub(super) spec_version: Option<Cow<'a, str>>,
    pub(super) id: Option<Cow<'a, str>>,
    pub(super) source: Option<Cow<'a, str>>,
    pub(super) kind: Option<Cow<'a, str>>,
    pub(super) subject: Option<Cow<'a, str>>,
    pub(super) time: Option<Cow<'a, str>>,
    pub(super) content_type: Option<Cow<'a, str>>,
    pub(super) correlation_id: Option<Cow<'a, str>>,
    pub(super) causation_id: Option<Cow<'a, str>>,
    pub(super) trace_parent: Option<Cow<'a, str>>,
    pub(super) trace_state: Option<Cow<'a, str>>,
}
