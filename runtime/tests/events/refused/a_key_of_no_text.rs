use marty_runtime::event::{Event, Pii};

#[derive(Event)]
#[event(type = "user.created", topic = service, key = at)]
struct UserCreated {
    at: f64,
    #[pii(drop)]
    email: Pii<String>,
}

fn main() {}
