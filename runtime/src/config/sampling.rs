//! Which traces are recorded.

use super::{ConfigError, Lookup, Setting, variable};

/// Which traces are recorded.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Sampling {
    /// The share of traces that are recorded, from 0 to 1.
    pub ratio: f64,
    /// Whether a caller that has decided is followed.
    pub parent_based: bool,
    /// How many traces of callers are recorded in a second that this service would not have chosen itself.
    pub remote_per_second: u32,
    /// Whether the trace of a caller is continued. A trace begins anew otherwise, and refers to the caller's.
    pub trust_remote: bool,
}

/// Every trace that begins here, and those that callers record.
impl Default for Sampling {
    fn default() -> Self {
        Self {
            ratio: 1.0,
            parent_based: true,
            remote_per_second: 100,
            trust_remote: true,
        }
    }
}

impl Sampling {
    pub(super) fn read(lookup: &Lookup) -> Result<Self, ConfigError> {
        let default = Self::default();
        let named = variable::OTEL_TRACES_SAMPLER.name;
        let sampler = lookup.parse(named, NamedSampler::default())?;
        let ratio = lookup.parse(variable::OTEL_TRACES_SAMPLER_ARG.name, Ratio(1.0))?;
        Ok(Self {
            ratio: sampler.ratio.unwrap_or(ratio.0),
            parent_based: sampler.parent_based,
            trust_remote: lookup.parse(variable::TRUST_REMOTE.name, default.trust_remote)?,
            remote_per_second: lookup
                .parse(variable::REMOTE_TRACES.name, default.remote_per_second)?,
        })
    }
}

/// A sampler of those that OpenTelemetry names.
pub(super) struct NamedSampler {
    parent_based: bool,
    /// The share, unless another variable tells it.
    ratio: Option<f64>,
}

impl Default for NamedSampler {
    fn default() -> Self {
        Self {
            parent_based: true,
            ratio: Some(1.0),
        }
    }
}

impl Setting for NamedSampler {
    const ACCEPTED: &'static str = "`always_on`, `always_off`, `traceidratio`, `parentbased_always_on`, \
         `parentbased_always_off` or `parentbased_traceidratio`";

    fn parse(text: &str) -> Option<Self> {
        let (parent_based, name) = match text.strip_prefix("parentbased_") {
            Some(name) => (true, name),
            None => (false, text),
        };
        let ratio = match name {
            "always_on" => Some(1.0),
            "always_off" => Some(0.0),
            "traceidratio" => None,
            _ => return None,
        };
        Some(Self {
            parent_based,
            ratio,
        })
    }
}

pub(super) struct Ratio(f64);

impl Setting for Ratio {
    const ACCEPTED: &'static str = "a number from 0 to 1";

    fn parse(text: &str) -> Option<Self> {
        let ratio = text.parse().ok()?;
        (0.0..=1.0).contains(&ratio).then_some(Self(ratio))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sampling(variables: &'static [(&str, &str)]) -> (bool, f64) {
        let lookup = Lookup::new(move |name| {
            let mut known = variables.iter();
            known.find_map(|(known, value)| (*known == name).then(|| (*value).to_owned()))
        });
        let sampling = Sampling::read(&lookup).unwrap();
        (sampling.parent_based, sampling.ratio)
    }

    #[test]
    fn knows_the_samplers_of_opentelemetry() {
        for (name, expected) in [
            ("always_on", (false, 1.0)),
            ("always_off", (false, 0.0)),
            ("parentbased_always_on", (true, 1.0)),
            ("parentbased_always_off", (true, 0.0)),
        ] {
            let found = NamedSampler::parse(name).unwrap();
            assert_eq!(
                (found.parent_based, found.ratio),
                (expected.0, Some(expected.1))
            );
        }
        assert_eq!(sampling(&[]), (true, 1.0));
        let ratio = &[
            ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
            ("OTEL_TRACES_SAMPLER_ARG", "0.25"),
        ];
        assert_eq!(sampling(ratio), (true, 0.25));
        // The argument is that of the sampler that takes one.
        let without = &[
            ("OTEL_TRACES_SAMPLER", "always_on"),
            ("OTEL_TRACES_SAMPLER_ARG", "0.25"),
        ];
        assert_eq!(sampling(without), (false, 1.0));
    }
}
