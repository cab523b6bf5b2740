//! Which of the label values that are only known at run time a family shows.
//!
//! It holds what a family remembers of them. It must not be asked for a series that exists: what is decided here is decided
//! once for a value.

use std::{
    collections::HashSet,
    hash::{BuildHasherDefault, DefaultHasher},
    slice,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use super::guard::{self, Reason};

/// What becomes of a value.
pub(super) enum Verdict {
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

/// One label of a family: what [`LabelValue::admit`](super::LabelValue::admit) asks.
#[derive(Debug)]
pub struct Place<'a> {
    texts: Option<&'a mut Texts>,
    rejections: &'a [AtomicU64; Reason::ALL.len()],
}

impl Place<'_> {
    /// Keeps a value that is new, if there are fewer than `limit` and nothing speaks against it.
    pub(super) fn admit(&mut self, text: &Arc<str>, limit: usize) -> Verdict {
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
