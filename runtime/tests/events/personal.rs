//! Personal data in events: they go out as tokens, and come back to those who may open them.

use marty_runtime::event::{Attributes, Envelope, Event, Keyring, Pii, Place, decode, encode};

#[derive(Debug, Event)]
#[event(type = "user.created", topic = domain("user"), key = user_id)]
struct UserCreated {
    user_id: u64,
    #[pii(hash)]
    email: Pii<String>,
    #[pii(seal)]
    phone: Option<Pii<String>>,
    #[pii(drop)]
    remark: Pii<String>,
}

fn keys() -> Keyring {
    Keyring::parse("k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").unwrap()
}

fn user() -> UserCreated {
    let pii = |text: &str| Pii::new(text.to_owned());
    UserCreated {
        user_id: 7,
        email: pii("ada@example.com"),
        phone: Some(pii("+44 20 7946 0000")),
        remark: pii("likes engines"),
    }
}

#[test]
fn no_value_leaves_as_it_is() {
    let record = encode(&user(), &Attributes::new("/user-service"), &keys()).unwrap();
    let value = std::str::from_utf8(record.value().unwrap()).unwrap();
    for secret in ["ada", "7946", "engines", "remark"] {
        assert!(!value.contains(secret), "{value}");
    }
    assert_eq!(
        record.header("ce_dataclassification"),
        Some(&b"personal"[..])
    );
    assert!(!format!("{:?}", user()).contains("ada"));
}

#[test]
fn who_may_opens_what_was_sealed() {
    let record = encode(&user(), &Attributes::new("/user-service"), &keys()).unwrap();
    let read: Envelope<UserCreated> = decode(&record).unwrap().into_envelope().unwrap();
    let place = Place {
        event: UserCreated::TYPE,
        field: "phone",
    };
    let phone = read.data.phone.as_ref().unwrap();
    assert_eq!(
        phone.open(&keys().opener(), place).unwrap(),
        "+44 20 7946 0000"
    );
    assert!(read.data.email.open(&keys().opener(), place).is_err());
    assert!(read.data.remark.expose().is_none());

    // Passed on, the tokens stay as they are, without any key.
    let again = encode(&read.data, &Attributes::new("/other"), &Keyring::none()).unwrap();
    assert_eq!(again.value(), record.value());
}

#[test]
fn without_a_key_nothing_is_written() {
    let error = encode(&user(), &Attributes::new("/user-service"), &Keyring::none()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot protect field `email` of `user.created.v1`"
    );
}

#[test]
fn a_value_that_somebody_sent_as_it_is_is_refused_and_not_repeated() {
    let error = UserCreated::read(br#"{"user_id":7,"email":"ada@example.com"}"#).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the data do not fit: they are not of this form at line 1 column 39"
    );
}
