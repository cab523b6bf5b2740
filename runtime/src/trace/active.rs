//! A span that has begun, and what is told to it until it ends.

use std::{fmt, sync::Arc};

use tracing::{Span, span};
use tracing_subscriber::{Registry, registry::LookupSpan};

use super::{
    TraceContext, Value,
    record::Recording,
    scope::{self, Scope, Traced},
};
use crate::metric::Exemplar;

/// A span that was begun with [`Begin`](super::Begin). It ends when it is dropped.
#[derive(Clone, Debug)]
pub struct ActiveSpan {
    span: Span,
    context: Option<TraceContext>,
    recorded: bool,
    unlayered: Option<Arc<Scope>>,
}

impl ActiveSpan {
    /// No span at all.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            span: Span::none(),
            context: None,
            recorded: false,
            unlayered: None,
        }
    }

    pub(super) fn layered(span: Span, scope: Scope, recorded: bool) -> Self {
        Self {
            span,
            context: Some(scope.context),
            recorded,
            unlayered: None,
        }
    }

    pub(super) fn unlayered(span: Span, scope: Scope) -> Self {
        Self {
            span,
            context: Some(scope.context.clone()),
            recorded: false,
            unlayered: Some(Arc::new(scope)),
        }
    }

    /// The span of the `tracing` crate.
    #[must_use]
    pub const fn span(&self) -> &Span {
        &self.span
    }

    /// Its place in the trace.
    #[must_use]
    pub const fn context(&self) -> Option<&TraceContext> {
        self.context.as_ref()
    }

    /// Whether it will be sent to a collector: only then is it worth telling it anything.
    #[must_use]
    pub const fn is_recorded(&self) -> bool {
        self.recorded
    }

    /// What a measurement made during the span refers to, if the span will be there to be looked at.
    #[must_use]
    pub fn exemplar(&self) -> Option<Exemplar> {
        let context = self.context.as_ref().filter(|_| self.recorded);
        context.map(TraceContext::exemplar)
    }

    /// Is inside the span until the guard is dropped. A future enters on every poll, and keeps no guard while it waits.
    pub fn enter(&self) -> Entered<'_> {
        let around = self
            .unlayered
            .as_ref()
            .map(|scope| Around(scope::replace_unlayered(Some(Arc::clone(scope)))));
        Entered {
            _around: around,
            _entered: self.span.enter(),
        }
    }

    /// Runs `inside` inside the span.
    pub fn in_scope<T>(&self, inside: impl FnOnce() -> T) -> T {
        let _entered = self.enter();
        inside()
    }

    /// Gives the span an attribute, named by the semantic conventions of OpenTelemetry.
    pub fn record(&self, name: &'static str, value: impl Into<Value>) {
        self.with_recording(|recording| recording.attribute(name, value.into()));
    }

    /// Says that the span has to do with another, of whatever trace, which is not its parent.
    pub fn link(&self, context: TraceContext) {
        self.with_recording(|recording| recording.link(context));
    }

    /// Says that what the span is about has failed, and why.
    pub fn fail(&self, description: &str) {
        self.with_recording(|recording| recording.fail(description));
    }

    fn with_recording(&self, tell: impl FnOnce(&mut Recording)) {
        if !self.recorded {
            return;
        }
        self.span.with_subscriber(|(id, dispatch)| {
            let registry = dispatch.downcast_ref::<Registry>()?;
            let span = registry.span(id)?;
            let mut extensions = span.extensions_mut();
            let traced = extensions.get_mut::<Traced>()?;
            traced.recording.as_deref_mut().map(tell)
        });
    }
}

/// Being inside an [`ActiveSpan`].
#[must_use = "dropping it leaves the span"]
pub struct Entered<'span> {
    _around: Option<Around>,
    _entered: span::Entered<'span>,
}

/// What was around the span, and is again.
struct Around(Option<Arc<Scope>>);

impl Drop for Around {
    fn drop(&mut self) {
        scope::replace_unlayered(self.0.take());
    }
}

impl fmt::Debug for Entered<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Entered").finish_non_exhaustive()
    }
}
