//! Waiting for what happens soon: by asking again as often as other tasks let, never by sleeping.

use std::time::{Duration, Instant};

use tokio::task::yield_now;

/// Longer than anything takes that works. It is the real time's, for that of tokio may stand still.
const PATIENCE: Duration = Duration::from_secs(10);

/// What `look` finds, once it finds something; nothing, if that is not soon.
pub(super) async fn eventually<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if begun.elapsed() > PATIENCE {
            return None;
        }
        yield_now().await;
    }
}
