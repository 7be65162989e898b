//! The expected digest of an executable, determined before any byte is read.
//!
//! Pins come from the caller; a receipt is read from the release, or offline from the cache. Does not know where the
//! executable comes from.

use lockgate_format::document::Receipt;
use lockgate_format::ids::{AssetName, Digest};

use crate::cache::Cache;
use crate::client::Client;
use crate::error::FetchError;
use crate::expectation::Expectation;
use crate::names::Source;
use crate::request::{Request, Trust, TrustSource};

/// What the trust source requires of one executable.
pub(crate) struct ExpectedDigest {
    pub(crate) ground: TrustSource,
    pub(crate) sha256: Digest,
    pub(crate) size: Option<u64>,
    /// The receipt to store once it has verified an executable.
    pub(crate) receipt: Option<(Receipt, Vec<u8>)>,
}

impl Client {
    /// Returns what the caller's trust source requires of the executable.
    pub(crate) fn expected(&self, request: &Request) -> Result<ExpectedDigest, FetchError> {
        let asset = &request.asset;
        let no_pin = |ground, known| FetchError::NoPin {
            asset: asset.to_string(),
            ground,
            known,
        };
        match &request.trust {
            Trust::Pins(sums) => {
                let names = || sums.iter().map(|(name, _)| name.to_string()).collect();
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
                    let all = receipt.manifest.executables.iter();
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

    /// Returns the receipt of a release, and its bytes if they are to be stored.
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
        let parse = |bytes: &[u8]| expect.read(bytes, source);
        if !self.offline {
            must_be_authentic(source)?;
            let (receipt, bytes) =
                self.read_required(source, (AssetName::receipt(), "receipt"), parse)?;
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
    /// Stores the receipt that has verified an executable, for later offline use. The executable is here, so a full
    /// disk is not an error.
    pub(crate) fn remember(&self, cache: &Cache, source: &Source) {
        let Some((receipt, bytes)) = &self.receipt else {
            return;
        };
        drop(cache.keep_receipt(source, bytes));
        if matches!(cache.repository_id(source), Ok(None)) {
            drop(cache.keep_repository_id(source, receipt.origin.repository_id));
        }
    }
}

// Accepts a receipt only from an authentic source: it must not have been changed in transit.
fn must_be_authentic(source: &Source) -> Result<(), FetchError> {
    if source.server().is_authentic() {
        return Ok(());
    }
    Err(FetchError::Document {
        document: "receipt",
        origin: source.server_url(),
        problem: "it was read without encryption, so it may have been changed in transit"
            .to_owned(),
    })
}
