//! download: brings an executable into the cache, from the mirrors and the release, or from bytes that somebody has.
//!
//! Whoever has the claim on a digest is alone; the others wait and then find it in the cache. Does not know what is
//! believed, nor which places were asked before.

use std::io::Read;
use std::path::PathBuf;
use std::time::Instant;

use crate::address::Address;
use crate::belief::Belief;
use crate::cache::{Claim, Claimed, Patience, failed};
use crate::client::{Client, given_up, stopped};
use crate::error::{FetchError, Found, Tried};
use crate::event::Event;
use crate::fetch::{Got, open_plain, verify, wrong};
use crate::http::Trouble;
use crate::login::Login;
use crate::mirror::Mirror;
use crate::names::AssetName;
use crate::pump::{PumpError, Tally};
use crate::request::{Origin, Request};
use crate::transfer::{Arrival, Line, Stopped, Wanted};
use crate::withdrawn::WithdrawalCheck;

impl Client {
    /// From the mirrors, then the release.
    pub(crate) fn downloaded(
        &self,
        request: &Request,
        belief: &Belief,
        withdrawal: &mut WithdrawalCheck,
    ) -> Result<Got, FetchError> {
        let (source, asset) = (&request.source, &request.asset);
        let of_web = |mirror: &&Mirror| !(self.offline && matches!(mirror, Mirror::Web(_)));
        let mirrors: Vec<&Mirror> = self.mirrors.iter().filter(of_web).collect();
        if mirrors.is_empty() && self.offline {
            return Err(offline(asset));
        }
        let mut claim = match self.claim(request, belief)? {
            Ok(claim) => claim,
            Err(got) => return Ok(got),
        };
        // The beginning that a dead process left may be whole.
        if let Some(got) = self.finished_before(request, belief, &mut claim)? {
            let path = claim.keep(self.cache()?, belief.sha256, asset)?;
            return Ok((path, got, Origin::Cache));
        }
        let mut tried = Vec::new();
        for mirror in mirrors {
            let origin = Origin::Mirror(mirror.place(source, asset));
            let problem = match mirror {
                Mirror::Folder(folder) => {
                    let file = folder.join(source.tag()).join(asset.as_str());
                    if file.is_file() {
                        let mut bytes = open_plain(&file)?;
                        let (path, size) =
                            self.copy_into(request, belief, claim, &mut bytes, &origin)?;
                        return Ok((path, size, origin));
                    }
                    "it is not there".to_owned()
                }
                Mirror::Web(base) => {
                    let address = base.join(&format!("{}/{asset}", source.tag()));
                    let login = self.login(base);
                    let login = login.as_ref();
                    match self.download(request, belief, claim, (&address, login), &origin)? {
                        Ok((path, size)) => return Ok((path, size, origin)),
                        Err((again, trouble)) => {
                            claim = again;
                            trouble.problem()
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
        // Without an answer only what is here, or a mirror has, may be used.
        if matches!(withdrawal, WithdrawalCheck::Unreachable(_)) {
            self.ask_once_more(source, withdrawal, tried.clone())?;
        }
        let origin = Origin::Release(address.to_string());
        match self.download(request, belief, claim, (&address, None), &origin)? {
            Ok((path, size)) => Ok((path, size, origin)),
            Err((_, trouble)) => Err(given_up(asset, &address, trouble, tried)),
        }
    }

    /// The right to bring it into the cache; or the executable, if another process has brought it meanwhile.
    pub(crate) fn claim(
        &self,
        request: &Request,
        belief: &Belief,
    ) -> Result<Result<Claim, Got>, FetchError> {
        let (cache, asset) = (self.cache()?, &request.asset);
        let line = self.line(&self.retry);
        let patience = Patience {
            deadline: self.net.deadline(),
            // More than the longest pause between two attempts, by default.
            idle: self.net.idle() * 4,
        };
        let wanted = (belief.sha256, asset);
        loop {
            let mut waiting = || {
                let asset = asset.as_str();
                line.tell(&Event::Waiting { asset });
            };
            let stop = || line.stopped();
            match cache.claim(wanted, patience, &mut waiting, &stop)? {
                Claimed::Ours(claim) if !cache.has(belief.sha256, asset) => {
                    return Ok(Ok(claim));
                }
                Claimed::Ours(claim) => claim.discard(),
                Claimed::Look => {}
                Claimed::Stopped => return Err(stopped(asset)),
                Claimed::TooLong => {
                    let problem = "another process gets it, and takes too long".to_owned();
                    let address = request.source.address_of(asset);
                    let trouble = crate::http::never(problem);
                    return Err(given_up(asset, &address, trouble, Vec::new()));
                }
            }
            if let Some(got) = self.cached(request, belief)? {
                return Ok(Err(got));
            }
            // Whoever does this for ever is fooled by somebody who damages the cache again and again.
            if Instant::now() >= patience.deadline {
                return Err(offline(asset));
            }
        }
    }

    fn finished_before(
        &self,
        request: &Request,
        belief: &Belief,
        claim: &mut Claim,
    ) -> Result<Option<u64>, FetchError> {
        let path = claim.path().to_owned();
        let arrival = Arrival::of_file(claim.file(), self.wanted(request, belief).limit());
        let here = arrival.map_err(failed("read", &path))?.pumped();
        let whole = here.size > 0 && here.sha256 == belief.sha256;
        Ok(whole.then_some(here.size))
    }

    /// The outer error ends the fetch, the inner one only this address.
    #[expect(clippy::type_complexity, reason = "a result in a result")]
    fn download(
        &self,
        request: &Request,
        belief: &Belief,
        mut claim: Claim,
        (address, login): (&Address, Option<&Login>),
        origin: &Origin,
    ) -> Result<Result<(PathBuf, u64), (Claim, Trouble)>, FetchError> {
        let (cache, wanted) = (self.cache()?, self.wanted(request, belief));
        let path = claim.path().to_owned();
        let read = Arrival::of_file(claim.file(), wanted.limit());
        let mut arrival = read.map_err(failed("read", &path))?;
        let line = Line {
            login,
            ..self.line(&self.retry)
        };
        let end = match line.receive(address, wanted, &mut arrival) {
            Ok(pumped) => verify(request, belief, origin, pumped).map(|()| pumped.size),
            Err(Stopped::Trouble(trouble)) => return Ok(Err((claim, trouble))),
            Err(Stopped::Caller) => return Err(stopped(&request.asset)),
            Err(Stopped::Longer) => Err(longer(request, belief, origin, wanted)),
            Err(Stopped::Disk(error)) => Err(failed("write to", &path)(error)),
        };
        match end {
            Ok(size) => {
                let path = claim.keep(cache, belief.sha256, &request.asset)?;
                Ok(Ok((path, size)))
            }
            Err(error) => {
                claim.discard();
                Err(error)
            }
        }
    }

    /// Bytes that are here, copied.
    pub(crate) fn copy_into(
        &self,
        request: &Request,
        belief: &Belief,
        mut claim: Claim,
        bytes: &mut dyn Read,
        origin: &Origin,
    ) -> Result<(PathBuf, u64), FetchError> {
        let (cache, wanted) = (self.cache()?, self.wanted(request, belief));
        let path = claim.path().to_owned();
        let mut tally = Tally::default();
        let copied = crate::transfer::Sink::restart(claim.file())
            .map_err(PumpError::Write)
            .and_then(|()| tally.pump(bytes, claim.file(), wanted.limit(), &mut |_| ()));
        let found = tally.pumped();
        let end = match copied {
            Ok(()) => verify(request, belief, origin, found),
            Err(PumpError::Read(error)) => Err(failed("read", origin.to_string().as_ref())(error)),
            Err(PumpError::Write(error)) => Err(failed("write to", &path)(error)),
            Err(PumpError::Longer) => Err(longer(request, belief, origin, wanted)),
        };
        match end {
            Ok(()) => Ok((
                claim.keep(cache, belief.sha256, &request.asset)?,
                found.size,
            )),
            Err(error) => {
                claim.discard();
                Err(error)
            }
        }
    }

    fn wanted<'r>(&self, request: &'r Request, belief: &Belief) -> Wanted<'r> {
        Wanted {
            asset: request.asset.as_str(),
            sha256: Some(belief.sha256),
            size: belief.size,
            most: self.max_size,
        }
    }
}

fn offline(asset: &AssetName) -> FetchError {
    FetchError::Offline {
        what: asset.to_string(),
    }
}

fn longer(request: &Request, belief: &Belief, origin: &Origin, wanted: Wanted<'_>) -> FetchError {
    match wanted.size {
        Some(size) => wrong(request, belief, origin, Found::MoreThan(size)),
        None => FetchError::TooLarge {
            what: request.asset.to_string(),
            limit: wanted.most,
        },
    }
}
