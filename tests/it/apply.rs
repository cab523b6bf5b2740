//! All or nothing: whatever fails on the way, the directory is as it was before.

use std::cell::Cell;
use std::io;
use std::path::Path;

use marty::scaffold::{self, Disk, FileSystem, Kind, Plan, Request, Site};

use crate::sandbox::{Sandbox, files, tree};

/// When a step fails.
#[derive(Debug, Clone, Copy)]
enum Failing {
    /// Before it has any effect.
    AtOnce,
    /// With half a file written, or with everything done but said otherwise.
    HalfWay,
}

/// A disk whose step number `failing` fails, and no other.
#[derive(Debug)]
struct Faulty {
    disk: Disk,
    steps: Cell<usize>,
    failing: usize,
    how: Failing,
    /// Whether no file can be removed.
    keeps_files: bool,
}

impl Faulty {
    fn new(failing: usize) -> Self {
        Self {
            disk: Disk,
            steps: Cell::new(0),
            failing,
            how: Failing::AtOnce,
            keeps_files: false,
        }
    }

    /// Takes the step `whole`, or fails, if it must half way after `half` of it.
    fn step(
        &self,
        whole: impl FnOnce() -> io::Result<()>,
        half: impl FnOnce() -> io::Result<()>,
    ) -> io::Result<()> {
        let step = self.steps.get();
        self.steps.set(step + 1);
        match (step == self.failing, self.how) {
            (false, _) => return whole(),
            (true, Failing::AtOnce) => {}
            (true, Failing::HalfWay) => half().unwrap(),
        }
        Err(io::ErrorKind::StorageFull.into())
    }

    /// Takes a step that is taken as a whole even where it says that it failed.
    fn whole_step(&self, step: impl Fn() -> io::Result<()>) -> io::Result<()> {
        self.step(&step, &step)
    }
}

impl FileSystem for Faulty {
    fn create_directory(&self, path: &Path) -> io::Result<()> {
        self.whole_step(|| self.disk.create_directory(path))
    }

    fn write_new(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        let half = &content[..content.len() / 2];
        let write = |content| self.disk.write_new(path, content);
        self.step(|| write(content), || write(half))
    }

    fn copy_permissions(&self, path: &Path, like: &Path) -> io::Result<()> {
        self.whole_step(|| self.disk.copy_permissions(path, like))
    }

