//! What calls to other services are counted in.

use std::sync::Arc;

use crate::{
    metric::{Collect, HistogramFamily, LabelValues, Labels},
    names,
};

/// Calls over gRPC.
#[cfg(feature = "grpc")]
pub(super) static DURATION: HistogramFamily<CallLabels> = HistogramFamily::histogram(
    names::RPC_CLIENT_CALL_DURATION.name,
    names::RPC_CLIENT_CALL_DURATION.help,
    names::RPC_CLIENT_CALL_DURATION.buckets,
);

/// Requests over HTTP.
#[cfg(feature = "http-client")]
pub(super) static HTTP_DURATION: HistogramFamily<RequestLabels> = HistogramFamily::histogram(
    names::HTTP_CLIENT_REQUEST_DURATION.name,
    names::HTTP_CLIENT_REQUEST_DURATION.help,
    names::HTTP_CLIENT_REQUEST_DURATION.buckets,
);

/// The families of all clients of the process.
pub(crate) fn families() -> Vec<Arc<dyn Collect>> {
    vec![
        #[cfg(feature = "grpc")]
        Arc::new(&DURATION),
        #[cfg(feature = "http-client")]
        Arc::new(&HTTP_DURATION),
    ]
}

#[cfg(feature = "grpc")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct CallLabels {
    pub(super) method: Arc<str>,
    pub(super) server: Arc<str>,
    pub(super) status: &'static str,
}

#[cfg(feature = "grpc")]
impl Labels for CallLabels {
    const NAMES: &'static [&'static str] = names::RPC_CLIENT_CALL_DURATION.labels;

    fn values(&self, values: &mut LabelValues) {
        values.push(self.method.to_string());
        values.push(self.server.to_string());
        values.push(self.status);
    }
}

#[cfg(feature = "http-client")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct RequestLabels {
    pub(super) method: &'static str,
    pub(super) server: Arc<str>,
    /// Nothing, if there was no answer: the label is then absent.
    pub(super) status: Option<u16>,
}

#[cfg(feature = "http-client")]
impl Labels for RequestLabels {
    const NAMES: &'static [&'static str] = names::HTTP_CLIENT_REQUEST_DURATION.labels;

    fn values(&self, values: &mut LabelValues) {
        values.push(self.method);
        values.push(self.server.to_string());
        let status = self.status.map(|status| status.to_string());
        values.push(status.unwrap_or_default());
    }
}
