//! belief: which bytes are right, before any of them is looked at.
//!
//! Pins are the caller's own; a receipt is read from the release, or offline from the cache. Does not know where the
//! executable comes from.

use crate::RECEIPT_ASSET;
use crate::cache::Cache;
use crate::client::Client;
use crate::digest::Digest;
use crate::document::{Expectation, Receipt};
use crate::error::FetchError;
use crate::names::Source;
use crate::request::{Request, Trust, TrustSource};

/// What we believe about one executable.
pub(crate) struct ExpectedDigest {
    pub(crate) ground: TrustSource,
    pub(crate) sha256: Digest,
    pub(crate) size: Option<u64>,
    /// To be remembered once it has verified something.
    pub(crate) receipt: Option<(Receipt, Vec<u8>)>,
}

impl Client {
    /// What the caller's trust says about the executable.
    pub(crate) fn expected(&self, request: &Request) -> Result<ExpectedDigest, FetchError> {
        let asset = &request.asset;
        let no_pin = |ground, known| FetchError::NoPin {
            asset: asset.to_string(),
            ground,
            known,
        };
        match &request.trust {
            Trust::Pins(sums) => {
                let names = || sums.iter().map(|(name, _)| name.to_owned()).collect();
                let sha256 = sums
                    .get(asset)
                    .ok_or_else(|| no_pin(TrustSource::Pins, names()))?;
                Ok(ExpectedDigest {
                    ground: TrustSource::Pins,
                    sha256,
                    size: None,
                    receipt: None,
                })
            }
            Trust::Receipt(expect) => {
                let (ground, receipt, bytes) = self.receipt_of(&request.source, expect)?;
                let names = || {
                    let all = receipt.executables.iter();
                    all.map(|one| one.name.to_string()).collect()
                };
                let one = receipt
                    .executable(asset)
                    .ok_or_else(|| no_pin(ground, names()))?;
                Ok(ExpectedDigest {
                    ground,
                    sha256: one.sha256,
                    size: Some(one.size),
                    receipt: bytes.map(|bytes| (receipt, bytes)),
                })
            }
        }
    }

    /// The receipt of a release, and its bytes where they are to be remembered.
    pub(crate) fn receipt_of(
        &self,
        source: &Source,
        expect: &Expectation,
    ) -> Result<(TrustSource, Receipt, Option<Vec<u8>>), FetchError> {
        let cache = self.cache.as_ref().ok_or(FetchError::NoCache)?;
        let mut expect = expect.clone();
        if expect.repository_id.is_none() {
            expect.repository_id = cache.repository_id(source)?;
        }
        let parse = |bytes: &[u8]| Receipt::parse_as(bytes, source, &expect);
        if !self.offline {
            must_be_authentic(source)?;
            let (receipt, bytes) = self.read_required(source, (RECEIPT_ASSET, "receipt"), parse)?;
            return Ok((TrustSource::Receipt, receipt, Some(bytes)));
        }
        let missing = || FetchError::Offline {
            what: format!("the receipt of {}", source.tag()),
        };
        let (path, bytes) = cache.receipt(source)?.ok_or_else(missing)?;
        let origin = path.display().to_string();
        let receipt = parse(&bytes).map_err(|unfit| unfit.into_error("receipt", origin, source))?;
        Ok((TrustSource::StoredReceipt, receipt, None))
    }
}

impl ExpectedDigest {
    /// It has verified an executable, so it is worth remembering. A convenience for later: the executable is here, so a
    /// full disk is no reason to fail.
    pub(crate) fn remember(&self, cache: &Cache, source: &Source) {
        let Some((receipt, bytes)) = &self.receipt else {
            return;
        };
        drop(cache.keep_receipt(source, bytes));
        if matches!(cache.repository_id(source), Ok(None)) {
            drop(cache.keep_repository_id(source, receipt.repository_id));
        }
    }
}

// Only what cannot have been changed on the way is the word of the server.
fn must_be_authentic(source: &Source) -> Result<(), FetchError> {
    if source.server().is_authentic() {
        return Ok(());
    }
    Err(FetchError::Document {
        document: "receipt",
        origin: source.server_url(),
        problem: "without encryption anybody on the way could have written it".to_owned(),
    })
}
