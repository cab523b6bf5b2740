//! Whether a service is ready that brokers do not take.

use marty_runtime::{
    Config, Service,
    bus::{Consumers, Delivery, EventBus, HandlerError},
    event::Envelope,
    testing::Capture,
};
use serde_json::{Value, json};
use tokio::{sync::mpsc, time::timeout};

use super::{DoorOpened, PATIENCE, Stage, user};
use crate::service::{get, status};

const WRONG: &str = "wrong-one";

type Heard = mpsc::UnboundedReceiver<u32>;

fn service(bus: &EventBus) -> (Service, Heard) {
    let (told, heard) = mpsc::unbounded_channel();
    let handler = move |event: Envelope<DoorOpened>, _: Delivery| {
        let told = told.clone();
        async move {
            told.send(event.data.number)?;
            Ok::<(), HandlerError>(())
        }
    };
    let consumers = Consumers::new("porter").on::<DoorOpened>(handler);
    let service = Service::new(marty_runtime::service_info!(), Config::for_tests());
    (service.events(bus, [consumers]), heard)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_is_not_ready_while_its_password_is_wrong_and_says_why() {
    let capture = Capture::start();
    let mut stage = Stage::new().await;
    let bus = stage.bus("SASL", &user("sasl_plaintext", "PLAIN", WRONG));
    let (service, mut heard) = service(&bus);
    let running = service.start().await.unwrap();
    let admin = running.admin_addr();
    status(admin, "/readyz", 503).await;
    let (_, body) = get(admin, "/readyz").await;
    let body: Value = serde_json::from_str(&body).unwrap();
    let why = json!([{"name": "events:porter", "up": false, "reason": "refused by brokers"}]);
    assert_eq!(body["checks"], why);
    let (code, text) = get(admin, "/readyz?verbose").await;
    let said = "[-]events:porter failed: refused by brokers\n";
    assert!(code == 503 && text.contains(said), "{code}: {text}");
    // An answer is for anybody, so that it has a word only. What the brokers said is in the log.
    let logged = capture.await_event("readiness check did not pass").await;
    let logged = logged.field("error").unwrap().as_str().unwrap();
    let what = "the brokers do not take this member: ";
    assert!(
        logged.starts_with(what) && logged.contains("uthentication"),
        "{logged}"
    );

    // The brokers come to know the password: nobody has to start the service again.
    tokio::task::block_in_place(|| stage.broker.with_password(WRONG));
    status(admin, "/readyz", 200).await;
    bus.with_timeout(PATIENCE)
        .publish(&DoorOpened { number: 7 })
        .await
        .unwrap();
    let number = timeout(PATIENCE, heard.recv()).await.unwrap();
    assert_eq!(number, Some(7));
    running.stop().await.unwrap();
    assert!(!capture.to_string().contains(WRONG), "{capture}");
}
