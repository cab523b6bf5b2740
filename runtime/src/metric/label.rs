//! Labels: the typed key of a series, and how it becomes text.

use std::{borrow::Cow, hash::Hash};

use super::{Admission, Place};

/// One label's value: of a closed set, or one of so many that a family shows of an open one.
///
/// Derived for enums whose variants have no fields. It is not implemented for texts and numbers, and should not be: their
/// values have no number, and a caller may choose them. [`Open`](super::Open) is for what is only known at run time.
///
/// ```
/// use marty_runtime::metric::LabelValue;
///
/// #[derive(Clone, Copy, PartialEq, Eq, Hash, LabelValue)]
/// enum Channel {
///     Web,
///     MobileApp,
///     #[label("b2b")]
///     Partner,
/// }
///
/// assert_eq!(Channel::MobileApp.as_label(), "mobile_app");
/// assert_eq!(Channel::Partner.as_label(), "b2b");
/// assert_eq!(Channel::COUNT, Some(3));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the value of a label",
    label = "its values have no number",
    note = "derive `LabelValue` for an enum of the values, or take `Open<N>` for values that are only known at run time"
)]
pub trait LabelValue: Clone + Eq + Hash + Send + Sync + Sized + 'static {
    /// Every value, if they are known.
    const CLOSED: Option<&'static [Self]>;

    /// How many values there are, if that is known.
    const COUNT: Option<usize> = match Self::CLOSED {
        Some(values) => Some(values.len()),
        None => None,
    };

    /// The value as it is shown.
    fn as_label(&self) -> Cow<'static, str>;

    /// Replaces a value that its family does not show by one that it does. Values of a closed set stay as they are.
    fn admit(&mut self, place: Place<'_>) {
        let _ = place;
    }
}

impl LabelValue for bool {
    const CLOSED: Option<&'static [Self]> = Some(&[false, true]);

    fn as_label(&self) -> Cow<'static, str> {
        Cow::Borrowed(if *self { "true" } else { "false" })
    }
}

/// The labels of one family. The value itself is the key of a series, so two that differ never share one.
///
/// Derived for structs whose fields are [`LabelValue`]s. Who implements it by hand sees to it that values come from a closed
/// set, such as an enum or a route template: never from what a caller sent.
///
/// ```
/// use marty_runtime::metric::{CounterFamily, LabelValue, Labels};
///
/// #[derive(Clone, Copy, PartialEq, Eq, Hash, LabelValue)]
/// enum Outcome {
///     Accepted,
///     Rejected,
/// }
///
/// #[derive(Clone, PartialEq, Eq, Hash, Labels)]
/// struct Registration {
///     outcome: Outcome,
///     invited: bool,
/// }
///
/// static REGISTRATIONS: CounterFamily<Registration> =
///     marty_runtime::counter!("registrations", "Registrations by outcome.");
///
/// REGISTRATIONS.get(&Registration { outcome: Outcome::Accepted, invited: true }).inc();
/// assert_eq!(Registration::NAMES, ["outcome", "invited"]);
/// assert_eq!(Registration::CLOSED, Some(4));
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

    /// Those of the names that would be refused, and are not, for a reason stated in the source.
    const ALLOWED: &'static [&'static str] = &[];

    /// How many series there are, if that is known.
    const CLOSED: Option<usize> = None;

    /// Whether values may be shown as others than they are; [`Labels::admit`] decides.
    const GUARDED: bool = false;

    /// Writes one value for each name. It is called when a series begins, not when it is written to.
    fn values(&self, values: &mut LabelValues);

    /// Replaces values that the family does not show by those that it does. It is called when a series begins.
    fn admit(&mut self, admission: &mut Admission<'_>) {
        let _ = admission;
    }

    /// Every combination of values, if they are known; otherwise none.
    #[must_use]
    fn every() -> Vec<Self> {
        Vec::new()
    }
}

/// How many combinations there are of so many values each; unknown if one is, or if the number is too large to be told.
#[doc(hidden)]
#[must_use]
pub const fn product(counts: &[Option<usize>]) -> Option<usize> {
    let mut product: usize = 1;
    let mut index = 0;
    while index < counts.len() {
        let Some(count) = counts[index] else {
            return None;
        };
        let Some(larger) = product.checked_mul(count) else {
            return None;
        };
        product = larger;
        index += 1;
    }
    Some(product)
}

/// The labels of a family that has none.
impl Labels for () {
    const NAMES: &'static [&'static str] = &[];
    const CLOSED: Option<usize> = Some(1);

    fn values(&self, _: &mut LabelValues) {}

    fn every() -> Vec<Self> {
        vec![()]
    }
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
    use crate::metric::{LabelValue, Labels};

    #[derive(Clone, PartialEq, Eq, Hash)]
    struct Written(usize);

    impl Labels for Written {
        const NAMES: &'static [&'static str] = &["a", "b"];

        fn values(&self, values: &mut LabelValues) {
            (0..self.0).for_each(|index| values.push(index.to_string()));
        }
    }

    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, LabelValue)]
    enum Channel {
        Web,
        Shop,
    }

    #[derive(Clone, Debug, PartialEq, Eq, Hash, Labels)]
    struct Sale {
        channel: Channel,
        #[label(name = "token", allow = "whether one was used, not which")]
        by_token: bool,
    }

    #[derive(Clone, Debug, PartialEq, Eq, Hash, Labels)]
    struct Opened {
        channel: Channel,
        plan: crate::metric::Open<2>,
    }

    #[test]
    fn every_combination_of_closed_values_is_known() {
        let shown: Vec<_> = Sale::every()
            .iter()
            .map(|sale| LabelValues::of(sale).join(" "))
            .collect();
        assert_eq!(shown, ["web false", "web true", "shop false", "shop true"]);
        assert_eq!(Sale::CLOSED, Some(4));
        assert_eq!(Opened::every(), []);
        assert_eq!(Opened::CLOSED, None);
    }

    #[test]
    fn a_product_that_is_too_large_is_not_known() {
        assert_eq!(product(&[Some(3), Some(4)]), Some(12));
        assert_eq!(product(&[Some(3), None]), None);
        assert_eq!(product(&[Some(usize::MAX), Some(2)]), None);
    }

    #[test]
    fn has_one_value_for_each_name() {
        assert_eq!(LabelValues::of(&Written(1)), ["0", ""]);
        assert_eq!(LabelValues::of(&Written(2)), ["0", "1"]);
        assert_eq!(LabelValues::of(&Written(3)), ["0", "1"]);
    }
}
