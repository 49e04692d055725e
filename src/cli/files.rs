//! Small files: read within bounds; written whole or not at all, for this user alone.

use std::fs::{DirBuilder, File, TryLockError};
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;

/// No token, certificate or configuration is larger; a device that never ends is.
const LARGEST: u64 = 1 << 20;

/// Reads all of a small file.
///
/// # Errors
///
/// If it cannot be read, or is not small.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    read_all(File::open(path)?)
}

/// Reads all that there is, if it is not much.
///
/// # Errors
///
/// As [`read`].
pub fn read_all(from: impl Read) -> io::Result<Vec<u8>> {
    read_within(LARGEST, from)
}

/// Reads all that there is, if it is at most that many bytes.
///
/// # Errors
///
/// If it cannot be read, or is larger.
pub fn read_within(most: u64, from: impl Read) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    from.take(most + 1).read_to_end(&mut content)?;
    if content.len() as u64 > most {
        return Err(io::Error::other(format!("it is larger than {} MiB", most >> 20)));
    }
    Ok(content)
}

/// Reads a small text file.
///
/// # Errors
///
/// As [`read`], and if it is not UTF-8.
pub fn read_text(path: &Path) -> io::Result<String> {
    String::from_utf8(read(path)?).map_err(|_| io::Error::other("it is not UTF-8"))
}

/// Replaces the file's content; the file is 0600, a directory that has to be made 0700.
///
/// # Errors
///
/// If a step fails. What was there before is then still there.
pub fn write(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    // Replacing a link would leave the file that it points to as it was.
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let directory = directory_of(&target);
    make_directory(&directory)?;
    let context = || format!("failed to create file {}", path.display());
    let mut file = tempfile::NamedTempFile::new_in(&directory).with_context(context)?;
    // Not through the wrapper, which adds its own name to the error.
    file.as_file_mut().write_all(content).with_context(context)?;
    file.as_file().sync_all().with_context(context)?;
    file.persist(&target).map_err(|error| error.error).with_context(context)?;
    Ok(())
}

/// Makes a directory, and those above it, for this user alone. One that exists stays as it is.
///
/// # Errors
///
/// If it cannot be made.
pub fn make_directory(path: &Path) -> anyhow::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).with_context(|| format!("failed to create directory {}", path.display()))
}

/// Removes a file; one that is not there is as good.
///
/// # Errors
///
/// If it is there and cannot be removed.
pub fn remove(path: &Path) -> anyhow::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("failed to remove file {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// So long another run may keep a file for itself. Each needs a moment only.
const PATIENCE: Duration = Duration::from_secs(5);

/// Keeps other runs of the program from reading and changing a file, until it is dropped.
///
/// # Errors
///
/// If the file beside it that serves as the lock cannot be made, or another run does not let go.
pub fn lock(path: &Path) -> anyhow::Result<File> {
    make_directory(&directory_of(path))?;
    let beside = path.with_extension("lock");
    let file =
        File::create(&beside).with_context(|| format!("failed to create file {}", beside.display()))?;
    wait_for(&beside, || file.try_lock())?;
    Ok(file)
}

/// Keeps other runs from changing a file while it is read, until it is dropped.
///
/// # Errors
///
/// If another run does not let go.
pub fn lock_for_reading(path: &Path) -> anyhow::Result<Option<File>> {
    let beside = path.with_extension("lock");
    // Without it nobody has ever changed the file.
    let Ok(file) = File::open(&beside) else { return Ok(None) };
    wait_for(&beside, || file.try_lock_shared())?;
    Ok(Some(file))
}

fn wait_for(path: &Path, attempt: impl Fn() -> Result<(), TryLockError>) -> anyhow::Result<()> {
    let until = Instant::now() + PATIENCE;
    while let Err(TryLockError::WouldBlock) = attempt() {
        if Instant::now() > until {
            anyhow::bail!("another run of the program has locked {}", path.display());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    // Some network file systems know no locks: then we go on without.
    Ok(())
}

/// Where something is to be written that must not be lost.
#[derive(Debug)]
pub enum Target {
    Stdout,
    /// A pipe, a device, whatever a process has open: put a file in its place, and it would be gone.
    Open(PathBuf),
    /// A file that is there or not; links are followed.
    File(PathBuf),
}

impl Target {
    /// What a path means.
    ///
    /// # Errors
    ///
    /// If it is a link to nothing.
    pub fn of(path: &Path) -> anyhow::Result<Self> {
        if ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"].iter().any(|stdout| path == Path::new(stdout))
        {
            return Ok(Target::Stdout);
        }
        if path.starts_with("/dev") || path.starts_with("/proc") || (path.exists() && !path.is_file()) {
            return Ok(Target::Open(path.to_owned()));
        }
        match std::fs::canonicalize(path) {
            Ok(real) => Ok(Target::File(real)),
            Err(_) if path.is_symlink() => Err(anyhow::anyhow!("{} is a link to nothing", path.display())),
            Err(_) => Ok(Target::File(path.to_owned())),
        }
    }
}

fn directory_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}
