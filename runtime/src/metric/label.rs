//! Labels: the typed key of a series, and how it becomes text.

use std::{borrow::Cow, hash::Hash};

/// The labels of one family. The value itself is the key of a series, so two that differ never share one.
///
/// A label's values come from a closed set, such as an enum or a route template: never from what a caller sent.
///
/// ```
/// use marty_runtime::metric::{CounterFamily, LabelValues, Labels};
///
/// #[derive(Clone, PartialEq, Eq, Hash)]
/// struct LoginLabels(&'static str);
///
/// impl Labels for LoginLabels {
///     const NAMES: &'static [&'static str] = &["outcome"];
///
///     fn values(&self, values: &mut LabelValues) {
///         values.push(self.0);
///     }
/// }
///
/// static LOGINS: CounterFamily<LoginLabels> = marty_runtime::counter!("logins", "Logins by outcome.");
/// ```
///
/// A label that is named after a person, a credential, free text, a path or the like does not compile where a metric has it:
///
/// ```compile_fail,E0080
/// use marty_runtime::metric::{CounterFamily, LabelValues, Labels};
///
/// #[derive(Clone, PartialEq, Eq, Hash)]
/// struct LoginLabels(&'static str);
///
/// impl Labels for LoginLabels {
///     const NAMES: &'static [&'static str] = &["email"];
///
///     fn values(&self, values: &mut LabelValues) {
///         values.push(self.0);
///     }
/// }
///
/// static LOGINS: CounterFamily<LoginLabels> = marty_runtime::counter!("logins", "Logins by outcome.");
/// ```
pub trait Labels: Clone + Eq + Hash + Send + Sync + 'static {
    /// The names, in the order in which [`Labels::values`] writes.
    const NAMES: &'static [&'static str];

    /// Writes one value for each name. It is called when a series begins, not when it is written to.
    fn values(&self, values: &mut LabelValues);
}

/// The labels of a family that has none.
impl Labels for () {
    const NAMES: &'static [&'static str] = &[];

    fn values(&self, _: &mut LabelValues) {}
}

/// Takes the values of a series' labels.
///
/// A value that is missing counts as empty, which Prometheus reads as absent; one too many is dropped.
#[derive(Debug, Default)]
pub struct LabelValues(Vec<Cow<'static, str>>);

impl LabelValues {
    /// Appends the value of the next name.
    pub fn push(&mut self, value: impl Into<Cow<'static, str>>) {
        self.0.push(value.into());
    }

    /// The values of `labels`, exactly one for each name.
    pub(super) fn of<L: Labels>(labels: &L) -> Vec<Cow<'static, str>> {
        let mut values = Self::default();
        labels.values(&mut values);
        values.0.resize(L::NAMES.len(), Cow::Borrowed(""));
        values.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, PartialEq, Eq, Hash)]
    struct Written(usize);

    impl Labels for Written {
        const NAMES: &'static [&'static str] = &["a", "b"];

        fn values(&self, values: &mut LabelValues) {
            (0..self.0).for_each(|index| values.push(index.to_string()));
        }
    }

    #[test]
    fn has_one_value_for_each_name() {
        assert_eq!(LabelValues::of(&Written(1)), ["0", ""]);
        assert_eq!(LabelValues::of(&Written(2)), ["0", "1"]);
        assert_eq!(LabelValues::of(&Written(3)), ["0", "1"]);
    }
}
