//! What calls to other services are counted in.

use std::sync::Arc;

use crate::{
    metric::{Collect, HistogramFamily, LabelValues, Labels},
    names,
};

pub(super) static DURATION: HistogramFamily<CallLabels> = HistogramFamily::histogram(
    names::RPC_CLIENT_CALL_DURATION.name,
    names::RPC_CLIENT_CALL_DURATION.help,
    names::RPC_CLIENT_CALL_DURATION.buckets,
);

/// The families of all clients of the process.
pub(crate) fn families() -> [Arc<dyn Collect>; 1] {
    [Arc::new(&DURATION)]
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct CallLabels {
    pub(super) method: Arc<str>,
    pub(super) server: Arc<str>,
    pub(super) status: &'static str,
}

impl Labels for CallLabels {
    const NAMES: &'static [&'static str] = names::RPC_CLIENT_CALL_DURATION.labels;

    fn values(&self, values: &mut LabelValues) {
        values.push(self.method.to_string());
        values.push(self.server.to_string());
        values.push(self.status);
    }
}
