use marty_runtime::event::{Event, Pii};

#[derive(Event)]
#[event(type = "user.created", topic = domain("user"), key = email)]
struct UserCreated {
    #[pii(hash)]
    email: Pii<String>,
}

fn main() {}
