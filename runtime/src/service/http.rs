//! The builder's part of HTTP: routes, and the layers around them.

use std::{
    mem,
    sync::{Arc, atomic::AtomicBool},
};

use axum::{Router, middleware};

use super::Service;
use crate::{
    http::{HttpMetrics, ObserveLayer, Protection, protect},
    metric::{Collect, Counter},
};

impl Service {
    /// Serves `routes` on the public listener, besides those added before.
    ///
    /// # Panics
    ///
    /// If two routes have the same path and method, or two sets of routes a fallback, as [`Router::merge`] does.
    pub fn http(mut self, routes: Router) -> Self {
        self.routes = self.routes.merge(routes);
        self
    }

    /// The routes with the layers around them, whose families become the service's.
    pub(super) fn layered(
        &mut self,
        cut_off: &Arc<AtomicBool>,
        panics: &Counter,
        families: &mut Vec<Arc<dyn Collect>>,
    ) -> Router {
        let metrics = HttpMetrics::until(Arc::clone(cut_off));
        families.extend(metrics.families());
        let protection = Protection {
            request_timeout: self.config.request_timeout,
            max_body_bytes: self.config.max_body_bytes,
            panics: panics.clone(),
        };
        stack(mem::take(&mut self.routes), metrics, protection)
    }
}

/// Puts the layers around the routes.
fn stack(routes: Router, metrics: HttpMetrics, protection: Protection) -> Router {
    let protect = middleware::from_fn_with_state(Arc::new(protection), protect);
    // Only a router whose state is given has its handlers boxed; otherwise the layers, and their caches, were made anew for each request.
    routes
        .layer((ObserveLayer::new(metrics), protect))
        .with_state(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::{body::Body, extract::Request, routing::get};
    use tower::ServiceExt;

    use super::*;
    use crate::metric::Instrument;

    /// Numbers that look random and are the same every time.
    struct Noise(u64);

    impl Noise {
        fn next(&mut self) -> u64 {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            self.0 >> 33
        }

        fn word(&mut self) -> String {
            (0..=self.next() % 12)
                .map(|_| char::from(b'A' + u8::try_from(self.next() % 26).unwrap()))
                .collect()
        }
    }

    #[tokio::test]
    async fn begins_no_series_for_what_callers_make_up() {
        let metrics = HttpMetrics::new();
        let protection = Protection {
            request_timeout: Duration::from_secs(1),
            max_body_bytes: 10,
            panics: Counter::create(()),
        };
        let routes = Router::new().route("/users/{id}", get(async || "user"));
        let stacked = stack(routes, metrics.clone(), protection);
        let mut noise = Noise(7);
        for _ in 0..10_000 {
            let path = match noise.next() % 3 {
                0 => format!("/users/{}", noise.word()),
                1 => format!("/{}/{}?{}", noise.word(), noise.word(), noise.word()),
                _ => format!("/%{:02x}%ff/{}", noise.next() % 256, noise.word()),
            };
            let method = if noise.next().is_multiple_of(2) {
                "GET".to_owned()
            } else {
                noise.word()
            };
            let request = Request::builder()
                .method(&*method)
                .uri(path)
                .header("host", "test")
                .body(Body::empty())
                .unwrap();
            let response = stacked.clone().oneshot(request).await.unwrap();
            assert!(!response.status().is_server_error());
        }
        let series: usize = metrics
            .families()
            .iter()
            .map(|family| family.series())
            .sum();
        // Two methods, two routes, and for each pair one status: 4 of each histogram, and 2 gauges.
        assert_eq!(series, 3 * 4 + 2);
    }
}
