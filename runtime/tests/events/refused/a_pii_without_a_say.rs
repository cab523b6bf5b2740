use marty_runtime::event::{Event, Pii};

#[derive(Event)]
#[event(type = "user.created", topic = domain("user"), key = user_id)]
struct UserCreated {
    user_id: u64,
    contact: Option<Pii<String>>,
}

fn main() {}
