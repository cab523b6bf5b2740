//! Kafka over TLS and with users, as the variables say, on a real broker that asks who comes.

mod broker;
#[cfg(feature = "testing")]
mod ready;

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use broker::{Authority, PASSWORD, SecureBroker, USER};
use marty_runtime::{
    bus::{Consumers, Delivery, EventBus, HandlerError},
    config::Lookup,
    event::{Envelope, Event},
};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, timeout},
};

/// As long as what works may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// As long as publishing may take where it is in vain.
const BOUND: Duration = Duration::from_secs(4);

#[derive(Event)]
#[event(type = "door.opened", topic = domain("door"), key = number)]
struct DoorOpened {
    number: u32,
}

/// The number of the next case: each has its own.
static NEXT: AtomicU32 = AtomicU32::new(1);

const TOPIC: &str = "domain.door.events";

type Variables<'a> = Vec<(&'static str, &'a str)>;

fn bus(variables: &Variables<'_>) -> EventBus {
    let owned = variables
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()));
    let owned: Vec<(&str, String)> = owned.collect();
    let lookup = Lookup::new(move |name| {
        let found = owned.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.clone())
    });
    EventBus::from_lookup("house", &lookup)
        .unwrap()
        .with_timeout(BOUND)
}

/// A stage: the broker with the files that variables name.
struct Stage {
    broker: SecureBroker,
    ca: String,
    password: String,
}

impl Stage {
    async fn new() -> Self {
        let broker = tokio::task::block_in_place(SecureBroker::start);
        broker.create(TOPIC).await;
        let ca = broker.write("ca.pem", &broker.authority.pem());
        let password = broker.write("password", &format!("{PASSWORD}\n"));
        Self {
            broker,
            ca,
            password,
        }
    }

    /// What is published so comes to a group that consumes so.
    async fn passes(&self, listener: &str, variables: &Variables<'_>) {
        let bus = self.bus(listener, variables);
        let (told, mut heard) = mpsc::unbounded_channel();
        let handler = move |event: Envelope<DoorOpened>, _: Delivery| {
            let told = told.clone();
            async move {
                told.send(event.data.number)?;
                Ok::<(), HandlerError>(())
            }
        };
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let consumers = Consumers::new(&format!("bell-{number}")).on::<DoorOpened>(handler);
        let subscription = bus.consume(consumers).unwrap();
        bus.with_timeout(PATIENCE)
            .publish(&DoorOpened { number })
            .await
            .unwrap();
        // Those of earlier cases come first.
        let comes = async { while heard.recv().await != Some(number) {} };
        timeout(PATIENCE, comes).await.unwrap();
        assert_eq!(subscription.state().refused(), None);
        assert!(subscription.stop(Instant::now() + PATIENCE).await);
    }

    /// Publishing says `why` within its time, and a member of a group does, too.
    async fn is_refused(&self, listener: &str, variables: &Variables<'_>, why: &str) {
        let bus = self.bus(listener, variables);
        let begun = Instant::now();
        let error = bus.publish(&DoorOpened { number: 0 }).await.unwrap_err();
        let said = error.to_string();
        assert!(begun.elapsed() < BOUND * 2, "{:?}", begun.elapsed());
        assert!(said.contains(TOPIC) && said.contains(why), "{said}");
        assert!(!said.contains("wrong-one"), "{said}");
        assert!(error.is_retryable(), "{said}");
        let ignore = |_: Envelope<DoorOpened>, _: Delivery| async { Ok::<(), HandlerError>(()) };
        let consumers = Consumers::new("shut-out").on::<DoorOpened>(ignore);
        let subscription = bus.consume(consumers).unwrap();
        let until = Instant::now() + PATIENCE;
        let reason = loop {
            if let Some(reason) = subscription.state().refused() {
                break reason;
            }
            assert!(Instant::now() < until, "nothing is said of {why}");
            sleep(Duration::from_millis(50)).await;
        };
        assert!(reason.contains(why), "{reason}");
        assert_eq!(subscription.state().partitions(), 0);
        assert!(subscription.stop(Instant::now() + PATIENCE).await);
    }

