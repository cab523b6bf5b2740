//! The few things that applying a plan does to a disk, so that a test can make each of them fail.

use std::fmt::Debug;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

/// Where a plan is applied. What fails may leave a part of its effect behind.
pub trait FileSystem: Debug {
    /// Makes a directory that does not exist, in one that does.
    ///
    /// # Errors
    /// As the operating system says.
    fn create_directory(&self, path: &Path) -> io::Result<()>;

    /// Writes a file that does not exist.
    ///
    /// # Errors
    /// As the operating system says, also if the file exists.
    fn write_new(&self, path: &Path, content: &[u8]) -> io::Result<()>;

    /// Gives `path` the permissions of `like`.
    ///
    /// # Errors
    /// As the operating system says.
    fn copy_permissions(&self, path: &Path, like: &Path) -> io::Result<()>;

    /// Copies a file to a path where nothing is.
    ///
    /// # Errors
    /// As the operating system says.
    fn copy(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Moves a file or directory to a path where nothing is, or where a file is that it replaces
    /// in one step.
    ///
    /// # Errors
    /// As the operating system says.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// As the operating system says.
    fn remove_file(&self, path: &Path) -> io::Result<()>;

    /// Removes an empty directory.
    ///
    /// # Errors
    /// As the operating system says, also if it is not empty.
    fn remove_directory(&self, path: &Path) -> io::Result<()>;
}

/// The disk.
#[derive(Debug, Clone, Copy, Default)]
pub struct Disk;

impl FileSystem for Disk {
    fn create_directory(&self, path: &Path) -> io::Result<()> {
        fs::create_dir(path)
    }

    fn write_new(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
        file.write_all(content)
    }

    fn copy_permissions(&self, path: &Path, like: &Path) -> io::Result<()> {
        fs::set_permissions(path, fs::metadata(like)?.permissions())
    }

    fn copy(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::copy(from, to).map(|_| ())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_directory(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }
}
