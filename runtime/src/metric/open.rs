//! Label values that are only known at run time: kept up to a number, and looked at before they are kept.
//!
//! It holds what a family remembers of such values. It must not be asked for a series that exists: what is decided here is
//! decided once for a value.

use std::{
    borrow::Cow,
    collections::HashSet,
    hash::{BuildHasherDefault, DefaultHasher},
    slice,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{
    LabelValue,
    guard::{self, Reason},
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

/// What becomes of a value.
enum Verdict {
    Admitted,
    Full,
    Personal,
}

/// The values that a family has admitted, label by label, and how many it has turned away.
#[derive(Debug)]
pub(super) struct Admitted {
    labels: Vec<Texts>,
    rejections: [AtomicU64; Reason::ALL.len()],
}

type Texts = HashSet<Arc<str>, BuildHasherDefault<DefaultHasher>>;

impl Admitted {
    pub(super) const fn new() -> Self {
        Self {
            labels: Vec::new(),
            rejections: [const { AtomicU64::new(0) }; Reason::ALL.len()],
        }
    }

    /// Begins to admit the values of a family with `labels` labels.
    pub(super) fn admission(&mut self, labels: usize) -> Admission<'_> {
        self.labels.resize_with(labels, Texts::default);
        Admission {
            labels: self.labels.iter_mut(),
            rejections: &self.rejections,
        }
    }

    /// How many values were turned away, by reason.
    pub(super) fn rejections(&self) -> impl Iterator<Item = (Reason, u64)> {
        let counts = self
            .rejections
            .iter()
            .map(|count| count.load(Ordering::Relaxed));
        Reason::ALL.into_iter().zip(counts)
    }
}

/// Goes through the labels of a family as a new series begins. Written out by `derive(Labels)`.
#[derive(Debug)]
pub struct Admission<'a> {
    labels: slice::IterMut<'a, Texts>,
    rejections: &'a [AtomicU64; Reason::ALL.len()],
}

impl<'a> Admission<'a> {
    /// The place of the next label.
    #[expect(
        clippy::should_implement_trait,
        reason = "there is a place for every label, and none is the last"
    )]
    pub fn next(&mut self) -> Place<'a> {
        Place {
            texts: self.labels.next(),
            rejections: self.rejections,
        }
    }
}

/// One label of a family: what [`LabelValue::admit`] asks.
#[derive(Debug)]
pub struct Place<'a> {
    texts: Option<&'a mut Texts>,
    rejections: &'a [AtomicU64; Reason::ALL.len()],
}

impl Place<'_> {
    fn admit(&mut self, text: &Arc<str>, limit: usize) -> Verdict {
        if let Some(reason) = guard::objection(text) {
            return self.turn_away(reason, Verdict::Personal);
        }
        let Some(texts) = &mut self.texts else {
            return Verdict::Admitted;
        };
        if texts.contains(text) {
            Verdict::Admitted
        } else if texts.len() < limit {
            texts.insert(Arc::clone(text));
            Verdict::Admitted
        } else {
            self.turn_away(Reason::Limit, Verdict::Full)
        }
    }

    fn turn_away(&self, reason: Reason, verdict: Verdict) -> Verdict {
        if let Some(count) = self.rejections.get(reason as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        verdict
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
