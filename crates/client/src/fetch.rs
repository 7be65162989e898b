//! fetch: the expected digest first, then the bytes, from the first source that has them.
//!
//! Order: pins or receipt give the digest; then come the caller's file, the bundled folder, the cache, the check for a
//! withdrawal, the mirrors, the release. A source without the file is reported, and the next one is asked. Bytes with
//! another digest end the fetch, from any source: they are never a reason to try the next one. One exception: a damaged
//! file in the cache, which is removed.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::cache::{Cache, CacheEntry, failed, read};
use crate::client::Client;
use crate::copy::Digested;
use crate::error::{FetchError, Found, WrongBytes};
use crate::event::Event;
use crate::expected::ExpectedDigest;
use crate::request::{Fetched, Origin, Request, TrustSource};
use crate::runnable;

/// A verified file: its path, its size, its origin.
pub(crate) type Located = (PathBuf, u64, Origin);

/// Bytes that the caller provides.
struct Given<'g> {
    bytes: &'g mut dyn Read,
    origin: Origin,
}

impl Client {
    /// Returns the path of the verified executable, from the first source that has it.
    ///
    /// # Errors
    /// Every [`FetchError`]; no invalid file stays on disk. A partial download stays in the cache, apart from the
    /// executables, and is resumed.
    pub fn fetch(&self, request: &Request) -> Result<Fetched, FetchError> {
        self.obtain(request, None)
    }

    /// Fetches as [`Self::fetch`], but the bytes come from a file, and go into the cache once they are verified. With
    /// [`crate::Trust::Pins`] and without a check for a withdrawal, the network is not used.
    ///
    /// # Errors
    /// Every [`FetchError`]; the file itself is never changed.
    pub fn fetch_from_file(&self, request: &Request, file: &Path) -> Result<Fetched, FetchError> {
        let mut bytes = open_plain(file)?;
        let origin = Origin::File(file.to_owned());
        let bytes = &mut bytes;
        self.obtain(request, Some(Given { bytes, origin }))
    }

    /// Fetches as [`Self::fetch_from_file`], from any stream, which the caller names. If the executable is in the
    /// cache, nothing is read.
    ///
    /// # Errors
    /// Every [`FetchError`].
    pub fn fetch_from_reader(
        &self,
        request: &Request,
        name: &str,
        bytes: &mut dyn Read,
    ) -> Result<Fetched, FetchError> {
        let origin = Origin::Stream(name.to_owned());
        self.obtain(request, Some(Given { bytes, origin }))
    }

    fn obtain(&self, request: &Request, given: Option<Given<'_>>) -> Result<Fetched, FetchError> {
        let expected = self.expected(request)?;
        if expected.size.is_some_and(|size| size > self.max_size) {
            return Err(FetchError::TooLarge {
                what: request.asset.to_string(),
                limit: self.max_size,
            });
        }
        let here = match &given {
            Some(given) if matches!(given.origin, Origin::File(_)) => None,
            Some(_) => self.cached(request, &expected)?,
            None => match self.bundled(request, &expected)? {
                Some(bundled) => Some(bundled),
                None => self.cached(request, &expected)?,
            },
        };
        let near = here.is_some() || !self.mirrors.is_empty();
        let mut withdrawal =
            self.withdrawal(request, near && expected.ground == TrustSource::Pins)?;
        let (path, size, origin) = match (here, given) {
            (Some(here), _) => here,
            (None, Some(given)) => self.copied(request, &expected, given)?,
            (None, None) => self.downloaded(request, &expected, &mut withdrawal)?,
        };
        if self.executable {
            runnable::check(&path)?;
        }
        if let Some(cache) = &self.cache {
            expected.remember(cache, &request.source);
            withdrawal.remember(cache, &request.source);
        }
        Ok(Fetched {
            path,
            sha256: expected.sha256,
            size,
            ground: expected.ground,
            origin,
            withdrawal,
        })
    }

    /// Returns the file of the bundled folder, in place or copied into the cache.
    fn bundled(
        &self,
        request: &Request,
        expected: &ExpectedDigest,
    ) -> Result<Option<Located>, FetchError> {
        let Some(folder) = &self.bundled else {
            return Ok(None);
        };
        let path = folder.join(request.asset.as_str());
        if !path.is_file() {
            let place = format!("the bundled folder {}", folder.display());
            self.missed(&place, &format!("it has no {}", request.asset));
            return Ok(None);
        }
        let mut file = open_plain(&path)?;
        let origin = Origin::Bundled(path.clone());
        if !runnable::may_execute(&path) {
            let bytes = &mut file;
            return self
                .copied(request, expected, Given { bytes, origin })
                .map(Some);
        }
        let found = read(&mut file).map_err(failed("read", &path))?;
        verify(request, expected, &origin, found)?;
        Ok(Some((path, found.size, origin)))
    }

    /// Returns the file of the cache.
    pub(crate) fn cached(
        &self,
        request: &Request,
        expected: &ExpectedDigest,
    ) -> Result<Option<Located>, FetchError> {
        let why = match self.cache()?.get(expected.sha256, &request.asset)? {
            CacheEntry::Whole { path, size } => {
                let sha256 = expected.sha256;
                verify(request, expected, &Origin::Cache, Digested { sha256, size })?;
                return Ok(Some((path, size, Origin::Cache)));
            }
            CacheEntry::Nothing => "it is not there",
            CacheEntry::Damaged => "it was damaged and has been removed",
        };
        self.missed("the cache", why);
        Ok(None)
    }

    pub(crate) fn cache(&self) -> Result<&Cache, FetchError> {
        self.cache.as_ref().ok_or(FetchError::NoCache)
    }

    pub(crate) fn missed(&self, place: &str, why: &str) {
        self.line(&self.retry).tell(&Event::Missed { place, why });
    }

    /// Copies bytes into the cache. They cost no traffic, so no process waits for another.
    fn copied(
        &self,
        request: &Request,
        expected: &ExpectedDigest,
        given: Given<'_>,
    ) -> Result<Located, FetchError> {
        let lock = self.cache()?.alone()?;
        self.copy_into(request, expected, lock, given.bytes, &given.origin)
            .map(|(path, size)| (path, size, given.origin))
    }
}

pub(crate) fn open_plain(path: &Path) -> Result<File, FetchError> {
    let found = std::fs::metadata(path).map_err(failed("read", path))?;
    if !found.is_file() {
        let error = std::io::Error::other("it is not a plain file");
        return Err(failed("read", path)(error));
    }
    File::open(path).map_err(failed("read", path))
}

pub(crate) fn verify(
    request: &Request,
    expected: &ExpectedDigest,
    origin: &Origin,
    found: Digested,
) -> Result<(), FetchError> {
    if found.sha256 == expected.sha256 && expected.size.is_none_or(|size| size == found.size) {
        return Ok(());
    }
    let found = Found::File {
        sha256: found.sha256,
        size: found.size,
    };
    Err(wrong(request, expected, origin, found))
}

pub(crate) fn wrong(
    request: &Request,
    expected: &ExpectedDigest,
    origin: &Origin,
    found: Found,
) -> FetchError {
    FetchError::WrongBytes(Box::new(WrongBytes {
        what: request.asset.to_string(),
        origin: origin.clone(),
        ground: expected.ground,
        expected: expected.sha256,
        expected_size: expected.size,
        found,
    }))
}
