//! Every kind of label, in a family of every kind.

use marty_runtime::metric::{CounterFamily, GaugeFamily, HistogramFamily, LabelValue, Labels, Open};

#[derive(Clone, Copy, PartialEq, Eq, Hash, LabelValue)]
enum Channel {
    Web,
    #[label("b2b")]
    Partner,
}

#[derive(Clone, PartialEq, Eq, Hash, Labels)]
struct Sale {
    channel: Channel,
    plan: Open<16>,
    #[label(name = "token", allow = "whether one was used, not which")]
    by_token: bool,
}

static SALES: CounterFamily<Sale> = marty_runtime::counter!("sales", "Sales.");
static CARTS: GaugeFamily<Sale> = marty_runtime::gauge!("carts", "Carts.");
static CHECKOUT: HistogramFamily<Sale> = marty_runtime::histogram!("checkout_seconds", "Time to check out.");

fn main() {
    let sale = Sale { channel: Channel::Web, plan: Open::new("gold"), by_token: true };
    SALES.get(&sale).inc();
    CARTS.get(&sale).inc();
    CHECKOUT.get(&sale).observe(0.1);
    assert_eq!(Sale::NAMES, ["channel", "plan", "token"]);
    assert_eq!(Channel::Partner.as_label(), "b2b");
}