    fn copy(&self, from: &Path, to: &Path) -> io::Result<()> {
        let half = || {
            let content = std::fs::read(from)?;
            std::fs::write(to, &content[..content.len() / 2])
        };
        self.step(|| self.disk.copy(from, to), half)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.whole_step(|| self.disk.rename(from, to))
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        if self.keeps_files {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        self.disk.remove_file(path)
    }

    fn remove_directory(&self, path: &Path) -> io::Result<()> {
        self.disk.remove_directory(path)
    }
}

fn plan(root: &Path, name: &str) -> Plan {
    let request = Request {
        with: Vec::new(),
        name: name.parse().unwrap(),
        kind: Kind::Http,
    };
    let site = Site::inspect(root, &request).unwrap();
    Plan::new(&request, &site).unwrap()
}

/// Makes every step fail in turn in each of the ways, and returns how many steps there are.
#[track_caller]
fn every_failure_leaves_nothing(sandbox: &Sandbox, plan: &Plan, ways: &[Failing]) -> usize {
    let before = sandbox.tree();
    for failing in 0.. {
        for &how in ways {
            let files = Faulty {
                how,
                ..Faulty::new(failing)
            };
            match scaffold::apply(plan, &files, &|| false) {
                Ok(leftover) => {
                    assert_eq!(leftover, None);
                    return failing;
                }
                Err(error) => {
                    let left = error.left_behind();
                    assert!(left.is_empty(), "step {failing} failed {how:?}: {left:?}");
                    assert!(sandbox.tree() == before, "step {failing} failed {how:?}");
                }
            }
        }
    }
    unreachable!("there are only so many steps")
}

#[test]
fn a_failure_leaves_nothing_of_a_new_project() {
    let sandbox = Sandbox::new();
    let root = sandbox.path().canonicalize().unwrap().join("new/shop");
    let plan = plan(&root, "user-service");
    let steps = every_failure_leaves_nothing(&sandbox, &plan, &[Failing::HalfWay]);
    assert!(
        steps > plan.changes().len(),
        "every file is written in a step of its own"
    );
    let files = files(&tree(&root));
    assert_eq!(files, plan.changes().len());
}

#[test]
fn a_failure_leaves_an_empty_directory_empty() {
    let sandbox = Sandbox::new();
    let plan = plan(sandbox.path(), "user-service");
    every_failure_leaves_nothing(&sandbox, &plan, &[Failing::AtOnce]);
    assert_eq!(files(&sandbox.tree()), plan.changes().len());
}

#[test]
fn a_failure_leaves_a_project_as_it_was() {
    let sandbox = Sandbox::with_project();
    let root = sandbox.join("shop");
    let before = tree(&root);
    let plan = plan(&root, "order-service");
    every_failure_leaves_nothing(&sandbox, &plan, &[Failing::AtOnce, Failing::HalfWay]);
    let changed: Vec<String> = tree(&root)
        .into_iter()
        .filter(|(path, content)| before.get(path).is_some_and(|old| old != content))
        .map(|(path, _)| path)
        .collect();
    assert_eq!(changed, [".marty/lock.toml", "Cargo.lock", "marty.toml"]);
}

#[test]
fn what_cannot_be_taken_back_is_named() {
    let sandbox = Sandbox::new();
    let plan = plan(
        &sandbox.path().canonicalize().unwrap().join("shop"),
        "user-service",
    );
    let files = Faulty {
        keeps_files: true,
        ..Faulty::new(10)
    };
    let error = scaffold::apply(&plan, &files, &|| false).unwrap_err();
    let left: Vec<_> = sandbox
        .tree()
        .into_iter()
        .filter(|(_, node)| node.is_file())
        .collect();
    assert!(!left.is_empty());
    for (path, _) in left {
        let path = sandbox.path().canonicalize().unwrap().join(path);
        assert!(error.left_behind().contains(&path), "{}", path.display());
    }
    assert!(
        error.hints()[0].contains("could not be put back"),
        "{:?}",
        error.hints()
    );
}

#[test]
fn a_staging_directory_that_stays_is_named_and_stops_the_next_run() {
    let sandbox = Sandbox::with_project();
    let root = sandbox.join("shop").canonicalize().unwrap();
    let files = Faulty {
        keeps_files: true,
        ..Faulty::new(usize::MAX)
    };
    let left = scaffold::apply(&plan(&root, "order-service"), &files, &|| false).unwrap();
    let staging = root.join(".marty-staging");
    assert_eq!(left.as_deref(), Some(staging.as_path()));
    let before = sandbox.tree();
    let error = scaffold::apply(&plan(&root, "cart-service"), &Disk, &|| false).unwrap_err();
    assert!(
        error.to_string().contains("another run is at work here"),
        "{error}"
    );
    assert!(
        error.hints()[1].contains(&*staging.to_string_lossy()),
        "{:?}",
        error.hints()
    );
    assert_eq!(sandbox.tree(), before);
}

/// Wherever the signal comes, everything is there or nothing is.
#[cfg(unix)]
#[test]
fn a_signal_leaves_all_or_nothing() {
    use std::process::{Command, Stdio};

    let mut interrupted = 0;
    for round in 0..40 {
        let sandbox = Sandbox::new();
        let mut child = sandbox
            .marty(["new", "user-service"])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let signal = ["INT", "TERM", "HUP", "QUIT"][round % 4];
        // The later the round, the longer the program has had.
        for _ in 0..round * 20 {
            std::thread::yield_now();
        }
        let sent = Command::new("kill")
            .args(["-s", signal, &child.id().to_string()])
            .output();
        drop(sent);
        let status = child.wait().unwrap();
        if status.success() {
            assert!(sandbox.join("user-service/.marty/lock.toml").is_file());
        } else {
            assert!(
                sandbox.tree().is_empty(),
                "round {round}: {:?}",
                sandbox.tree().keys()
            );
            interrupted += 1;
        }
    }
    assert!(interrupted > 0, "no signal came in time");
}

#[test]
fn an_interruption_at_any_point_leaves_nothing() {
    let sandbox = Sandbox::with_project();
    let plan = plan(&sandbox.join("shop"), "order-service");
    let before = sandbox.tree();
    for point in 0.. {
        let asked = Cell::new(0);
        let interrupted = || {
            asked.set(asked.get() + 1);
            asked.get() > point
        };
        match scaffold::apply(&plan, &Disk, &interrupted) {
            Ok(_) => break,
            Err(error) => {
                assert!(
                    error.to_string().starts_with("interrupted before `"),
                    "{error}"
                );
                assert_eq!(sandbox.tree(), before, "point {point}");
            }
        }
    }
    assert_ne!(sandbox.tree(), before, "in the end nothing interrupted it");
}

#[test]
fn what_somebody_else_changed_meanwhile_is_kept() {
    let sandbox = Sandbox::with_project();
    let plan = plan(&sandbox.join("shop"), "order-service");
    sandbox.write("shop/marty.toml", "# edited meanwhile\n");
    let before = sandbox.tree();
    let error = scaffold::apply(&plan, &Disk, &|| false).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("somebody else has just changed `"),
        "{error}"
    );
    assert_eq!(sandbox.tree(), before);
}

#[test]
fn what_somebody_else_created_meanwhile_is_kept() {
    let sandbox = Sandbox::with_project();
    let plan = plan(&sandbox.join("shop"), "order-service");
    sandbox.write("shop/services/order-service/Cargo.toml", "mine\n");
    let before = sandbox.tree();
    let error = scaffold::apply(&plan, &Disk, &|| false).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("somebody else has just created `"),
        "{error}"
    );
    assert_eq!(sandbox.tree(), before);
}

#[cfg(unix)]
#[test]
fn a_link_that_somebody_just_put_in_place_of_a_file_is_not_replaced() {
    let sandbox = Sandbox::with_project();
    let plan = plan(&sandbox.join("shop"), "order-service");
    std::fs::rename(
        sandbox.join("shop/marty.toml"),
        sandbox.join("elsewhere.toml"),
    )
    .unwrap();
    std::os::unix::fs::symlink("../elsewhere.toml", sandbox.join("shop/marty.toml")).unwrap();
    let before = sandbox.tree();
    let error = scaffold::apply(&plan, &Disk, &|| false).unwrap_err();
    assert!(error.to_string().contains("this is a link"), "{error}");
    assert_eq!(sandbox.tree(), before);
}
