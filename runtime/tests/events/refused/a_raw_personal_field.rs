use marty_runtime::event::Event;

#[derive(Event)]
#[event(type = "user.created", topic = domain("user"), key = user_id)]
struct UserCreated {
    user_id: u64,
    email: String,
}

fn main() {}
