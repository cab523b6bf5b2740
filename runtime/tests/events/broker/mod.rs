//! A real broker: Apache Kafka in one process, on free ports, in a folder of its own.
//!
//! It holds what runs brokers, what stands between them and clients, and what asks them; it must not know what is tried on them.

pub(crate) mod cluster;
pub(crate) mod proxy;
pub(crate) mod topics;
pub(crate) mod wire;

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use rdkafka::consumer::{BaseConsumer, Consumer as _};

use proxy::Proxy;
use topics::Topics;
use wire::{Act, Rule};

/// How long a broker may take to be there.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

/// How folders of brokers begin; the id of the process that began them follows.
pub(crate) const FOLDERS: &str = "marty-kafka-";

pub(crate) struct Broker {
    folder: PathBuf,
    address: SocketAddr,
    child: Mutex<Option<Child>>,
    doors: [Proxy; 2],
}

/// What makes a broker keep to rules of access.
const RULES: &str = "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\nallow.everyone.if.no.acl.found=true";

/// A way to the broker through a proxy, which is for one case at a time.
#[derive(Clone, Copy)]
pub(crate) enum Door {
    Cut,
    Slow,
}

/// A broker among those of its cluster.
struct Node {
    id: usize,
    address: SocketAddr,
    controller: SocketAddr,
}

impl Node {
    fn new(id: usize) -> Self {
        let (address, controller) = (free(), free());
        Self {
            id,
            address,
            controller,
        }
    }

    fn voter(&self) -> String {
        format!("{}@{}", self.id, self.controller)
    }
}

/// The folder of a server's programs, in the version that is installed.
pub(crate) fn server(name: &str) -> PathBuf {
    let prefix = format!("{name}-");
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.cache/servers");
    let servers = std::env::var_os("MARTY_SERVERS").map_or(default, PathBuf::from);
    let mut found: Vec<PathBuf> = fs::read_dir(&servers)
        .unwrap_or_else(|error| panic!("{}: {error}; run tests/stack/install", servers.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.file_name()
                .unwrap()
                .to_string_lossy()
                .starts_with(&prefix)
        })
        .collect();
    found.sort();
    found
        .pop()
        .unwrap_or_else(|| {
            panic!(
                "no {name} in {}; run tests/stack/install",
                servers.display()
            )
        })
        .join("bin")
}

