//! Those who ask: over connections that are kept, each with its next request as soon as it was answered.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
};

use tokio::runtime::{Builder, Runtime};
use tonic::{Request, client::Grpc, transport::Channel};
use tonic_prost::ProstCodec;

use crate::{
    TOGETHER,
    call::{Ask, PATH, User},
};

pub(crate) enum Load {
    Http(Vec<Kept>),
    Grpc(Runtime, Vec<Channel>),
}

/// How many connections calls are spread over.
const CHANNELS: u32 = 4;

impl Load {
    pub(crate) fn new(protocol: &str, address: SocketAddr) -> Self {
        if protocol == "http" {
            return Self::Http((0..TOGETHER).map(|_| Kept::open(address)).collect());
        }
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        let connect = || {
            let endpoint = Channel::from_shared(format!("http://{address}"));
            runtime.block_on(endpoint.expect("an address").connect())
        };
        let channels = (0..CHANNELS).map(|_| connect().expect("a connection"));
        let channels = channels.collect();
        Self::Grpc(runtime, channels)
    }

    pub(crate) fn send(&mut self, requests: u32) {
        match self {
            Self::Http(connections) => {
                connections.iter_mut().for_each(Kept::ask);
                for _ in 1..requests / TOGETHER {
                    for kept in &mut *connections {
                        kept.receive();
                        kept.ask();
                    }
                }
                connections.iter_mut().for_each(Kept::receive);
            }
            Self::Grpc(runtime, channels) => {
                runtime.block_on(call_all(channels, requests));
            }
        }
    }
}

async fn call_all(channels: &[Channel], requests: u32) {
    let callers = (0..TOGETHER).zip(channels.iter().cycle());
    let callers: Vec<_> = callers
        .map(|(_, channel)| tokio::spawn(call(channel.clone(), requests / TOGETHER)))
        .collect();
    for caller in callers {
        caller.await.expect("answers");
    }
}

async fn call(channel: Channel, calls: u32) {
    let mut client = Grpc::new(channel);
    for id in 0..u64::from(calls) {
        client.ready().await.expect("a connection");
        let codec = ProstCodec::<Ask, User>::default();
        let request = Request::new(Ask { id });
        let answer = client.unary(request, PATH.parse().expect("a path"), codec);
        answer.await.expect("an answer");
    }
}

/// A connection that is kept.
pub(crate) struct Kept(TcpStream);

impl Kept {
    fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        Self(stream)
    }

    fn ask(&mut self) {
        const REQUEST: &[u8] = b"GET /users/17 HTTP/1.1\r\nhost: test\r\n\r\n";
        self.0.write_all(REQUEST).expect("a request");
    }

    fn receive(&mut self) {
        const END: &[u8] = br#"{"id":17,"name":"user 17"}"#;
        let mut answer = [0; 1024];
        let mut length = 0;
        while !answer[..length].ends_with(END) {
            let read = self.0.read(&mut answer[length..]).expect("an answer");
            assert!(read > 0, "the server left");
            length += read;
        }
    }
}