    fn bus(&self, listener: &str, variables: &Variables<'_>) -> EventBus {
        let address = self.broker.address(listener);
        let mut all = vec![
            ("MARTY_EVENTS_TRANSPORT", "kafka"),
            ("MARTY_KAFKA_BROKERS", &address),
        ];
        all.extend(variables);
        bus(&all)
    }
}

/// A user with a password by each way of saying so.
fn user<'a>(security: &'a str, mechanism: &'a str, password: &'a str) -> Variables<'a> {
    vec![
        ("MARTY_KAFKA_SECURITY", security),
        ("MARTY_KAFKA_SASL_MECHANISM", mechanism),
        ("MARTY_KAFKA_USERNAME", USER),
        ("MARTY_KAFKA_PASSWORD", password),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn brokers_are_talked_to_as_the_variables_say() {
    let stage = Stage::new().await;
    let broker = &stage.broker;
    let tls = vec![
        ("MARTY_KAFKA_SECURITY", "tls"),
        ("MARTY_KAFKA_CA_FILE", &*stage.ca),
    ];
    stage.passes("TLS", &tls).await;

    let (certificate, key) = broker.authority.certify();
    let certificate = broker.write("client.pem", &certificate);
    let key = broker.write("client.key", &key);
    let mut with_certificate = tls.clone();
    with_certificate.push(("MARTY_KAFKA_CLIENT_CERTIFICATE_FILE", &certificate));
    with_certificate.push(("MARTY_KAFKA_CLIENT_KEY_FILE", &key));
    stage.passes("MUTUAL", &with_certificate).await;
    stage.is_refused("MUTUAL", &tls, "certificate").await;

    let other = broker.write("other.pem", &Authority::new("nobody's").pem());
    let of_another = vec![
        ("MARTY_KAFKA_SECURITY", "tls"),
        ("MARTY_KAFKA_CA_FILE", &*other),
    ];
    let why = "certificate verify failed";
    stage.is_refused("TLS", &of_another, why).await;
    let of_the_system = vec![("MARTY_KAFKA_SECURITY", "tls")];
    stage.is_refused("TLS", &of_the_system, why).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_speaks_otherwise_than_brokers_is_told_where_to_look() {
    let stage = Stage::new().await;
    let plaintext = vec![("MARTY_KAFKA_SECURITY", "plaintext")];
    let tls = vec![
        ("MARTY_KAFKA_SECURITY", "tls"),
        ("MARTY_KAFKA_CA_FILE", &*stage.ca),
    ];
    let as_a_user = user("sasl_plaintext", "PLAIN", PASSWORD);
    let where_to_look = "security.protocol";
    stage.is_refused("TLS", &plaintext, where_to_look).await;
    stage.is_refused("SASL", &plaintext, where_to_look).await;
    stage.is_refused("SASLTLS", &as_a_user, where_to_look).await;
    stage.is_refused("PLAINTEXT", &tls, "SSL handshake").await;
    stage.is_refused("PLAINTEXT", &as_a_user, "SASL").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_come_in_with_their_password_and_nobody_else_does() {
    let stage = Stage::new().await;
    for mechanism in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] {
        for (security, listener) in [("sasl_plaintext", "SASL"), ("sasl_tls", "SASLTLS")] {
            let (mut right, mut wrong) = (
                user(security, mechanism, PASSWORD),
                user(security, mechanism, "wrong-one"),
            );
            // In one half of the cases out of a file.
            if security == "sasl_tls" {
                right.pop();
                right.push(("MARTY_KAFKA_PASSWORD_FILE", &stage.password));
                for variables in [&mut right, &mut wrong] {
                    variables.push(("MARTY_KAFKA_CA_FILE", &stage.ca));
                }
            }
            stage.passes(listener, &right).await;
            stage.is_refused(listener, &wrong, "uthentication").await;
        }
    }
}