/// Removes what the shared broker of an earlier process left, which nobody drops.
fn sweep() {
    for entry in fs::read_dir(std::env::temp_dir()).unwrap().flatten() {
        let name = entry.file_name();
        let owner = name
            .to_str()
            .and_then(|name| name.strip_prefix(FOLDERS)?.split('-').next());
        let is_over = owner.is_some_and(|owner| !Path::new("/proc").join(owner).exists());
        if is_over {
            // Another process may sweep at the same time.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Ports that the kernel gives to nobody who connects: a broker that comes back takes its own again, and no client that tries to
/// reach it meanwhile connects to itself.
const PORTS: std::ops::Range<u16> = 15_000..30_000;

/// A port that was free a moment ago: Kafka is told the port of its controller, and does not say which one it took.
pub(crate) fn free() -> SocketAddr {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let span = u32::from(PORTS.end - PORTS.start);
    let begin = std::process::id().wrapping_mul(7919);
    (0..span)
        .map(|_| begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % span)
        .map(|step| PORTS.start + u16::try_from(step).unwrap())
        .map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        .find(|address| TcpListener::bind(address).is_ok())
        .unwrap()
}

impl Broker {
    /// The broker that cases share. It ends with the process.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<&'static Broker> = OnceLock::new();
        SHARED.get_or_init(|| {
            let (made, broker) = mpsc::channel();
            // The kernel ends the broker with the thread that began it, so that thread has to stay.
            thread::spawn(move || {
                made.send(Box::leak(Box::new(Self::start()))).unwrap();
                loop {
                    thread::park();
                }
            });
            broker.recv().unwrap()
        })
    }

    /// A broker of one's own, begun by this thread: it ends with it.
    pub(crate) fn start() -> Self {
        sweep();
        // Another process may take a port between the look and the broker's own.
        (0..5)
            .find_map(|_| {
                let broker = Self::made();
                broker.run().then_some(broker)
            })
            .unwrap()
    }

    /// A broker that does not run yet, and is alone.
    fn made() -> Self {
        let node = Node::new(1);
        Self::of(&node, &node.voter(), 1)
    }

    /// A broker that does not run yet, of a cluster that keeps `copies` of everything.
    fn of(node: &Node, voters: &str, copies: usize) -> Self {
        let Node {
            id,
            address,
            controller,
        } = node;
        let inner = [free(), free()];
        let doors = inner.map(Proxy::to);
        let [cut, slow] = [0, 1].map(|door| (inner[door], doors[door].address()));
        let folder = std::env::temp_dir().join(format!(
            "{FOLDERS}{}-{}",
            std::process::id(),
            address.port()
        ));
        fs::create_dir_all(&folder).unwrap();
        // Who is not ruled out may do everything. Several controllers would not find each other before they know the rules.
        let rules = if copies == 1 { RULES } else { "" };
        let properties = format!(
            "process.roles=broker,controller\nnode.id={id}\ncontroller.quorum.voters={voters}\n\
             listeners=PLAINTEXT://{address},CUT://{},SLOW://{},CONTROLLER://{controller}\n\
             advertised.listeners=PLAINTEXT://{address},CUT://{},SLOW://{}\n\
             controller.listener.names=CONTROLLER\ninter.broker.listener.name=PLAINTEXT\n\
             listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,CUT:PLAINTEXT,SLOW:PLAINTEXT\n\
             {rules}\n\
             log.dirs={}\nnum.partitions=3\nauto.create.topics.enable=false\n\
             offsets.topic.replication.factor={copies}\noffsets.topic.num.partitions=4\n\
             transaction.state.log.replication.factor={copies}\ntransaction.state.log.min.isr=1\n\
             broker.session.timeout.ms=4000\nbroker.heartbeat.interval.ms=500\n\
             transaction.abort.timed.out.transaction.cleanup.interval.ms=1000\n\
             group.initial.rebalance.delay.ms=0\ngroup.min.session.timeout.ms=1000\n",
            cut.0,
            slow.0,
            cut.1,
            slow.1,
            folder.join("log").display()
        );
        let file = folder.join("server.properties");
        fs::write(&file, properties).unwrap();
        let formatted = Command::new(server("kafka").join("kafka-storage"))
            .args(["format", "-t", "bXktbWFydHktY2x1c3Rlcg", "-c"])
            .arg(&file)
            .output()
            .unwrap();
        assert!(formatted.status.success(), "{formatted:?}");
        Self {
            folder,
            address: *address,
            child: Mutex::new(None),
            doors,
        }
    }

    /// Runs the broker again, on what it had kept, and waits until it answers.
    pub(crate) fn up(&self) {
        assert!(
            self.run(),
            "the port of the broker was taken: {}",
            self.log()
        );
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("out")).unwrap_or_default()
    }

    /// Runs the broker and waits until it answers; says whether its ports were its own.
    fn run(&self) -> bool {
        self.spawn();
        self.answers()
    }

    fn spawn(&self) {
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.folder.join("out"))
            .unwrap();
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL"])
            .arg(server("kafka").join("kafka-server"))
            .arg(self.folder.join("server.properties"))
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        *self.child.lock().unwrap() = Some(child);
    }

    /// Waits until the broker answers; says whether its ports were its own.
    fn answers(&self) -> bool {
        let until = Instant::now() + PATIENCE;
        let client: BaseConsumer = self.topics().client().create().unwrap();
        while client
            .fetch_metadata(None, Duration::from_secs(1))
            .map_or(true, |found| found.brokers().is_empty())
        {
            if self.has_ended() {
                let log = self.log();
                assert!(log.contains("BindException"), "the broker ended: {log}");
                return false;
            }
            let late = Instant::now() >= until;
            assert!(!late, "the broker does not answer: {}", self.log());
        }
        // Another broker on the same port answers as well as this one.
        !self.has_ended()
    }

    fn has_ended(&self) -> bool {
        let mut child = self.child.lock().unwrap();
        child.as_mut().unwrap().try_wait().unwrap().is_some()
    }

    /// Ends the broker as the loss of its machine would.
    pub(crate) fn kill(&self) {
        if let Some(mut child) = self.child.lock().unwrap().take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    pub(crate) fn door(&self, door: Door) -> &Proxy {
        &self.doors[door as usize]
    }

    /// The topics as clients of the broker see them.
    pub(crate) fn topics(&self) -> Topics {
        Topics::at(&self.address())
    }

    /// Rules who may do what with `topic`: nobody may do what nothing is said of.
    pub(crate) fn rule(&self, topic: &str, rules: &[(Act, Rule)]) {
        wire::rule(self.address, topic, rules);
    }

    /// Takes all rules of `topic` away.
    pub(crate) fn unrule(&self, topic: &str) {
        wire::unrule(self.address, topic);
    }

    /// Makes `topic` with so many partitions, and waits until it is there.
    pub(crate) async fn create(&self, topic: &str, partitions: i32) {
        self.topics().create(topic, partitions, &[]).await;
    }

    pub(crate) async fn put(&self, topic: &str, record: &marty_runtime::event::Record) {
        self.topics().put(topic, std::slice::from_ref(record)).await;
    }

    /// All records of `topic`, once there are `count`.
    pub(crate) fn records(
        &self,
        topic: &str,
        partitions: i32,
        count: usize,
    ) -> Vec<marty_runtime::event::Record> {
        self.topics().records(topic, partitions, count)
    }

    /// The sum of what `group` has stored for the partitions of `topic`.
    pub(crate) fn stored(&self, group: &str, topic: &str, partitions: i32) -> i64 {
        let stored = self.topics().stored(group, topic, partitions);
        stored.into_iter().sum()
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.kill();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
