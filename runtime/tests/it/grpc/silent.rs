//! Calls over a connection that goes silent, as when a machine or what is between loses power.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use marty_runtime::{client::GrpcChannel, tonic::Code};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, tcp},
    sync::{Notify, watch},
    time::{Instant, timeout},
};

use super::{
    client::unary,
    live,
    probe::{Act, Ask},
};
use crate::support::PATIENCE;

const PING: Duration = Duration::from_millis(100);

/// Hands bytes on between its clients and a service, until it is told to swallow those of the connections that it has.
struct Proxy {
    address: SocketAddr,
    accepted: Arc<AtomicUsize>,
    swallowing: watch::Sender<usize>,
    /// Told when a client has left.
    left: Arc<Notify>,
}

impl Proxy {
    async fn start(service: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (swallowing, swallows) = watch::channel(0);
        let (accepted, left) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let proxy = Self {
            address,
            accepted: Arc::clone(&accepted),
            swallowing,
            left: Arc::clone(&left),
        };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let number = accepted.fetch_add(1, SeqCst) + 1;
                let (from_client, to_client) = client.into_split();
                let (from_service, to_service) =
                    TcpStream::connect(service).await.unwrap().into_split();
                let (there, back) = (swallows.clone(), swallows.clone());
                let left = Arc::clone(&left);
                tokio::spawn(pass(from_service, to_client, number, back));
                tokio::spawn(async move {
                    pass(from_client, to_service, number, there).await;
                    left.notify_one();
                });
            }
        });
        proxy
    }

    fn url(&self) -> String {
        // Under another name than elsewhere: what other tests count is the process's, too.
        format!("http://localhost:{}", self.address.port())
    }

    fn swallow(&self) {
        self.swallowing.send_replace(self.accepted.load(SeqCst));
    }
}

/// Hands on what is read, unless it belongs to a connection whose bytes are swallowed.
async fn pass(
    mut from: tcp::OwnedReadHalf,
    mut to: tcp::OwnedWriteHalf,
    number: usize,
    swallows: watch::Receiver<usize>,
) {
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        let handed_on = *swallows.borrow() < number;
        if handed_on && to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}

fn channel(proxy: &Proxy) -> GrpcChannel {
    let channel = GrpcChannel::new(&proxy.url()).unwrap();
    channel
        .with_keep_alive(PING, PING)
        .with_deadline(PATIENCE * 2)
}

#[test]
fn fails_calls_on_a_connection_that_goes_silent_and_makes_a_new_one() {
    let called = live();
    let address = called.grpc;
    called.block_on(async {
        let proxy = Proxy::start(address).await;
        let channel = channel(&proxy);
        unary(channel.clone(), Ask::text("on")).await.unwrap();
        // It waits longer than the pings take, and nothing is amiss.
        let hangs = tokio::spawn(unary(channel.clone(), Ask::new(Act::Hang)));
        tokio::time::sleep(PING * 5).await;
        assert!(!hangs.is_finished());
        proxy.swallow();
        let begun = Instant::now();
        let ended = timeout(PATIENCE, hangs).await.unwrap().unwrap();
        assert_eq!(ended.unwrap_err().code(), Code::Unavailable);
        assert!(begun.elapsed() < PATIENCE / 4, "{:?}", begun.elapsed());
        unary(channel, Ask::text("on")).await.unwrap();
        assert_eq!(proxy.accepted.load(SeqCst), 2);
    });
    called.stop().unwrap();
}

#[test]
fn leaves_a_connection_that_goes_silent_while_there_is_no_call() {
    let called = live();
    let address = called.grpc;
    called.block_on(async {
        let proxy = Proxy::start(address).await;
        let channel = channel(&proxy);
        unary(channel.clone(), Ask::text("on")).await.unwrap();
        proxy.swallow();
        timeout(PATIENCE, proxy.left.notified()).await.unwrap();
        unary(channel, Ask::text("on")).await.unwrap();
        assert_eq!(proxy.accepted.load(SeqCst), 2);
    });
    called.stop().unwrap();
}
