//! The set of method names that metrics know, and the handles of each.
//!
//! A descriptor closes the set. A service without one makes its own names known: a method is learnt once its service has begun
//! an answer to it, for a service refuses a method that it does not have, and whoever stands before it refuses without one. So no caller
//! can make a name up.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    hash::{BuildHasherDefault, DefaultHasher},
    sync::{Arc, OnceLock, PoisonError, RwLock},
};

use tonic::Code;

use super::{
    Described, Durations, GrpcMetrics,
    metrics::{CallLabels, MethodLabels},
};
use crate::{
    metric::{Exemplar, Gauge, Histogram},
    names::value,
};

/// How many methods are learnt at most.
const LEARNT: usize = 200;

type Table = HashMap<Box<str>, Arc<Method>, BuildHasherDefault<DefaultHasher>>;

/// The methods of one service's process, by the path of their calls.
pub(crate) struct Methods {
    described: Table,
    learnt: RwLock<Table>,
    /// The services that no descriptor describes.
    undescribed: HashSet<&'static str>,
    other: Arc<Method>,
}

/// One method, or all that are unknown together.
pub(super) struct Method {
    name: Arc<str>,
    /// Whether one message goes each way, as far as that is known.
    pub(super) unary: bool,
    metrics: GrpcMetrics,
    handles: OnceLock<Handles>,
    durations: Durations,
}

/// The series of a method that every call writes to.
pub(super) struct Handles {
    pub(super) active: Gauge,
    pub(super) request_size: Histogram,
    pub(super) response_size: Histogram,
}

impl Methods {
    /// The methods of `services`, as far as they are described.
    pub(crate) fn new(
        metrics: &GrpcMetrics,
        services: impl IntoIterator<Item = &'static str>,
        described: &Described,
    ) -> Self {
        let mut methods = Self {
            described: Table::default(),
            learnt: RwLock::default(),
            undescribed: HashSet::new(),
            other: Arc::new(Method::new(value::OTHER_METHOD, false, metrics)),
        };
        for service in services {
            let Some(found) = described.methods(service) else {
                methods.undescribed.insert(service);
                continue;
            };
            for method in found {
                let name = format!("{service}/{}", method.name);
                let path = format!("/{name}").into_boxed_str();
                let method = Arc::new(Method::new(&name, method.unary, metrics));
                methods.described.insert(path, method);
            }
        }
        methods
    }

    /// The method that a call of `path` is of.
    pub(super) fn find(&self, path: &str) -> Arc<Method> {
        if let Some(method) = self.described.get(path) {
            return Arc::clone(method);
        }
        if !self.undescribed.is_empty() {
            let learnt = self.learnt.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(method) = learnt.get(path) {
                return Arc::clone(method);
            }
        }
        Arc::clone(&self.other)
    }

    /// Whether `method` stands for those that are unknown and a call of `path` could make one known.
    pub(super) fn may_learn(&self, method: &Arc<Method>, path: &str) -> bool {
        let service = path
            .strip_prefix('/')
            .and_then(|path| path.split_once('/'))
            .map(|(service, _)| service);
        Arc::ptr_eq(method, &self.other)
            && service.is_some_and(|service| self.undescribed.contains(service))
    }

    /// Knows `path` from the next call on.
    pub(super) fn learn(&self, path: &str) {
        let mut learnt = self.learnt.write().unwrap_or_else(PoisonError::into_inner);
        if learnt.len() < LEARNT && !learnt.contains_key(path) {
            let name = path.strip_prefix('/').unwrap_or(path);
            let method = Arc::new(Method::new(name, false, &self.other.metrics));
            learnt.insert(path.into(), method);
        }
    }

    pub(super) fn is_cut_off(&self) -> bool {
        self.other.metrics.is_cut_off()
    }
}

impl fmt::Debug for Methods {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Methods")
            .field("described", &self.described.len())
            .finish_non_exhaustive()
    }
}

impl Method {
    fn new(name: &str, unary: bool, metrics: &GrpcMetrics) -> Self {
        Self {
            name: name.into(),
            unary,
            metrics: metrics.clone(),
            handles: OnceLock::new(),
            durations: Durations::new(),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn shared_name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    pub(super) fn handles(&self) -> &Handles {
        self.handles.get_or_init(|| {
            let labels = MethodLabels {
                method: Arc::clone(&self.name),
            };
            Handles {
                active: self.metrics.active.get(&labels),
                request_size: self.metrics.request_size.get(&labels),
                response_size: self.metrics.response_size.get(&labels),
            }
        })
    }

    /// Counts how long a call took.
    pub(super) fn observe_duration(&self, code: Code, seconds: f64, exemplar: Option<Exemplar>) {
        let series = |status| {
            self.metrics.duration.get(&CallLabels {
                method: Arc::clone(&self.name),
                status,
            })
        };
        match (self.durations.of(code, series), exemplar) {
            (Some(series), None) => series.observe(seconds),
            (Some(series), Some(exemplar)) => series.observe_with(seconds, exemplar),
            (None, _) => {}
        }
    }
}
