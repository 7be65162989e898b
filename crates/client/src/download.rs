//! download: puts an executable into the cache, from the mirrors and the release, or from bytes that the caller has.
//!
//! The process that has the lock of a digest downloads alone; the others wait and then find the executable in the
//! cache. Does not know which digests are trusted, nor which sources were asked before.

use std::io::Read;
use std::path::PathBuf;
use std::time::Instant;

use lockgate_format::ids::AssetName;
use lockgate_http::Address;

use crate::cache::{DownloadLock, LockOutcome, Patience, failed};
use crate::client::{Client, given_up, stopped};
use crate::copy::{HashingCounter, PumpError};
use crate::error::{FetchError, Found, Tried};
use crate::event::Event;
use crate::expected::ExpectedDigest;
use crate::fetch::{Located, open_plain, verify, wrong};
use crate::http::TransferError;
use crate::login::Login;
use crate::mirror::Mirror;
use crate::request::{Origin, Request};
use crate::transfer::{PartialDownload, Stopped, Transport, Wanted};
use crate::withdrawn::WithdrawalCheck;

/// The outcome of waiting for the lock of a digest.
pub(crate) enum Turn {
    /// This process downloads.
    Ours(DownloadLock),
    /// Another process has finished meanwhile.
    Finished(Located),
}

/// The outcome of downloading from one address.
enum Download {
    Finished(PathBuf, u64),
    Failed(DownloadLock, TransferError),
}

impl Client {
    /// Downloads from the mirrors, then from the release.
    pub(crate) fn downloaded(
        &self,
        request: &Request,
        expected: &ExpectedDigest,
        withdrawal: &mut WithdrawalCheck,
    ) -> Result<Located, FetchError> {
        let (source, asset) = (&request.source, &request.asset);
        let of_web = |mirror: &&Mirror| !(self.offline && matches!(mirror, Mirror::Web(_)));
        let mirrors: Vec<&Mirror> = self.mirrors.iter().filter(of_web).collect();
        if mirrors.is_empty() && self.offline {
            return Err(offline(asset));
        }
        let mut lock = match self.lock(request, expected)? {
            Turn::Ours(lock) => lock,
            Turn::Finished(got) => return Ok(got),
        };
        // The partial download of a dead process may be complete.
        if let Some(got) = self.finished_before(request, expected, &mut lock)? {
            let path = lock.keep(self.cache()?, expected.sha256, asset)?;
            return Ok((path, got, Origin::Cache));
        }
        let mut tried = Vec::new();
        for mirror in mirrors {
            let origin = Origin::Mirror(mirror.place(source, asset));
            let problem = match mirror {
                Mirror::Folder(folder) => {
                    let file = folder.join(source.tag().as_str()).join(asset.as_str());
                    if file.is_file() {
                        let mut bytes = open_plain(&file)?;
                        let (path, size) =
                            self.copy_into(request, expected, lock, &mut bytes, &origin)?;
                        return Ok((path, size, origin));
                    }
                    "it is not there".to_owned()
                }
                Mirror::Web(base) => {
                    let address = base.join(&format!("{}/{asset}", source.tag()));
                    let login = self.login(base);
                    let login = login.as_ref();
                    match self.download(request, expected, lock, (&address, login), &origin)? {
                        Download::Finished(path, size) => return Ok((path, size, origin)),
                        Download::Failed(again, transfer_error) => {
                            lock = again;
                            transfer_error.problem()
                        }
                    }
                }
            };
            let address = origin.to_string();
            self.missed(&address, &problem);
            tried.push(Tried { address, problem });
        }
        if self.offline {
            return Err(offline(asset));
        }
        let address = source.address_of(asset);
        // Without an answer only a local copy or a mirror's may be used.
        if matches!(withdrawal, WithdrawalCheck::Unreachable(_)) {
            self.ask_once_more(source, withdrawal, tried.clone())?;
        }
        let origin = Origin::Release(address.to_string());
        match self.download(request, expected, lock, (&address, None), &origin)? {
            Download::Finished(path, size) => Ok((path, size, origin)),
            Download::Failed(_, error) => Err(given_up(asset, &address, error, tried)),
        }
    }

