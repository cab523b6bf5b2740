//! Why no broker answers, as the client tells it while it tries.
//!
//! It listens and must not judge what that means for who asked.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode;

use super::error::Kind;

/// How long a reason why none answers may take.
const REASON: Duration = Duration::from_millis(500);

/// Hears why brokers do not answer, or do not take the client.
#[derive(Default)]
pub(super) struct Ear(Mutex<Option<Heard>>);

/// Why there is no answer.
struct Heard {
    worth: Worth,
    reason: String,
}

/// How much a reason is worth: what a broker says itself is worth the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Worth {
    /// There is no broker, or none that can be understood.
    Unreachable,
    /// A broker may not take the client.
    Suspected,
    /// A broker does not take the client.
    Refused,
}

impl ClientContext for Ear {
    fn log(&self, _: RDKafkaLogLevel, facility: &str, message: &str) {
        // To the client it is no error that a broker hangs up, as one does that speaks TLS, or asks for a user, where the client does not.
        let states = ["in state APIVERSION_QUERY", "in state UP"];
        if facility != "FAIL" {
            return;
        }
        let hung_up = message.contains("Disconnected");
        if hung_up && states.iter().any(|state| message.contains(state)) {
            self.hear(Worth::Suspected, &format!("one side may speak TLS, or ask for a user, and the other not (`security.protocol`): {message}"));
        } else {
            self.hear(Worth::Unreachable, essence(message));
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::Authentication | RDKafkaErrorCode::SSL) => {
                self.hear(Worth::Refused, reason);
            }
            // An alert that comes once the client took the handshake for done, and one side that speaks TLS where the other does not.
            Some(RDKafkaErrorCode::BrokerTransportFailure)
                if reason.contains("SSL") || reason.contains("security.protocol") =>
            {
                self.hear(Worth::Refused, reason);
            }
            // Only what each of them has said before, counted.
            Some(RDKafkaErrorCode::AllBrokersDown) => {}
            _ => self.hear(Worth::Unreachable, essence(reason)),
        }
    }
}

/// What the client says, without which of its threads says it and how long it took.
fn essence(reason: &str) -> &str {
    let said = reason.split_once("/bootstrap: ").map_or(reason, |it| it.1);
    said.split_once(" (after ").map_or(said, |it| it.0)
}

impl ConsumerContext for Ear {}

impl Ear {
    /// Keeps the reason unless one was heard that is worth as much.
    fn hear(&self, worth: Worth, reason: &str) {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if heard.as_ref().is_none_or(|heard| heard.worth < worth) {
            let reason = reason.to_owned();
            *heard = Some(Heard { worth, reason });
        }
    }

    fn has_heard_more_than(&self, worth: Worth) -> bool {
        let heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard.as_ref().is_some_and(|heard| heard.worth > worth)
    }

    /// Why none answered that `consumer` asked.
    pub(super) fn why(consumer: &BaseConsumer<Self>, brokers: String, source: &KafkaError) -> Kind {
        let ear = consumer.context();
        // What was said meanwhile is heard now, and may be said a moment after the answer that there is none.
        let until = Instant::now() + REASON;
        while !ear.has_heard_more_than(Worth::Unreachable) && Instant::now() < until {
            let _ = consumer.poll(Duration::from_millis(20));
        }
        let heard = ear.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        match heard {
            None => Kind::unreachable(brokers, source.to_string()),
            Some(Heard {
                worth: Worth::Unreachable,
                reason,
            }) => Kind::unreachable(brokers, reason),
            Some(Heard { reason, .. }) => Kind::Refused { brokers, reason },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn keeps(said: &[(RDKafkaErrorCode, &str)], worth: Worth, reason: &str) {
        let ear = Ear::default();
        for (code, reason) in said {
            ear.error(KafkaError::Global(*code), reason);
        }
        let heard = ear.0.into_inner().unwrap().unwrap();
        assert_eq!((heard.worth, &*heard.reason), (worth, reason));
    }

    #[test]
    fn why_nobody_answers_is_said_and_why_a_broker_refuses_rather() {
        let resolve = (
            RDKafkaErrorCode::Resolve,
            "nohost.invalid:9092/bootstrap: Failed to resolve 'nohost.invalid:9092': Name or service not known (after 5ms in state CONNECT)",
        );
        let connect = (
            RDKafkaErrorCode::BrokerTransportFailure,
            "127.0.0.1:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: Connection refused (after 0ms in state CONNECT, 1 identical error(s) suppressed)",
        );
        let down = (RDKafkaErrorCode::AllBrokersDown, "1/1 brokers are down");
        let refused = (RDKafkaErrorCode::Authentication, "a: no such user");
        keeps(
            &[down, resolve, connect],
            Worth::Unreachable,
            "Failed to resolve 'nohost.invalid:9092': Name or service not known",
        );
        keeps(
            &[connect, down],
            Worth::Unreachable,
            "Connect to ipv4#127.0.0.1:1 failed: Connection refused",
        );
        keeps(&[connect, refused], Worth::Refused, "a: no such user");
        keeps(&[refused, connect], Worth::Refused, "a: no such user");
    }
}
