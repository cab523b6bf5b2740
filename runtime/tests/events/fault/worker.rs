//! A worker that is a process of its own: the example `worker`.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, mpsc},
};

use super::{account::Account, clock::wrong::WrongClock, run::patience, shop::Shop};

/// The program of an example, which is built beside the tests.
pub(crate) fn example(name: &str) -> Command {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    let program = path.join("examples").join(name);
    assert!(
        program.exists(),
        "{} is not there; `cargo build -p marty-runtime --all-features --example {name}` makes it",
        program.display()
    );
    Command::new(program)
}

pub(crate) struct Worker {
    child: Child,
    ended: mpsc::Receiver<()>,
    log: Arc<Mutex<Vec<String>>>,
}

impl Worker {
    /// Starts one that handles the orders of `shop`, and says in its account which.
    pub(crate) fn start(shop: &Shop, brokers: &str) -> Self {
        Self::launch(&mut example("worker"), shop, brokers)
    }

    /// The same, by a clock that may be wrong.
    pub(crate) fn start_by(clock: &WrongClock, shop: &Shop, brokers: &str) -> Self {
        let mut program = example("worker");
        clock.rule(&mut program);
        Self::launch(&mut program, shop, brokers)
    }

    fn launch(program: &mut Command, shop: &Shop, brokers: &str) -> Self {
        let mut child = program
            .env("MARTY_KAFKA_BROKERS", brokers)
            .env("MARTY_HTTP_ADDR", "127.0.0.1:0")
            .env("MARTY_ADMIN_ADDR", "127.0.0.1:0")
            .env("MARTY_DRAIN_GRACE", "0s")
            .env("ORDERS_OF", &shop.name)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (end, ended) = mpsc::channel();
        let (account, log) = (shop.account.clone(), Arc::default());
        let logged = Arc::clone(&log);
        std::thread::spawn(move || {
            output
                .lines()
                .map_while(Result::ok)
                .for_each(|line| enter(&account, &logged, line));
            let _ = end.send(());
        });
        Self { child, ended, log }
    }

    /// The text that its log has for `field`, once there is one.
    pub(crate) fn field(&self, field: &str) -> Option<String> {
        let begin = format!("\"{field}\":\"");
        let log = self.log.lock().unwrap();
        let mut found = log.iter().filter_map(|line| line.split_once(&begin));
        Some(found.next()?.1.split('"').next()?.to_owned())
    }

    /// Whether a line of its log says so.
    pub(crate) fn has_said(&self, text: &str) -> bool {
        let log = self.log.lock().unwrap();
        log.iter().any(|line| line.contains(text))
    }

    /// Ends it in the middle of whatever it does.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        assert!(!self.end());
    }

    /// Asks it to end, as whoever runs services does; says whether it did so in order.
    pub(crate) fn terminate(mut self) -> bool {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").arg(id).status().unwrap().success());
        self.end()
    }

    /// Waits for the end of the process, and of what it said.
    fn end(&mut self) -> bool {
        let status = self.child.wait().unwrap();
        self.ended.recv_timeout(patience()).unwrap();
        status.success()
    }
}

/// A test that fails leaves nobody behind.
impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn enter(account: &Account, log: &Mutex<Vec<String>>, line: String) {
    let Some(paid) = line.strip_prefix("paid ") else {
        log.lock().unwrap().push(line);
        return;
    };
    // A line that a kill cut short says nothing.
    if let Some((customer, number)) = paid.split_once(' ') {
        account.enter(customer, number.parse().unwrap());
    }
}
