//! A real broker: Apache Kafka in one process, on free ports, in a folder of its own.

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

use rdkafka::{
    ClientConfig, Offset, TopicPartitionList,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
    consumer::{BaseConsumer, Consumer as _},
    message::{Header, Headers as _, Message as _, OwnedHeaders},
    producer::{FutureProducer, FutureRecord},
};

/// How long a broker may take to be there.
const PATIENCE: Duration = Duration::from_mins(2);

/// How folders of brokers begin; the id of the process that began them follows.
const FOLDERS: &str = "marty-kafka-";

pub(crate) struct Broker {
    folder: PathBuf,
    address: SocketAddr,
    child: Mutex<Option<Child>>,
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
fn free() -> SocketAddr {
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

    /// A broker that does not run yet.
    fn made() -> Self {
        let (address, controller) = (free(), free());
        let folder = std::env::temp_dir().join(format!(
            "{FOLDERS}{}-{}",
            std::process::id(),
            address.port()
        ));
        fs::create_dir_all(&folder).unwrap();
        let properties = format!(
            "process.roles=broker,controller\nnode.id=1\ncontroller.quorum.voters=1@{controller}\n\
             listeners=PLAINTEXT://{address},CONTROLLER://{controller}\nadvertised.listeners=PLAINTEXT://{address}\n\
             controller.listener.names=CONTROLLER\nlistener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT\n\
             log.dirs={}\nnum.partitions=3\nauto.create.topics.enable=false\n\
             offsets.topic.replication.factor=1\noffsets.topic.num.partitions=4\ntransaction.state.log.replication.factor=1\n\
             transaction.state.log.min.isr=1\ngroup.initial.rebalance.delay.ms=0\ngroup.min.session.timeout.ms=1000\n",
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
            address,
            child: Mutex::new(None),
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
        let until = Instant::now() + PATIENCE;
        let client: BaseConsumer = self.client().create().unwrap();
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

    fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", self.address());
        config.set_log_level(rdkafka::config::RDKafkaLogLevel::Emerg);
        config
    }

    /// Makes `topic` with so many partitions, and waits until it is there.
    pub(crate) async fn create(&self, topic: &str, partitions: i32) {
        let admin: AdminClient<DefaultClientContext> = self.client().create().unwrap();
        let new = NewTopic::new(topic, partitions, TopicReplication::Fixed(1));
        let options = AdminOptions::new().operation_timeout(Some(Duration::from_secs(30)));
        for made in admin.create_topics([&new], &options).await.unwrap() {
            made.unwrap();
        }
    }

    pub(crate) async fn put(&self, topic: &str, record: &marty_runtime::event::Record) {
        let producer: FutureProducer = self
            .client()
            .set("partitioner", "murmur2_random")
            .create()
            .unwrap();
        let headers = record
            .headers()
            .fold(OwnedHeaders::new(), |headers, (key, value)| {
                headers.insert(Header { key, value })
            });
        let mut sent = FutureRecord::<[u8], [u8]>::to(topic).headers(headers);
        sent.key = record.key();
        sent.payload = record.value();
        producer.send(sent, PATIENCE).await.unwrap();
    }

    /// All records of `topic`, once there are `count`.
    pub(crate) fn records(
        &self,
        topic: &str,
        partitions: i32,
        count: usize,
    ) -> Vec<marty_runtime::event::Record> {
        let consumer: BaseConsumer = self
            .client()
            .set("group.id", "reader")
            .set("enable.auto.commit", "false")
            .create()
            .unwrap();
        let mut list = TopicPartitionList::new();
        for partition in 0..partitions {
            list.add_partition_offset(topic, partition, Offset::Beginning)
                .unwrap();
        }
        consumer.assign(&list).unwrap();
        let (mut found, until) = (Vec::new(), Instant::now() + PATIENCE);
        while found.len() < count {
            assert!(
                Instant::now() < until,
                "{} of {count} records in {topic}",
                found.len()
            );
            let Some(message) = consumer.poll(Duration::from_millis(200)) else {
                continue;
            };
            let message = message.unwrap();
            let mut record =
                marty_runtime::event::Record::with_capacity(0, 0, std::time::SystemTime::now());
            if let Some(key) = message.key() {
                record = record.with_key(key);
            }
            if let Some(value) = message.payload() {
                record = record.with_value(value);
            }
            for header in message
                .headers()
                .into_iter()
                .flat_map(|headers| headers.iter())
            {
                record = record.with_header(header.key, header.value);
            }
            found.push(record);
        }
        found
    }

    /// The sum of what `group` has stored for the partitions of `topic`.
    pub(crate) fn stored(&self, group: &str, topic: &str, partitions: i32) -> i64 {
        let consumer: BaseConsumer = self.client().set("group.id", group).create().unwrap();
        let mut list = TopicPartitionList::new();
        list.add_partition_range(topic, 0, partitions - 1);
        let stored = consumer
            .committed_offsets(list, Duration::from_secs(30))
            .unwrap();
        let offsets = stored
            .elements()
            .into_iter()
            .map(|element| element.offset());
        offsets
            .map(|offset| {
                if let Offset::Offset(offset) = offset {
                    offset
                } else {
                    0
                }
            })
            .sum()
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.kill();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
