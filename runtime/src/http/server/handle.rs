//! Handles to the series of one endpoint, so that a request looks up no family.
//!
//! axum applies a layer once for each route and method: the service that results sees one route, and keeps its handles.

use std::sync::{Arc, OnceLock};

use super::{
    method::Method,
    metrics::{HttpMetrics, MethodLabels, ResponseLabels, RouteLabels},
};
use crate::{
    metric::{Exemplar, Gauge, Histogram},
    names::value,
};

/// Routes one service remembers. More than one only where routes share a fallback.
const ROUTES: usize = 4;

/// Statuses one endpoint remembers; further ones are looked up in the family.
const STATUSES: usize = 8;

/// The handles of the routes that one service answers.
pub(super) struct Handles {
    metrics: HttpMetrics,
    routes: [OnceLock<RouteHandles>; ROUTES],
}

/// The handles of one route.
struct RouteHandles {
    route: Arc<str>,
    methods: [OnceLock<Arc<Endpoint>>; Method::COUNT],
}

/// The handles of one method of a route.
pub(super) struct Endpoint {
    metrics: HttpMetrics,
    route: Arc<str>,
    pub(super) method: Method,
    pub(super) active: Gauge,
    pub(super) request_size: Histogram,
    pub(super) response_size: Histogram,
    span_name: Arc<str>,
    durations: [OnceLock<(u16, Histogram)>; STATUSES],
}

impl Handles {
    pub(super) fn new(metrics: HttpMetrics) -> Self {
        Self {
            metrics,
            routes: Default::default(),
        }
    }

    /// The handles of `method` of `route`.
    pub(super) fn endpoint(&self, route: &str, method: Method) -> Arc<Endpoint> {
        for place in &self.routes {
            let handles = place.get_or_init(|| RouteHandles {
                route: route.into(),
                methods: Default::default(),
            });
            if *handles.route == *route
                && let Some(place) = handles.methods.get(method as usize)
            {
                let begin = || self.begin(Arc::clone(&handles.route), method);
                return Arc::clone(place.get_or_init(begin));
            }
        }
        self.begin(route.into(), method)
    }

    fn begin(&self, route: Arc<str>, method: Method) -> Arc<Endpoint> {
        let metrics = self.metrics.clone();
        let labels = RouteLabels {
            method,
            route: Arc::clone(&route),
        };
        Arc::new(Endpoint {
            method,
            active: metrics.active.get(&MethodLabels { method }),
            request_size: metrics.request_size.get(&labels),
            response_size: metrics.response_size.get(&labels),
            span_name: span_name(method, &route),
            durations: Default::default(),
            metrics,
            route,
        })
    }
}

impl Endpoint {
    pub(super) fn route(&self) -> &str {
        &self.route
    }

    pub(super) fn is_cut_off(&self) -> bool {
        self.metrics.is_cut_off()
    }

    /// What spans of such requests are called.
    pub(super) fn span_name(&self) -> Arc<str> {
        Arc::clone(&self.span_name)
    }

    /// Counts how long a request took.
    #[inline]
    pub(super) fn observe_duration(&self, status: u16, seconds: f64, exemplar: Option<Exemplar>) {
        for place in &self.durations {
            let (known, histogram) = place.get_or_init(|| (status, self.duration(status)));
            if *known == status {
                return observe(histogram, seconds, exemplar);
            }
        }
        observe(&self.duration(status), seconds, exemplar);
    }

    fn duration(&self, status: u16) -> Histogram {
        self.metrics.duration.get(&ResponseLabels {
            method: self.method,
            route: Arc::clone(&self.route),
            status,
        })
    }
}

#[inline]
fn observe(histogram: &Histogram, seconds: f64, exemplar: Option<Exemplar>) {
    match exemplar {
        None => histogram.observe(seconds),
        Some(exemplar) => histogram.observe_with(seconds, exemplar),
    }
}

/// The method and the route, by the semantic conventions of OpenTelemetry; nothing that a caller could make up.
fn span_name(method: Method, route: &str) -> Arc<str> {
    let method = match method.as_str() {
        value::OTHER_METHOD => "HTTP",
        known => known,
    };
    if route == value::UNMATCHED_ROUTE {
        return method.into();
    }
    format!("{method} {route}").into()
}
