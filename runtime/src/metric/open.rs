//! Label values that are only known at run time: kept up to a number, and looked at before they are kept.

use std::{borrow::Cow, sync::Arc};

use super::{
    LabelValue,
    admission::{Place, Verdict},
};

/// What all values are shown as that came after the first `N`.
pub const OTHER: &str = "_other";

/// What a value is shown as that looks like something of a person, or like a secret.
pub const REDACTED: &str = "_redacted";

/// A label value that is only known at run time, such as the name of a plan or a partner. A family shows the first `N` of a
/// label as they are and all others as [`OTHER`]; one that looks like an address, a number of a person or a secret is
/// shown as [`REDACTED`].
///
/// Prefer an enum with [`LabelValue`](macro@super::LabelValue) wherever the values are known.
///
/// ```
/// use marty_runtime::metric::{CounterFamily, Labels, Open};
///
/// #[derive(Clone, PartialEq, Eq, Hash, Labels)]
/// struct Sale {
///     plan: Open<2>,
/// }
///
/// static SALES: CounterFamily<Sale> = marty_runtime::counter!("sales", "Plans that were sold.");
///
/// for plan in ["basic", "team", "basic", "gold", "silver"] {
///     SALES.get(&Sale { plan: Open::new(plan) }).inc();
/// }
/// assert_eq!(SALES.get(&Sale { plan: Open::new("basic") }).value(), 2);
/// // `gold` and `silver` share a series.
/// assert_eq!(SALES.get(&Sale { plan: Open::new("gold") }).value(), 2);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Open<const N: usize>(Shown);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Shown {
    Value(Arc<str>),
    Other,
    Redacted,
}

impl<const N: usize> Open<N> {
    /// The value `text`.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(Shown::Value(text.into()))
    }
}

impl<const N: usize> LabelValue for Open<N> {
    const CLOSED: Option<&'static [Self]> = None;

    fn as_label(&self) -> Cow<'static, str> {
        match &self.0 {
            Shown::Value(text) => Cow::Owned(text.to_string()),
            Shown::Other => Cow::Borrowed(OTHER),
            Shown::Redacted => Cow::Borrowed(REDACTED),
        }
    }

    fn admit(&mut self, mut place: Place<'_>) {
        if let Shown::Value(text) = &self.0 {
            match place.admit(text, N) {
                Verdict::Admitted => {}
                Verdict::Full => self.0 = Shown::Other,
                Verdict::Personal => self.0 = Shown::Redacted,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{admission::Admitted, guard::Reason},
        *,
    };

    fn admit<const N: usize>(admitted: &mut Admitted, text: &str) -> String {
        let mut value = Open::<N>::new(text);
        value.admit(admitted.admission(1).next());
        value.as_label().into_owned()
    }

    fn rejected(admitted: &Admitted, wanted: Reason) -> u64 {
        admitted
            .rejections()
            .find_map(|(reason, count)| (reason == wanted).then_some(count))
            .unwrap()
    }

    #[test]
    fn the_first_values_are_shown_and_the_rest_share_one() {
        let mut admitted = Admitted::new();
        assert_eq!(admit::<2>(&mut admitted, "a"), "a");
        assert_eq!(admit::<2>(&mut admitted, "b"), "b");
        assert_eq!(admit::<2>(&mut admitted, "c"), OTHER);
        assert_eq!(admit::<2>(&mut admitted, "a"), "a");
        assert_eq!(rejected(&admitted, Reason::Limit), 1);
    }

    #[test]
    fn what_looks_personal_is_redacted_and_takes_no_place() {
        let mut admitted = Admitted::new();
        assert_eq!(admit::<1>(&mut admitted, "ada@example.com"), REDACTED);
        assert_eq!(admit::<1>(&mut admitted, "a"), "a");
        assert_eq!(rejected(&admitted, Reason::Contact), 1);
    }
}
