//! The real servers and checkers that `tests/stack/install` has put in place, and how to wait.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::mpsc::{self, RecvTimeoutError};
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

/// A process that is killed when the value is dropped.
pub(crate) struct Process {
    child: Child,
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
        for stream in streams {
            let sender = sender.clone();
            // Reads to the end whether anybody listens or not: a full pipe would stop the process.
            thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    let _ = sender.send(line);
                }
            });
        }
        drop(sender);
        let process = Self { child };
        let deadline = Instant::now() + Duration::from_mins(1);
        let mut printed = String::new();
        loop {
            match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    if let Some(found) = ready(&line) {
                        return (process, found);
                    }
                    printed.push_str(&line);
                    printed.push('\n');
                }
                Err(RecvTimeoutError::Timeout) => panic!("{described} is not ready:\n{printed}"),
                Err(RecvTimeoutError::Disconnected) => panic!("{described} ended:\n{printed}"),
            }
        }
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
