use marty_runtime::business::transaction;

#[transaction]
async fn checkout() -> Result<(), std::io::Error> {
    Ok(())
}

fn main() {
    drop(checkout());
}
