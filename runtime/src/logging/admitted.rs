//! The layer that keeps from another what [`Repeats`] withholds.

use std::sync::Arc;

use tracing::{
    Event, Metadata, Subscriber,
    span::{Attributes, Id, Record},
    subscriber::Interest,
};
use tracing_subscriber::{Layer, filter::LevelFilter, layer::Context};

use super::repeat::Repeats;

/// A layer that is told of the events alone that [`Repeats`] admits.
pub(super) struct Admitted<L> {
    layer: L,
    repeats: Arc<Repeats>,
}

impl<L> Admitted<L> {
    pub(super) const fn new(layer: L, repeats: Arc<Repeats>) -> Self {
        Self { layer, repeats }
    }
}

impl<S: Subscriber, L: Layer<S>> Layer<S> for Admitted<L> {
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if self.repeats.admits_now(event.metadata()) {
            self.layer.on_event(event, context);
        }
    }

    fn on_layer(&mut self, subscriber: &mut S) {
        self.layer.on_layer(subscriber);
    }

    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        self.layer.register_callsite(metadata)
    }

    fn enabled(&self, metadata: &Metadata<'_>, context: Context<'_, S>) -> bool {
        self.layer.enabled(metadata, context)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        self.layer.max_level_hint()
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        self.layer.on_new_span(attributes, id, context);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        self.layer.on_record(id, values, context);
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, context: Context<'_, S>) {
        self.layer.on_follows_from(id, follows, context);
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        self.layer.on_enter(id, context);
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        self.layer.on_exit(id, context);
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        self.layer.on_close(id, context);
    }

    fn on_id_change(&self, old: &Id, new: &Id, context: Context<'_, S>) {
        self.layer.on_id_change(old, new, context);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tracing::Level;
    use tracing_subscriber::layer::SubscriberExt;

    use super::{super::repeat::TARGET, *};

    /// Keeps the level and the target of what it is told.
    #[derive(Clone, Default)]
    struct Told(Arc<Mutex<Vec<(Level, String)>>>);

    impl<S: Subscriber> Layer<S> for Told {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            let metadata = event.metadata();
            let told = (*metadata.level(), metadata.target().to_owned());
            self.0.lock().unwrap().push(told);
        }
    }

    /// What is told of what `log` says, and of what is withheld of it.
    fn told(limit: u32, log: impl FnOnce()) -> Vec<(Level, String)> {
        let told = Told::default();
        let repeats = Arc::new(Repeats::new(limit));
        let layer = Admitted::new(told.clone(), Arc::clone(&repeats));
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::with_default(subscriber, || {
            log();
            repeats.tell();
            repeats.tell();
        });
        told.0.lock().unwrap().clone()
    }

    fn of(told: &[(Level, String)], target: &str) -> usize {
        told.iter().filter(|(_, of)| of == target).count()
    }

    #[test]
    fn what_repeats_itself_is_withheld_and_said_so_of_once() {
        let told = told(3, || {
            // It may take longer than a period, and begin another.
            for _ in 0..100_000 {
                tracing::error!(target: "loud", "failed");
            }
            tracing::error!(target: "quiet", "failed");
        });
        assert!((3..1000).contains(&of(&told, "loud")), "{}", told.len());
        assert_eq!(of(&told, "quiet"), 1);
        assert_eq!(of(&told, TARGET), 1);
    }

    #[test]
    fn what_is_no_complaint_is_never_withheld() {
        let told = told(1, || {
            for _ in 0..100 {
                tracing::info!(target: "access", "answered");
            }
        });
        assert_eq!(of(&told, "access"), 100);
        assert_eq!(of(&told, TARGET), 0);
    }

    #[test]
    fn nothing_is_withheld_without_a_limit() {
        let told = told(0, || {
            for _ in 0..100 {
                tracing::warn!(target: "loud", "failed");
            }
        });
        assert_eq!(of(&told, "loud"), 100);
    }
}
