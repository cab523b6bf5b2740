//! The four gRPC families of one service.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use crate::{
    metric::{Collect, GaugeFamily, HistogramFamily, LabelValues, Labels},
    names,
};

/// What a service's calls are counted in. Clones share the families.
#[derive(Clone, Debug)]
pub(crate) struct GrpcMetrics {
    pub(super) duration: Arc<HistogramFamily<CallLabels>>,
    pub(super) active: Arc<GaugeFamily<MethodLabels>>,
    pub(super) request_size: Arc<HistogramFamily<MethodLabels>>,
    pub(super) response_size: Arc<HistogramFamily<MethodLabels>>,
    cut_off: Arc<AtomicBool>,
}

impl GrpcMetrics {
    /// Families in which nothing is counted yet. Once `cut_off` is true, whoever is not answered was left by the service.
    pub(crate) fn new(cut_off: Arc<AtomicBool>) -> Self {
        Self {
            duration: Arc::new(HistogramFamily::of(&names::RPC_SERVER_CALL_DURATION)),
            active: Arc::new(GaugeFamily::of(&names::RPC_SERVER_ACTIVE_CALLS)),
            request_size: Arc::new(HistogramFamily::of(&names::RPC_SERVER_REQUEST_SIZE)),
            response_size: Arc::new(HistogramFamily::of(&names::RPC_SERVER_RESPONSE_SIZE)),
            cut_off,
        }
    }

    pub(super) fn is_cut_off(&self) -> bool {
        self.cut_off.load(Relaxed)
    }

    pub(crate) fn families(&self) -> [Arc<dyn Collect>; 4] {
        [
            Arc::clone(&self.duration) as Arc<dyn Collect>,
            Arc::clone(&self.active) as Arc<dyn Collect>,
            Arc::clone(&self.request_size) as Arc<dyn Collect>,
            Arc::clone(&self.response_size) as Arc<dyn Collect>,
        ]
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct MethodLabels {
    pub(super) method: Arc<str>,
}

impl Labels for MethodLabels {
    const NAMES: &'static [&'static str] = names::RPC_SERVER_ACTIVE_CALLS.labels;

    fn values(&self, values: &mut LabelValues) {
        values.push(self.method.to_string());
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct CallLabels {
    pub(super) method: Arc<str>,
    pub(super) status: &'static str,
}

impl Labels for CallLabels {
    const NAMES: &'static [&'static str] = names::RPC_SERVER_CALL_DURATION.labels;

    fn values(&self, values: &mut LabelValues) {
        values.push(self.method.to_string());
        values.push(self.status);
    }
}
