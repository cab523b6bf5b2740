//! Every form in which transactions, operations and classes of errors are written.

use marty_runtime::{
    business::{ErrorClass, time_operation, transaction},
    operation,
};

#[derive(Debug, ErrorClass)]
enum CheckoutError {
    #[class(rejection)]
    CardDeclined,
    #[class("provider")]
    Payment {
        status: u16,
    },
    #[class(transparent)]
    Io(std::io::Error),
}

impl From<std::io::Error> for CheckoutError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

struct Checkout {
    sold: u32,
}

type Answer<T> = Result<T, CheckoutError>;

impl Checkout {
    #[transaction("checkout")]
    async fn run(&mut self, items: &[u32]) -> Answer<u32> {
        let Some(first) = items.first() else {
            return Err(CheckoutError::CardDeclined);
        };
        let text = time_operation(operation!("read_price"), async { std::fs::read_to_string("/no/such/price") }).await?;
        self.sold += *first;
        Ok(u32::try_from(text.len()).unwrap_or_default())
    }

    #[transaction("refund")]
    fn refund(&mut self, status: u16) -> Result<(), CheckoutError> {
        if status != 200 {
            Err(CheckoutError::Payment { status })?;
        }
        self.sold -= 1;
        Ok(())
    }
}

fn main() {
    let mut checkout = Checkout { sold: 0 };
    drop(checkout.run(&[1]));
    let error = checkout.refund(502).unwrap_err();
    assert_eq!(error.class(), "provider");
    assert!(!error.is_rejection());
    assert_eq!(CheckoutError::from(std::io::Error::other("disk")).class(), "io");
}
