//! fetch: what we believe in, then the bytes, from the nearest place that has them.
//!
//! Order: the belief (pins or receipt) gives the digest; the cache; the withdrawal; the mirrors; the release. Whatever
//! does not match the digest ends the fetch, wherever it came from: it is never a reason to try the next place.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::address::Address;
use crate::belief::Belief;
use crate::cache::{Cache, failed};
use crate::client::{Client, given_up};
use crate::digest::{PumpError, Pumped, pump};
use crate::error::{FetchError, Found, Tried, WrongBytes};
use crate::http::Trouble;
use crate::options::Retry;
use crate::request::{Fetched, Ground, Origin, Request};
use crate::transfer::{Bounds, Stopped};
use crate::withdrawn::WithdrawalCheck;

impl Client {
    /// Gives the path of the verified executable, downloading it if the cache lacks it.
    ///
    /// # Errors
    /// Every [`FetchError`]; nothing that is not verified stays on disk.
    pub fn fetch(&self, request: &Request) -> Result<Fetched, FetchError> {
        self.obtain(request, None)
    }

    /// As [`Self::fetch`], but the bytes come from a file, and go into the cache once they are verified. With
    /// [`crate::Trust::Pins`] and without a check for a withdrawal, the network is not used.
    ///
    /// # Errors
    /// Every [`FetchError`]; the file itself is never changed.
    pub fn fetch_from_file(&self, request: &Request, file: &Path) -> Result<Fetched, FetchError> {
        self.obtain(request, Some(file))
    }

    fn obtain(&self, request: &Request, file: Option<&Path>) -> Result<Fetched, FetchError> {
        let cache = self.cache.as_ref().ok_or(FetchError::NoCache)?;
        let belief = self.belief(request, cache)?;
        if belief.size.is_some_and(|size| size > self.max_size) {
            return Err(FetchError::TooLarge {
                what: request.asset.to_string(),
                limit: self.max_size,
            });
        }
        let cached = match file {
            Some(_) => None,
            None => cache.get(belief.sha256, &request.asset)?,
        };
        let withdrawal =
            self.withdrawal(request, belief.ground == Ground::Pins && cached.is_some())?;
        let (path, size, origin) = match (cached, file) {
            (Some((path, size)), _) => {
                let pumped = Pumped {
                    sha256: belief.sha256,
                    size,
                };
                verify(request, &belief, &Origin::Cache, pumped)?;
                (path, size, Origin::Cache)
            }
            (None, Some(file)) => self.copied(request, &belief, cache, file)?,
            (None, None) => self.downloaded(request, &belief, cache)?,
        };
        if let Some(receipt) = &belief.receipt {
            // A convenience for later: the executable is here and verified, so a full disk is no reason to fail.
            drop(cache.keep_receipt(&request.source, receipt));
        }
        Ok(Fetched {
            path,
            sha256: belief.sha256,
            size,
            ground: belief.ground,
            origin,
            withdrawal,
        })
    }

    // See the module `withdrawn` for the exception.
    fn withdrawal(
        &self,
        request: &Request,
        may_be_unreachable: bool,
    ) -> Result<WithdrawalCheck, FetchError> {
        if !request.check_withdrawn || self.offline {
            return Ok(WithdrawalCheck::NotAsked);
        }
        // Nobody waits three times for an answer that can be done without.
        let attempts = if may_be_unreachable {
            1
        } else {
            self.retry.attempts
        };
        match self.look_for_withdrawal(
            &request.source,
            &Retry {
                attempts,
                ..self.retry.clone()
            },
        ) {
            Ok(()) => Ok(WithdrawalCheck::None),
            Err(FetchError::Network { .. }) if may_be_unreachable => {
                Ok(WithdrawalCheck::Unreachable)
            }
            Err(error) => Err(error),
        }
    }

