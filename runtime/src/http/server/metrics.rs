//! The four HTTP families of one service.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use super::method::Method;
use crate::{
    metric::{Collect, GaugeFamily, HistogramFamily, LabelValues, Labels},
    names,
};

/// What a service's requests are counted in. Clones share the families.
#[derive(Clone, Debug)]
pub struct HttpMetrics {
    pub(super) duration: Arc<HistogramFamily<ResponseLabels>>,
    pub(super) active: Arc<GaugeFamily<MethodLabels>>,
    pub(super) request_size: Arc<HistogramFamily<RouteLabels>>,
    pub(super) response_size: Arc<HistogramFamily<RouteLabels>>,
    cut_off: Arc<AtomicBool>,
}

impl HttpMetrics {
    /// Families in which nothing is counted yet.
    #[must_use]
    pub fn new() -> Self {
        Self::until(Arc::default())
    }

    /// The same. Once `cut_off` is true, whoever is not answered was left by the service, and has not left itself.
    pub(crate) fn until(cut_off: Arc<AtomicBool>) -> Self {
        Self {
            duration: Arc::new(HistogramFamily::of(&names::HTTP_SERVER_REQUEST_DURATION)),
            active: Arc::new(GaugeFamily::of(&names::HTTP_SERVER_ACTIVE_REQUESTS)),
            request_size: Arc::new(HistogramFamily::of(&names::HTTP_SERVER_REQUEST_BODY_SIZE)),
            response_size: Arc::new(HistogramFamily::of(&names::HTTP_SERVER_RESPONSE_BODY_SIZE)),
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

impl Default for HttpMetrics {
    fn default() -> Self {
        Self::new()
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct MethodLabels {
    pub(super) method: Method,
}

impl Labels for MethodLabels {
    const NAMES: &'static [&'static str] = names::HTTP_SERVER_ACTIVE_REQUESTS.labels;

    fn values(&self, values: &mut LabelValues) {
        values.push(self.method.as_str());
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct RouteLabels {
    pub(super) method: Method,
    pub(super) route: Arc<str>,
}

impl Labels for RouteLabels {
    const NAMES: &'static [&'static str] = names::HTTP_SERVER_REQUEST_BODY_SIZE.labels;

    fn values(&self, values: &mut LabelValues) {
        values.push(self.method.as_str());
        values.push(self.route.to_string());
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct ResponseLabels {
    pub(super) method: Method,
    pub(super) route: Arc<str>,
    pub(super) status: u16,
}

impl Labels for ResponseLabels {
    const NAMES: &'static [&'static str] = names::HTTP_SERVER_REQUEST_DURATION.labels;

    fn values(&self, values: &mut LabelValues) {
        values.push(self.method.as_str());
        values.push(self.route.to_string());
        values.push(self.status.to_string());
    }
}