    /// Returns the lock, or the executable if another process has finished it meanwhile.
    pub(crate) fn lock(
        &self,
        request: &Request,
        expected: &ExpectedDigest,
    ) -> Result<Turn, FetchError> {
        let (cache, asset) = (self.cache()?, &request.asset);
        let line = self.line(&self.retry);
        let retry_budget = Patience {
            deadline: self.net.deadline(),
            // More than the longest pause between two attempts, by default.
            idle: self.net.idle() * 4,
        };
        let wanted = (expected.sha256, asset);
        loop {
            let mut waiting = || {
                let asset = asset.as_str();
                line.tell(&Event::Waiting { asset });
            };
            let stop = || line.stopped();
            match cache.lock(wanted, retry_budget, &mut waiting, &stop)? {
                LockOutcome::Ours(lock) if !cache.has(expected.sha256, asset) => {
                    return Ok(Turn::Ours(lock));
                }
                LockOutcome::Ours(lock) => lock.discard(),
                LockOutcome::Look => {}
                LockOutcome::Stopped => return Err(stopped(asset)),
                LockOutcome::TooLong => {
                    let problem = "another process downloads it, and takes too long".to_owned();
                    let address = request.source.address_of(asset);
                    let transfer_error = crate::http::never(problem);
                    return Err(given_up(asset, &address, transfer_error, Vec::new()));
                }
            }
            if let Some(got) = self.cached(request, expected)? {
                return Ok(Turn::Finished(got));
            }
            // Without this limit, a process that keeps damaging the cache would keep this loop running permanently.
            if Instant::now() >= retry_budget.deadline {
                return Err(offline(asset));
            }
        }
    }

    fn finished_before(
        &self,
        request: &Request,
        expected: &ExpectedDigest,
        lock: &mut DownloadLock,
    ) -> Result<Option<u64>, FetchError> {
        let path = lock.path().to_owned();
        let partial = PartialDownload::of_file(lock.file(), self.wanted(request, expected).limit());
        let here = partial.map_err(failed("read", &path))?.digested();
        let whole = here.size > 0 && here.sha256 == expected.sha256;
        Ok(whole.then_some(here.size))
    }

    /// Downloads from one address. An error ends the fetch; a failed download leaves the other addresses.
    fn download(
        &self,
        request: &Request,
        expected: &ExpectedDigest,
        mut lock: DownloadLock,
        (address, login): (&Address, Option<&Login>),
        origin: &Origin,
    ) -> Result<Download, FetchError> {
        let (cache, wanted) = (self.cache()?, self.wanted(request, expected));
        let path = lock.path().to_owned();
        let read = PartialDownload::of_file(lock.file(), wanted.limit());
        let mut partial = read.map_err(failed("read", &path))?;
        let line = Transport {
            login,
            ..self.line(&self.retry)
        };
        let end = match line.receive(address, wanted, &mut partial) {
            Ok(digested) => verify(request, expected, origin, digested).map(|()| digested.size),
            Err(Stopped::TransferError(error)) => return Ok(Download::Failed(lock, error)),
            Err(Stopped::Caller) => return Err(stopped(&request.asset)),
            Err(Stopped::Longer) => Err(longer(request, expected, origin, wanted)),
            Err(Stopped::Disk(error)) => Err(failed("write to", &path)(error)),
        };
        match end {
            Ok(size) => {
                let path = lock.keep(cache, expected.sha256, &request.asset)?;
                Ok(Download::Finished(path, size))
            }
            Err(error) => {
                lock.discard();
                Err(error)
            }
        }
    }

    /// Copies local bytes into the cache.
    pub(crate) fn copy_into(
        &self,
        request: &Request,
        expected: &ExpectedDigest,
        mut lock: DownloadLock,
        bytes: &mut dyn Read,
        origin: &Origin,
    ) -> Result<(PathBuf, u64), FetchError> {
        let (cache, wanted) = (self.cache()?, self.wanted(request, expected));
        let path = lock.path().to_owned();
        let mut counter = HashingCounter::default();
        let copied = crate::transfer::Sink::restart(lock.file())
            .map_err(PumpError::Write)
            .and_then(|()| counter.copy(bytes, lock.file(), wanted.limit(), &mut |_| ()));
        let found = counter.digested();
        let end = match copied {
            Ok(()) => verify(request, expected, origin, found),
            Err(PumpError::Read(error)) => Err(failed("read", origin.to_string().as_ref())(error)),
            Err(PumpError::Write(error)) => Err(failed("write to", &path)(error)),
            Err(PumpError::Longer) => Err(longer(request, expected, origin, wanted)),
        };
        match end {
            Ok(()) => Ok((
                lock.keep(cache, expected.sha256, &request.asset)?,
                found.size,
            )),
            Err(error) => {
                lock.discard();
                Err(error)
            }
        }
    }

    fn wanted<'r>(&self, request: &'r Request, expected: &ExpectedDigest) -> Wanted<'r> {
        Wanted {
            asset: request.asset.as_str(),
            sha256: Some(expected.sha256),
            size: expected.size,
            most: self.max_size,
        }
    }
}

fn offline(asset: &AssetName) -> FetchError {
    FetchError::Offline {
        what: asset.to_string(),
    }
}

fn longer(
    request: &Request,
    expected: &ExpectedDigest,
    origin: &Origin,
    wanted: Wanted<'_>,
) -> FetchError {
    match wanted.size {
        Some(size) => wrong(request, expected, origin, Found::MoreThan(size)),
        None => FetchError::TooLarge {
            what: request.asset.to_string(),
            limit: wanted.most,
        },
    }
}
