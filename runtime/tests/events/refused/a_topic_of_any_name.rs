use marty_runtime::event::{Event, Pii};

#[derive(Event)]
#[event(type = "user.created", topic = "users")]
struct UserCreated {
    user_id: u64,
    #[pii(drop)]
    email: Pii<String>,
}

fn main() {}
