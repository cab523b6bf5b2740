//! A real Postgres server.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

/// What generated projects start the server of their tests with.
const SCRIPT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../templates/postgres/services/__service__/tests/database/postgres.sh"
);

/// A server that ends with the value: its standard input ends then.
pub(crate) struct Server {
    process: Child,
    url: String,
}

impl Server {
    pub(crate) fn start() -> Self {
        let mut command = Command::new("sh");
        let command = command
            .arg(SCRIPT)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut url = String::new();
        let mut printed = BufReader::new(process.stdout.take().unwrap());
        printed.read_line(&mut url).unwrap();
        assert!(url.starts_with("postgres://"), "the server did not start");
        Self {
            process,
            url: url.trim().to_owned(),
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}
