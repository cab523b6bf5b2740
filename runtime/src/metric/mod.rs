//! Metric families with typed labels: declared once as a `static`, written without looking names up, bounded in series.
//!
//! It holds the instruments, the families, the registry of one service, and the formats a scrape is answered in.
//! It must not know HTTP, health or logs.
//!
//! ```
//! use marty_runtime::metric::{CounterFamily, GaugeFamily, HistogramFamily, LabelValue, Labels, bucket};
//!
//! #[derive(Clone, Copy, PartialEq, Eq, Hash, LabelValue)]
//! enum Outcome {
//!     Accepted,
//!     Rejected,
//! }
//!
//! #[derive(Clone, PartialEq, Eq, Hash, Labels)]
//! struct RegistrationLabels {
//!     outcome: Outcome,
//! }
//!
//! static USERS_STORED: GaugeFamily = marty_runtime::gauge!("users_stored", "Users in the repository.");
//! static REGISTRATIONS: CounterFamily<RegistrationLabels> =
//!     marty_runtime::counter!("user_registrations", "Registrations by outcome.");
//! static QUOTE_DURATION: HistogramFamily =
//!     marty_runtime::histogram!("quote_duration_seconds", "Time to quote a price.", bucket::FAST);
//!
//! USERS_STORED.get(&()).set(3.0);
//! QUOTE_DURATION.get(&()).observe(0.004);
//! REGISTRATIONS.get(&RegistrationLabels { outcome: Outcome::Accepted }).inc();
//! REGISTRATIONS.with(&RegistrationLabels { outcome: Outcome::Rejected }, |counter| counter.add(2));
//!
//! assert_eq!(REGISTRATIONS.name(), "user_registrations_total");
//! assert_eq!(REGISTRATIONS.get(&RegistrationLabels { outcome: Outcome::Rejected }).value(), 2);
//! ```

mod admission;
pub mod bucket;
mod cardinality;
mod collect;
mod counter;
mod declare;
mod executor;
mod exemplar;
mod exposition;
mod family;
mod gauge;
mod guard;
mod histogram;
mod instrument;
mod label;
mod name;
mod open;
mod process;
mod registry;
mod sampled;
mod table;

pub use admission::{Admission, Place};
pub(crate) use collect::Collect;
pub use counter::Counter;
pub use exemplar::Exemplar;
pub(crate) use exemplar::Exemplars;
pub(crate) use exposition::{Format, encode};
pub use family::{CounterFamily, Family, GaugeFamily, HistogramFamily};
pub use gauge::Gauge;
pub use histogram::Histogram;
pub use instrument::Instrument;
#[doc(hidden)]
pub use label::product;
pub use label::{LabelValue, LabelValues, Labels};
pub use marty_macros::{LabelValue, Labels};
#[doc(hidden)]
pub use name::is_closed_label;
pub(crate) use name::is_valid as is_valid_name;
pub use open::{OTHER, Open, REDACTED};
pub(crate) use registry::{RegisterError, Registry};
pub(crate) use sampled::Sampled;
pub use table::{OVERFLOW, SERIES_LIMIT};
#[cfg(feature = "events")]
pub(crate) use {
    exemplar::OfSeries,
    guard::{Reason, looks_personal},
};
