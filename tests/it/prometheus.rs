//! A real Prometheus, configured by the files of a generated project.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::golden::Golden;
use crate::server::{self, Process};

/// A running Prometheus.
pub(crate) struct Prometheus {
    _process: Process,
    directory: TempDir,
    address: String,
}

impl Prometheus {
    /// Starts Prometheus from the generated files. Only addresses and intervals differ.
    #[track_caller]
    pub(crate) fn start(project: &Golden, flags: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        copy(
            &project.path("observability/monitoring/prometheus"),
            directory.path(),
        );
        let path = directory.path().join("prometheus.yml");
        let generated = fs::read_to_string(&path).unwrap();
        let shortened = generated
            .replace("scrape_interval: 15s", "scrape_interval: 1s")
            .replace("scrape_timeout: 10s", "scrape_timeout: 1s")
            .replace("evaluation_interval: 15s", "evaluation_interval: 1s");
        assert_eq!(generated.lines().count(), shortened.lines().count());
        assert_ne!(generated, shortened);
        fs::write(&path, shortened).unwrap();
        let mut command = Command::new(server::program("prometheus", "prometheus"));
        command
            .arg(format!("--config.file={}", path.display()))
            .arg(format!(
                "--storage.tsdb.path={}",
                directory.path().join("data").display()
            ))
            .arg("--web.listen-address=127.0.0.1:0")
            .args(flags);
        let (process, address) = Process::start(&mut command, |line| {
            let rest = line.split_once("msg=\"Listening on\"")?.1;
            Some(rest.split_once("address=")?.1.to_owned())
        });
        Self {
            _process: process,
            directory,
            address,
        }
    }

    /// Puts the address under which a service answers here in the place of the generated one.
    #[track_caller]
    pub(crate) fn aim(&self, service: &str, admin: &str) {
        let path = self
            .directory
            .path()
            .join(format!("targets/{service}.json"));
        let generated = fs::read_to_string(&path).unwrap();
        let mut targets: serde_json::Value = serde_json::from_str(&generated).unwrap();
        let target = &mut targets[0]["targets"][0];
        let begin = format!("{service}:90");
        assert!(target.as_str().unwrap().starts_with(&begin), "{generated}");
        *target = admin.into();
        let staged = self.directory.path().join(format!("{service}.json"));
        fs::write(&staged, targets.to_string()).unwrap();
        // Prometheus watches the folder, and must not read half a file.
        fs::rename(staged, path).unwrap();
    }

    /// What the API answers.
    pub(crate) fn get(
        &self,
        path: &str,
        parameters: &[(&str, &str)],
    ) -> Result<serde_json::Value, String> {
        let url = format!("http://{}{path}", self.address);
        let request = ureq::get(&url).query_pairs(parameters.iter().copied());
        let mut response = request.call().map_err(|error| error.to_string())?;
        response
            .body_mut()
            .read_json()
            .map_err(|error| error.to_string())
    }

    /// The samples that a query returns now.
    pub(crate) fn query(&self, query: &str) -> Result<Vec<serde_json::Value>, String> {
        let answer = self.get("/api/v1/query", &[("query", query)])?;
        let result = &answer["data"]["result"];
        result
            .as_array()
            .cloned()
            .ok_or_else(|| format!("{query}: {answer}"))
    }

    /// The samples that a query returns now, if there are any.
    pub(crate) fn some(&self, query: &str) -> Result<Vec<serde_json::Value>, String> {
        let samples = self.query(query)?;
        if samples.is_empty() {
            return Err(format!("nothing is `{query}`"));
        }
        Ok(samples)
    }

    /// The firing alert of this name for a service, if there is one.
    pub(crate) fn firing(
        &self,
        name: &str,
        service: &str,
    ) -> Result<Option<serde_json::Value>, String> {
        let answer = self.get("/api/v1/alerts", &[])?;
        let alerts = answer["data"]["alerts"]
            .as_array()
            .ok_or("no alerts in the answer")?;
        let found = alerts.iter().find(|alert| {
            let labels = &alert["labels"];
            labels["alertname"] == name
                && labels["service"] == service
                && alert["state"] == "firing"
        });
        Ok(found.cloned())
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