    fn downloaded(
        &self,
        request: &Request,
        belief: &Belief,
        cache: &Cache,
    ) -> Result<(PathBuf, u64, Origin), FetchError> {
        let (source, asset) = (&request.source, &request.asset);
        if self.offline {
            return Err(FetchError::Offline {
                what: asset.to_string(),
            });
        }
        let mut tried = Vec::new();
        for mirror in &self.mirrors {
            let address = mirror.join(&format!("{}/{asset}", source.tag()));
            let origin = Origin::Mirror(address.to_string());
            match self.download(request, belief, cache, &address, &origin)? {
                Ok((path, size)) => return Ok((path, size, origin)),
                Err(Trouble::Absent { status }) => {
                    tried.push(Tried {
                        address: address.to_string(),
                        problem: format!("it answered {status}"),
                    });
                }
                Err(Trouble::Network { problem, .. }) => tried.push(Tried {
                    address: address.to_string(),
                    problem,
                }),
            }
        }
        let address = source.address_of(asset);
        let origin = Origin::Release(address.to_string());
        match self.download(request, belief, cache, &address, &origin)? {
            Ok((path, size)) => Ok((path, size, origin)),
            Err(trouble) => Err(given_up(asset, &address, trouble, tried)),
        }
    }

    /// The outer error ends the fetch, the inner one only this address.
    fn download(
        &self,
        request: &Request,
        belief: &Belief,
        cache: &Cache,
        address: &Address,
        origin: &Origin,
    ) -> Result<Result<(PathBuf, u64), Trouble>, FetchError> {
        let bounds = Bounds {
            size: belief.size,
            most: self.max_size,
        };
        let mut temporary = cache.temporary()?;
        match self.receive(address, &request.asset, bounds, temporary.as_file_mut()) {
            Ok(pumped) => {
                verify(request, belief, origin, pumped)?;
                let path = cache.keep(temporary, belief.sha256, &request.asset)?;
                Ok(Ok((path, pumped.size)))
            }
            Err(Stopped::Trouble(trouble)) => Ok(Err(trouble)),
            Err(Stopped::Longer) => Err(longer(request, belief, origin, bounds)),
            Err(Stopped::Disk(error)) => Err(failed("write to", temporary.path())(error)),
        }
    }

    fn copied(
        &self,
        request: &Request,
        belief: &Belief,
        cache: &Cache,
        file: &Path,
    ) -> Result<(PathBuf, u64, Origin), FetchError> {
        let origin = Origin::File(file.to_owned());
        let bounds = Bounds {
            size: belief.size,
            most: self.max_size,
        };
        let found = std::fs::metadata(file).map_err(failed("read", file))?;
        if !found.is_file() {
            return Err(failed("read", file)(std::io::Error::other(
                "it is not a plain file",
            )));
        }
        let mut from = File::open(file).map_err(failed("read", file))?;
        let mut temporary = cache.temporary()?;
        match pump(
            &mut from,
            temporary.as_file_mut(),
            bounds.limit(),
            &mut |_| (),
        ) {
            Ok(pumped) => {
                verify(request, belief, &origin, pumped)?;
                let path = cache.keep(temporary, belief.sha256, &request.asset)?;
                Ok((path, pumped.size, origin))
            }
            Err(PumpError::Read(error)) => Err(failed("read", file)(error)),
            Err(PumpError::Write(error)) => Err(failed("write to", temporary.path())(error)),
            Err(PumpError::Longer) => Err(longer(request, belief, &origin, bounds)),
        }
    }
}

fn verify(
    request: &Request,
    belief: &Belief,
    origin: &Origin,
    found: Pumped,
) -> Result<(), FetchError> {
    if found.sha256 == belief.sha256 && belief.size.is_none_or(|size| size == found.size) {
        return Ok(());
    }
    Err(wrong(
        request,
        belief,
        origin,
        Found::File {
            sha256: found.sha256,
            size: found.size,
        },
    ))
}

fn longer(request: &Request, belief: &Belief, origin: &Origin, bounds: Bounds) -> FetchError {
    match bounds.size {
        Some(size) => wrong(request, belief, origin, Found::MoreThan(size)),
        None => FetchError::TooLarge {
            what: request.asset.to_string(),
            limit: bounds.most,
        },
    }
}

fn wrong(request: &Request, belief: &Belief, origin: &Origin, found: Found) -> FetchError {
    FetchError::WrongBytes(Box::new(WrongBytes {
        what: request.asset.to_string(),
        origin: origin.clone(),
        ground: belief.ground,
        expected: belief.sha256,
        expected_size: belief.size,
        found,
    }))
}
