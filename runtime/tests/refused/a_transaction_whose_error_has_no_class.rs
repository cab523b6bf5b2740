use marty_runtime::business::transaction;

#[transaction("checkout")]
async fn checkout() -> Result<(), String> {
    Err("no".to_owned())
}

fn main() {
    drop(checkout());
}
