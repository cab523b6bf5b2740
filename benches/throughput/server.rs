//! The processes under measurement, and what the system says of them.

use std::{
    env, fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
};

/// A server that runs on the first core until it is dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

/// This program on one core alone.
fn on_core(core: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("taskset");
    let program = env::current_exe().expect("this program");
    command.args(["-c", core]).arg(program).args(arguments);
    command
}

/// Runs the comparison on the second core.
pub(crate) fn pin_self() {
    let status = on_core("1", &["pinned"]).status();
    let status = status.expect("`taskset`, of util-linux");
    assert!(status.success(), "the comparison failed: {status}");
}

impl Server {
    pub(crate) fn start(kind: &str, collector: SocketAddr) -> Self {
        let mut command = on_core("0", &["serve", kind]);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        command.env_clear().envs([
            ("PATH", env::var("PATH").unwrap_or_default()),
            ("MARTY_HTTP_ADDR", "127.0.0.1:0".to_owned()),
            ("MARTY_ADMIN_ADDR", "127.0.0.1:0".to_owned()),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{collector}")),
        ]);
        let mut child = command.spawn().expect("a server");
        let errors = child.stderr.take().expect("its errors");
        let mut line = String::new();
        BufReader::new(errors).read_line(&mut line).expect("a line");
        let address = line.trim().parse().unwrap_or_else(|_| {
            eprintln!("{line}");
            SocketAddr::from(([0, 0, 0, 0], 0))
        });
        Self { child, address }
    }

    fn process(&self, file: &str) -> String {
        let path = format!("/proc/{}/{file}", self.child.id());
        fs::read_to_string(path).expect("what Linux says of a process")
    }

    /// How many seconds its threads have run.
    pub(crate) fn busy(&self) -> f64 {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).expect("threads");
        let times = tasks.filter_map(|task| {
            let times = fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
            times.split(' ').next()?.parse::<f64>().ok()
        });
        times.sum::<f64>() / 1e9
    }

    /// Its resident memory in KiB.
    pub(crate) fn resident(&self) -> String {
        let status = self.process("status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.unwrap_or_default().replace("kB", "").trim().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
