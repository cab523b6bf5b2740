use marty_runtime::event::{Event, Pii};

#[derive(Event)]
#[event(type = "user.created", topic = domain("user"))]
struct UserCreated {
    user_id: u64,
    #[pii(hash)]
    email: String,
    #[pii(drop)]
    phone: Pii<String>,
}

fn main() {}
