//! The real servers and checkers that `tests/stack/install` has put in place, and how to wait.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, LazyLock, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Where each server is installed, as the installer says.
static INSTALLED: LazyLock<BTreeMap<String, PathBuf>> = LazyLock::new(|| {
    let installer = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stack/install");
    let output = Command::new(installer).arg("--list").output().unwrap();
    let listed = String::from_utf8(output.stdout).unwrap();
    let columns = listed
        .lines()
        .map(|line| line.split('\t').collect::<Vec<_>>());
    columns
        .map(|row| (row[0].to_owned(), PathBuf::from(row[2])))
        .collect()
});

/// The program `name` of an installed server. It is an error, not a reason to skip a test, when
/// it is missing.
#[track_caller]
pub(crate) fn program(server: &str, name: &str) -> PathBuf {
    let program = INSTALLED[server].join(name);
    assert!(
        program.is_file(),
        "{} is missing; run tests/stack/install",
        program.display()
    );
    program
}

/// An address of the loopback interface on which nothing listens, for a program that does not tell which one it was given.
pub(crate) fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

/// A process that is killed when the value is dropped.
pub(crate) struct Process {
    child: Child,
    printed: Arc<Mutex<Vec<String>>>,
}

impl Process {
    /// Starts a process and waits for the first value that `ready` finds in a line of its output.
    #[track_caller]
    pub(crate) fn start<T>(
        command: &mut Command,
        mut ready: impl FnMut(&str) -> Option<T>,
    ) -> (Self, T) {
        let described = format!("{command:?}");
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect(&described);
        let (sender, lines) = mpsc::channel();
        let streams: [Box<dyn std::io::Read + Send>; 2] = [
            Box::new(child.stdout.take().unwrap()),
            Box::new(child.stderr.take().unwrap()),
        ];
        let printed = Arc::<Mutex<Vec<_>>>::default();
        for stream in streams {
            let sender = sender.clone();
            let printed = Arc::clone(&printed);
            // Reads to the end whether anybody listens or not: a full pipe would stop the process.
            thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    printed.lock().unwrap().push(line.clone());
                    let _ = sender.send(line);
                }
            });
        }
        drop(sender);
        let process = Self { child, printed };
        let deadline = Instant::now() + Duration::from_mins(1);
        loop {
            match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    if let Some(found) = ready(&line) {
                        return (process, found);
                    }
                }
                Err(why) => {
                    let what = match why {
                        RecvTimeoutError::Timeout => "is not ready",
                        RecvTimeoutError::Disconnected => "ended",
                    };
                    panic!("{described} {what}:\n{}", process.printed().join("\n"));
                }
            }
        }
    }

    /// The lines that the process has printed so far.
    pub(crate) fn printed(&self) -> Vec<String> {
        self.printed.lock().unwrap().clone()
    }

    /// Asks the process to end, and says how it did.
    #[track_caller]
    pub(crate) fn terminate(mut self, patience: Duration) -> ExitStatus {
        let id = self.child.id().to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(told.success());
        eventually(patience, || {
            let ended = self.child.try_wait().unwrap();
            ended.ok_or_else(|| format!("it still runs:\n{}", self.printed().join("\n")))
        })
    }

    /// Ends the process as a crash would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks until there is an answer, and gives up with what was answered last.
#[track_caller]
pub(crate) fn eventually<T>(patience: Duration, mut ask: impl FnMut() -> Result<T, String>) -> T {
    let deadline = Instant::now() + patience;
    loop {
        match ask() {
            Ok(answer) => return answer,
            Err(last) if Instant::now() > deadline => panic!("in vain for {patience:?}: {last}"),
            // A server that is asked over HTTP cannot tell by itself when its answer changes.
            Err(_) => thread::sleep(Duration::from_millis(200)),
        }
    }
}
