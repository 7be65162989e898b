//! What the cache stores besides executables: receipts for offline use, and the numbers of repositories.
//!
//! Both are stored only for releases that have verified an executable. A stored number is compared with every later
//! receipt: a renamed repository keeps its number, and another repository that took its name has a different one.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use lockgate_format::ids::RepositoryId;

use super::{Cache, failed, is_absent};

use crate::error::FetchError;
use crate::names::Source;

impl Cache {
    /// Returns the receipt of a release that was verified last, if there is one.
    pub(crate) fn receipt(
        &self,
        source: &Source,
    ) -> Result<Option<(PathBuf, Vec<u8>)>, FetchError> {
        let path = self.receipt_path(source);
        let bytes = read(&path)?;
        Ok(bytes.map(|bytes| (path, bytes)))
    }

    /// Stores a receipt.
    pub(crate) fn keep_receipt(&self, source: &Source, bytes: &[u8]) -> io::Result<()> {
        write(&self.receipt_path(source), bytes)
    }

    /// Returns the repository's number, as it was when its receipt first verified an executable here.
    pub(crate) fn repository_id(
        &self,
        source: &Source,
    ) -> Result<Option<RepositoryId>, FetchError> {
        let path = self.repository_path(source);
        let Some(bytes) = read(&path)? else {
            return Ok(None);
        };
        let number = str::from_utf8(&bytes)
            .ok()
            .and_then(|text| text.trim().parse().ok().map(RepositoryId));
        let unreadable = || io::Error::other("it holds no number");
        number
            .map(Some)
            .ok_or_else(|| failed("use the repository's number in", &path)(unreadable()))
    }

    /// Stores the number of a repository.
    pub(crate) fn keep_repository_id(&self, source: &Source, id: RepositoryId) -> io::Result<()> {
        write(&self.repository_path(source), format!("{id}\n").as_bytes())
    }

    // The server is part of the path: two servers may have a repository of the same name.
    fn receipt_path(&self, source: &Source) -> PathBuf {
        self.below("receipts", source)
            .join(format!("{}.json", source.tag()))
    }

    fn repository_path(&self, source: &Source) -> PathBuf {
        self.below("repositories", source).join("number")
    }

    pub(super) fn below(&self, kind: &str, source: &Source) -> PathBuf {
        let server = source.server().directory_name();
        self.root
            .join(kind)
            .join(server)
            .join(source.repository().as_str().to_ascii_lowercase())
    }
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, FetchError> {
    match fs::read(path) {
        Err(error) if is_absent(&error) => Ok(None),
        read => read.map(Some).map_err(failed("read", path)),
    }
}

pub(super) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let directory = path.parent().unwrap_or(path);
    fs::create_dir_all(directory)?;
    let mut file = tempfile::Builder::new()
        .prefix(".incomplete-")
        .tempfile_in(directory)?;
    file.write_all(bytes)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
