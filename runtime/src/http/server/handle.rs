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
    routes: [OnceLock<Arc<RouteHandles>>; ROUTES],
}

impl Handles {
    pub(super) fn new(metrics: HttpMetrics) -> Self {
        Self {
            metrics,
            routes: Default::default(),
        }
    }

    /// The handles of `route`.
    pub(super) fn route(&self, route: &str) -> Arc<RouteHandles> {
        for place in &self.routes {
            let handles = place.get_or_init(|| self.begin(route));
            if *handles.route == *route {
                return Arc::clone(handles);
            }
        }
        self.begin(route)
    }

    fn begin(&self, route: &str) -> Arc<RouteHandles> {
        Arc::new(RouteHandles {
            route: route.into(),
            metrics: self.metrics.clone(),
            methods: Default::default(),
        })
    }
}

/// The handles of one route.
pub(super) struct RouteHandles {
    route: Arc<str>,
    metrics: HttpMetrics,
    methods: [OnceLock<MethodHandles>; Method::COUNT],
}

/// The handles of one method of a route.
pub(super) struct MethodHandles {
    pub(super) active: Gauge,
    pub(super) request_size: Histogram,
    pub(super) response_size: Histogram,
    span_name: Arc<str>,
    durations: [OnceLock<(u16, Histogram)>; STATUSES],
}

impl RouteHandles {
    pub(super) fn route(&self) -> &str {
        &self.route
    }

    pub(super) fn is_cut_off(&self) -> bool {
        self.metrics.is_cut_off()
    }

    pub(super) fn method(&self, method: Method) -> &MethodHandles {
        // The array has a place for every method; the first stands in only for the compiler.
        let place = self
            .methods
            .get(method as usize)
            .unwrap_or(&self.methods[0]);
        place.get_or_init(|| {
            let labels = RouteLabels {
                method,
                route: Arc::clone(&self.route),
            };
            MethodHandles {
                active: self.metrics.active.get(&MethodLabels { method }),
                request_size: self.metrics.request_size.get(&labels),
                response_size: self.metrics.response_size.get(&labels),
                span_name: span_name(method, &self.route),
                durations: Default::default(),
            }
        })
    }

    /// What spans of such requests are called.
    pub(super) fn span_name(&self, method: Method) -> Arc<str> {
        Arc::clone(&self.method(method).span_name)
    }

    /// Counts how long a request took.
    pub(super) fn observe_duration(
        &self,
        (method, status): (Method, u16),
        seconds: f64,
        exemplar: Option<Exemplar>,
    ) {
        let series = || {
            self.metrics.duration.get(&ResponseLabels {
                method,
                route: Arc::clone(&self.route),
                status,
            })
        };
        for place in &self.method(method).durations {
            let (known, histogram) = place.get_or_init(|| (status, series()));
            if *known == status {
                return observe(histogram, seconds, exemplar);
            }
        }
        observe(&series(), seconds, exemplar);
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
