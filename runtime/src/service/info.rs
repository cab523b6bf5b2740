//! Which service this is, and what it was built from.

use std::sync::Arc;

use crate::{
    config::Config,
    metric::{Collect, GaugeFamily, LabelValues, Labels},
    names,
};

/// Which service this is. Made by [`service_info!`](crate::service_info).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ServiceInfo {
    /// The service's name.
    pub name: &'static str,
    /// The service's version.
    pub version: &'static str,
}

impl ServiceInfo {
    /// A service of that name and version.
    #[must_use]
    pub const fn new(name: &'static str, version: &'static str) -> Self {
        Self { name, version }
    }
}

/// The [`ServiceInfo`](crate::ServiceInfo) of the crate it is written in.
#[macro_export]
macro_rules! service_info {
    () => {
        $crate::ServiceInfo::new(
            ::core::env!("CARGO_PKG_NAME"),
            ::core::env!("CARGO_PKG_VERSION"),
        )
    };
}

/// The two metrics that tell who exports, and what was built.
pub(super) fn families(info: ServiceInfo, config: &Config) -> [Arc<dyn Collect>; 2] {
    let target: GaugeFamily<TargetLabels> = GaugeFamily::of(&names::TARGET_INFO);
    let labels = TargetLabels {
        service: config.name_or(info.name),
        version: info.version,
        instance: config.instance_id.clone(),
        environment: config.environment.clone(),
    };
    target.get(&labels).set(1.0);
    let build: GaugeFamily<BuildLabels> = GaugeFamily::of(&names::MARTY_BUILD_INFO);
    build
        .get(&BuildLabels {
            version: info.version,
        })
        .set(1.0);
    [Arc::new(target), Arc::new(build)]
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct TargetLabels {
    service: String,
    version: &'static str,
    instance: String,
    environment: String,
}

impl Labels for TargetLabels {
    const NAMES: &'static [&'static str] = names::TARGET_INFO.labels;

    fn values(&self, values: &mut LabelValues) {
        values.push(self.service.clone());
        values.push(self.version);
        values.push(self.instance.clone());
        values.push(self.environment.clone());
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct BuildLabels {
    version: &'static str,
}

impl Labels for BuildLabels {
    const NAMES: &'static [&'static str] = names::MARTY_BUILD_INFO.labels;

    fn values(&self, values: &mut LabelValues) {
        values.push(self.version);
        values.push(env!("MARTY_BUILD_REVISION"));
        values.push(env!("MARTY_BUILD_RUSTC"));
        values.push(env!("CARGO_PKG_VERSION"));
    }
}
