//! A wall clock that is set while a process of its own goes by it.

use std::{
    fs::{self, File, OpenOptions},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

/// A clock is right as it is made.
pub(crate) struct WrongClock {
    path: PathBuf,
    file: File,
}

impl WrongClock {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("clock-{}-{number}", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let file = OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .open(&path)
            .unwrap();
        let clock = Self { path, file };
        clock.set(0);
        clock
    }

    /// Sets it to so many seconds after the right time.
    pub(crate) fn set(&self, ahead: i64) {
        self.file.write_all_at(&ahead.to_ne_bytes(), 0).unwrap();
    }

    /// Has the process go by it that `command` starts.
    pub(crate) fn rule(&self, command: &mut Command) {
        command
            .env("LD_PRELOAD", library())
            .env("WRONG_CLOCK", &self.path);
    }
}

impl Drop for WrongClock {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// What is asked for the time instead of the system's library.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/events/fault/clock/wrong.c");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let made = folder.join(format!("wrong-clock-{}.so", std::process::id()));
        let compiled = Command::new("cc")
            .args("-std=c17 -O2 -Wall -Wextra -Werror -shared -fPIC -pthread -o".split(' '))
            .args([&made, &source])
            .output()
            .unwrap_or_else(|error| panic!("`cc`: {error}; install a compiler of C"));
        assert!(compiled.status.success(), "{compiled:?}");
        // Under one name, however many processes make it: it is the same.
        let library = folder.join("wrong-clock.so");
        fs::rename(made, &library).unwrap();
        library
    })
}
