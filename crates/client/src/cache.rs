//! The cache: verified executables, keyed by digest.
//!
//! `{cache}/sha256/{digest}/{asset}`, written to a temporary file beside the digests' directories and renamed, so that
//! whoever looks sees a whole file or none, whatever other processes do. Nothing in it is believed: each use hashes the
//! file again. `{cache}/receipts/` holds the last receipt that was verified of each release, for offline use only.
//! Does not know where the bytes come from.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::digest::{Digest, PumpError, pump};
use crate::error::FetchError;
use crate::names::{AssetName, Source};

pub(crate) struct Cache {
    root: PathBuf,
}

impl Cache {
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// The executable of a digest, if it is here, hashed just now, with its size. One that is damaged is removed.
    pub(crate) fn get(
        &self,
        sha256: Digest,
        asset: &AssetName,
    ) -> Result<Option<(PathBuf, u64)>, FetchError> {
        let path = self.entry(sha256, asset);
        let found = match fs::symlink_metadata(&path) {
            Err(error) if is_absent(&error) => return Ok(None),
            found => found.map_err(failed("look for", &path))?,
        };
        if !found.is_file() {
            remove(&path).map_err(failed("remove what is no file,", &path))?;
            return Ok(None);
        }
        let mut file = match File::open(&path) {
            Err(error) if is_absent(&error) => return Ok(None),
            file => file.map_err(failed("read", &path))?,
        };
        let pumped = match pump(&mut file, &mut io::sink(), u64::MAX, &mut |_| ()) {
            Ok(pumped) => pumped,
            Err(PumpError::Read(error) | PumpError::Write(error)) => {
                return Err(failed("read", &path)(error));
            }
            Err(PumpError::Longer) => return Ok(None),
        };
        if pumped.sha256 == sha256 {
            make_executable_if_it_is_not(&file).map_err(failed("make executable", &path))?;
            return Ok(Some((path, pumped.size)));
        }
        // Another process may have mended it meanwhile: then it is another file, and is left alone.
        if is_same_file(&file, &path) {
            remove(&path).map_err(failed("remove the damaged file", &path))?;
        }
        Ok(None)
    }

    /// A new file to write to, on the file system of the entries; it vanishes unless it is kept.
    pub(crate) fn temporary(&self) -> Result<NamedTempFile, FetchError> {
        let directory = self.root.join("sha256");
        fs::create_dir_all(&directory).map_err(failed("create the cache directory", &directory))?;
        let made = tempfile::Builder::new()
            .prefix(".incomplete-")
            .tempfile_in(&directory);
        made.map_err(failed("write into the cache directory", &directory))
    }

    /// Makes a temporary file, written and verified, the executable of its digest.
    pub(crate) fn keep(
        &self,
        file: NamedTempFile,
        sha256: Digest,
        asset: &AssetName,
    ) -> Result<PathBuf, FetchError> {
        let path = self.entry(sha256, asset);
        let keep = || {
            make_executable(file.as_file())?;
            file.as_file().sync_all()?;
            let directory = path.parent().unwrap_or(&self.root);
            fs::create_dir_all(directory)?;
            file.persist(&path).map_err(|error| error.error)?;
            sync_directory(directory)
        };
        keep().map_err(failed("put the executable at", &path))?;
        Ok(path)
    }

    /// The receipt of a release that was verified last, if there is one.
    pub(crate) fn receipt(
        &self,
        source: &Source,
    ) -> Result<Option<(PathBuf, Vec<u8>)>, FetchError> {
        let path = self.receipt_path(source);
        match fs::read(&path) {
            Err(error) if is_absent(&error) => Ok(None),
            read => read
                .map_err(failed("read", &path))
                .map(|bytes| Some((path, bytes))),
        }
    }

    /// Remembers a receipt that was verified, and that verified an executable.
    pub(crate) fn keep_receipt(&self, source: &Source, bytes: &[u8]) -> io::Result<()> {
        let path = self.receipt_path(source);
        let directory = path.parent().unwrap_or(&self.root);
        fs::create_dir_all(directory)?;
        let mut file = tempfile::Builder::new()
            .prefix(".incomplete-")
            .tempfile_in(directory)?;
        io::Write::write_all(&mut file, bytes)?;
        file.persist(&path).map_err(|error| error.error)?;
        Ok(())
    }

    fn entry(&self, sha256: Digest, asset: &AssetName) -> PathBuf {
        self.root
            .join("sha256")
            .join(sha256.to_string())
            .join(asset.as_str())
    }

    // The server is part of the path: two may have a repository of one name.
    fn receipt_path(&self, source: &Source) -> PathBuf {
        let server = source.server().directory_name();
        self.root
            .join("receipts")
            .join(server)
            .join(source.repository())
            .join(format!("{}.json", source.tag()))
    }
}

pub(crate) fn failed(doing: &'static str, path: &Path) -> impl Fn(io::Error) -> FetchError {
    let path = path.to_owned();
    move |source| FetchError::Cache {
        doing,
        path: path.clone(),
        source,
    }
}

fn is_absent(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

fn remove(path: &Path) -> io::Result<()> {
    let directory = fs::symlink_metadata(path).is_ok_and(|found| found.is_dir());
    match if directory {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    } {
        Err(error) if !is_absent(&error) => Err(error),
        _ => Ok(()),
    }
}

#[cfg(unix)]
fn is_same_file(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_same_file(_: &File, _: &Path) -> bool {
    true
}

#[cfg(unix)]
fn make_executable(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn make_executable_if_it_is_not(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    if file.metadata()?.permissions().mode() & 0o111 == 0o111 {
        Ok(())
    } else {
        make_executable(file)
    }
}

#[cfg(not(unix))]
fn make_executable_if_it_is_not(_: &File) -> io::Result<()> {
    Ok(())
}

// The name of a file lasts over a power cut only once its directory is written too.
#[cfg(unix)]
fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

#[cfg(not(unix))]
fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}
