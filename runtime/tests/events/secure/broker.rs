//! A real broker that asks who comes: with certificates of an authority made for it, and with users.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType};
use rdkafka::{
    ClientConfig,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
    config::RDKafkaLogLevel,
};

use crate::broker::{FOLDERS, PATIENCE, free, server};

/// Its listeners: the name, and what is spoken there.
const LISTENERS: [(&str, &str); 6] = [
    ("PLAINTEXT", "PLAINTEXT"),
    ("CONTROLLER", "PLAINTEXT"),
    ("TLS", "SSL"),
    // Where a client without a certificate is sent away.
    ("MUTUAL", "SSL"),
    ("SASL", "SASL_PLAINTEXT"),
    ("SASLTLS", "SASL_SSL"),
];

const MECHANISMS: [&str; 3] = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"];

/// The one user that there is.
pub(super) const USER: &str = "ada";
pub(super) const PASSWORD: &str = "analytical";

/// An authority that nobody trusts without being told to.
pub(super) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(super) fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    pub(super) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for this machine, and its key.
    pub(super) fn certify(&self) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        let address = SanType::IpAddress(Ipv4Addr::LOCALHOST.into());
        params.subject_alt_names.push(address);
        let certificate = params.signed_by(&key, &self.0).unwrap();
        (certificate.pem(), key.serialize_pem())
    }
}

pub(super) struct SecureBroker {
    folder: PathBuf,
    addresses: BTreeMap<&'static str, SocketAddr>,
    child: Child,
    pub(super) authority: Authority,
}

impl SecureBroker {
    /// A broker that answers. It ends with the thread that began it.
    pub(super) fn start() -> Self {
        let authority = Authority::new("the broker's");
        let addresses: BTreeMap<_, _> = LISTENERS.map(|(name, _)| (name, free())).into();
        let port = addresses["PLAINTEXT"].port();
        let folder = format!("{FOLDERS}{}-secure-{port}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        fs::create_dir_all(&folder).unwrap();
        let (certificate, key) = authority.certify();
        fs::write(folder.join("broker.pem"), key + &certificate).unwrap();
        fs::write(folder.join("authority.pem"), authority.pem()).unwrap();
        let file = folder.join("server.properties");
        fs::write(&file, properties(&folder, &addresses)).unwrap();
        let mut format = Command::new(server("kafka").join("kafka-storage"));
        format.args(["format", "-t", "bXktbWFydHktY2x1c3Rlcg", "-c"]);
        format.arg(&file);
        for mechanism in &MECHANISMS[1..] {
            let user = format!("{mechanism}=[name={USER},password={PASSWORD}]");
            format.arg("--add-scram").arg(user);
        }
        let formatted = format.output().unwrap();
        assert!(formatted.status.success(), "{formatted:?}");
        let mut broker = Self {
            child: run(&folder),
            folder,
            addresses,
            authority,
        };
        broker.wait();
        broker
    }

    /// The same broker, to which the user has another password for `PLAIN` from now on.
    pub(super) fn with_password(&mut self, password: &str) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let file = self.folder.join("server.properties");
        let properties = fs::read_to_string(&file).unwrap();
        let user = |password: &str| format!("user_{USER}=\"{password}\"");
        assert!(properties.contains(&user(PASSWORD)), "{properties}");
        fs::write(&file, properties.replace(&user(PASSWORD), &user(password))).unwrap();
        self.child = run(&self.folder);
        self.wait();
    }

    /// Until it answers where nobody is asked who it is.
    fn wait(&mut self) {
        let until = Instant::now() + PATIENCE;
        let admin = self.admin();
        let answers = || {
            let found = admin.inner().fetch_metadata(None, Duration::from_secs(1));
            found.is_ok_and(|found| !found.brokers().is_empty())
        };
        while !answers() {
            let ended = self.child.try_wait().unwrap().is_some();
            let log = || fs::read_to_string(self.folder.join("out")).unwrap();
            assert!(!ended && Instant::now() < until, "{}", log());
        }
    }

    fn admin(&self) -> AdminClient<DefaultClientContext> {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", self.address("PLAINTEXT"));
        config.set_log_level(RDKafkaLogLevel::Emerg);
        config.create().unwrap()
    }

    pub(super) fn address(&self, listener: &str) -> String {
        self.addresses[listener].to_string()
    }

    /// Makes `topic`, with one partition.
    pub(super) async fn create(&self, topic: &str) {
        let new = NewTopic::new(topic, 1, TopicReplication::Fixed(1));
        let options = AdminOptions::new().operation_timeout(Some(PATIENCE));
        for made in self.admin().create_topics([&new], &options).await.unwrap() {
            made.unwrap();
        }
    }

    /// Writes a file beside those of the broker; returns its path.
    pub(super) fn write(&self, name: &str, text: &str) -> String {
        let path = self.folder.join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }
}

/// Runs the broker of `folder`.
fn run(folder: &Path) -> Child {
    let log = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder.join("out"))
        .unwrap();
    Command::new("setpriv")
        .args(["--pdeathsig", "KILL"])
        .arg(server("kafka").join("kafka-server"))
        .arg(folder.join("server.properties"))
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .stdin(Stdio::null())
        .spawn()
        .unwrap()
}

fn properties(folder: &Path, addresses: &BTreeMap<&str, SocketAddr>) -> String {
    let all = LISTENERS.map(|(name, _)| format!("{name}://{}", addresses[name]));
    let open = all.iter().filter(|it| !it.starts_with("CONTROLLER"));
    let open: Vec<&str> = open.map(|it| &**it).collect();
    let spoken = LISTENERS.map(|(name, protocol)| format!("{name}:{protocol}"));
    let mut text = format!(
        "process.roles=broker,controller\nnode.id=1\ncontroller.quorum.voters=1@{}\nlisteners={}\n\
         advertised.listeners={}\ncontroller.listener.names=CONTROLLER\ninter.broker.listener.name=PLAINTEXT\n\
         listener.security.protocol.map={}\nlog.dirs={}\nauto.create.topics.enable=false\n\
         offsets.topic.replication.factor=1\noffsets.topic.num.partitions=1\n\
         transaction.state.log.replication.factor=1\ntransaction.state.log.min.isr=1\n\
         group.initial.rebalance.delay.ms=0\nssl.keystore.type=PEM\nssl.keystore.location={}\n\
         ssl.truststore.type=PEM\nssl.truststore.location={}\nlistener.name.mutual.ssl.client.auth=required\n\
         sasl.enabled.mechanisms={}\n",
        addresses["CONTROLLER"],
        all.join(","),
        open.join(","),
        spoken.join(","),
        folder.join("log").display(),
        folder.join("broker.pem").display(),
        folder.join("authority.pem").display(),
        MECHANISMS.join(","),
    );
    let security = "org.apache.kafka.common.security";
    for listener in ["sasl", "sasltls"] {
        for mechanism in MECHANISMS {
            let login = match mechanism {
                "PLAIN" => {
                    format!("{security}.plain.PlainLoginModule required user_{USER}=\"{PASSWORD}\"")
                }
                _ => format!("{security}.scram.ScramLoginModule required"),
            };
            let mechanism = mechanism.to_lowercase();
            let _ = writeln!(
                text,
                "listener.name.{listener}.{mechanism}.sasl.jaas.config={login};"
            );
        }
    }
    text
}

impl Drop for SecureBroker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
