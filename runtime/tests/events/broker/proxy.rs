//! The network between clients and a broker: carries bytes, or holds them back as a fault has it.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// As much is carried at once. Little, so that a limit is kept evenly.
const CHUNK: usize = 16 * 1024;

/// Listens for as long as the process is there, as a broker's address has to stay what it was.
pub(crate) struct Proxy {
    address: SocketAddr,
    network: Arc<Network>,
}

#[derive(Default)]
struct Network {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    cut: bool,
    /// Connections that are older are forgotten: nobody carries for them any more.
    era: u64,
    /// Bytes in a second, both ways together.
    limit: Option<u64>,
    free_at: Option<Instant>,
}

impl Proxy {
    /// Listens, and carries to `broker`, which need not be there yet.
    pub(crate) fn to(broker: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let network = Arc::new(Network::default());
        let carried = Arc::clone(&network);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                connect(client, broker, &carried);
            }
        });
        Self { address, network }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets nothing through in either direction, and tells nobody.
    pub(crate) fn cut(&self) {
        self.network.change(|state| state.cut = true);
    }

    /// Lets everything through again. What was connected before the cut goes on, or has been forgotten: then it stays silent, as
    /// behind a firewall that has lost its table.
    pub(crate) fn heal(&self, forgets: bool) {
        self.network.change(|state| {
            state.cut = false;
            state.era += u64::from(forgets);
        });
    }

    /// Carries at most so many bytes in a second.
    pub(crate) fn limit(&self, bytes: Option<u64>) {
        self.network.change(|state| state.limit = bytes);
    }
}

fn connect(client: TcpStream, broker: SocketAddr, network: &Arc<Network>) {
    // To connect during a cut takes until it ends, as it does where the first packet is sent again.
    let era = {
        let state = network.lock();
        state.era + u64::from(state.cut)
    };
    let Ok(server) = TcpStream::connect(broker) else {
        return;
    };
    let ways = [
        (client.try_clone().unwrap(), server.try_clone().unwrap()),
        (server, client),
    ];
    for (from, to) in ways {
        let network = Arc::clone(network);
        thread::spawn(move || network.carry(from, to, era));
    }
}

impl Network {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    fn carry(&self, mut from: TcpStream, mut to: TcpStream, era: u64) {
        let mut buffer = vec![0; CHUNK];
        while let Ok(read @ 1..) = from.read(&mut buffer) {
            // What is forgotten is taken, and never carried.
            if self.admits(era, read) && to.write_all(&buffer[..read]).is_err() {
                break;
            }
        }
        for end in [from, to] {
            let _ = end.shutdown(Shutdown::Both);
        }
    }

    /// Waits until so many bytes may pass; says whether they may at all.
    fn admits(&self, era: u64, bytes: usize) -> bool {
        let mut state = self.lock();
        while state.cut {
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        if era < state.era {
            return false;
        }
        if let Some(limit) = state.limit {
            let now = Instant::now();
            let at = state.free_at.map_or(now, |at| at.max(now));
            let nanos = u64::try_from(bytes).unwrap() * 1_000_000_000 / limit;
            state.free_at = Some(at + Duration::from_nanos(nanos));
            drop(state);
            thread::sleep(at - now);
        }
        true
    }
}
