//! verify: reads every executable of a release back, as any anonymous reader would, and keeps nothing.
//!
//! The result is a proof, not a yes: [`Verified`] cannot be made in another way, and an empty list is never a proof.

use lockgate_format::document::{Executable, Receipt, Sums};
use lockgate_format::ids::{AssetName, Digest};

use crate::client::{Client, given_up, stopped};
use crate::error::{FetchError, Found, WrongBytes};
use crate::expectation::Expectation;
use crate::names::Source;
use crate::request::{Origin, TrustSource};
use crate::transfer::{PartialDownload, Stopped, Wanted};

/// A release that was read just now: public, complete, and identical to its receipt and `SHA256SUMS`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    receipt: Receipt,
    assets: Vec<VerifiedAsset>,
}

/// An executable that was read and hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedAsset {
    name: AssetName,
    size: u64,
    sha256: Digest,
}

impl Verified {
    /// Returns the release's receipt.
    pub fn receipt(&self) -> &Receipt {
        &self.receipt
    }

    /// Returns the executables, in the receipt's order; at least one.
    pub fn assets(&self) -> &[VerifiedAsset] {
        &self.assets
    }
}

impl VerifiedAsset {
    /// Returns its name.
    pub fn name(&self) -> &AssetName {
        &self.name
    }

    /// Returns its size in bytes, counted.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Returns its digest, computed.
    pub fn sha256(&self) -> Digest {
        self.sha256
    }
}

/// How many executables are read at the same time: one is hashed while another waits for the network.
const AT_ONCE: usize = 4;

impl Client {
    /// Reads the receipt, `SHA256SUMS` and every executable of a release, from the release address only: no mirror, no
    /// cache. Does not check for a withdrawal: a withdrawn release keeps its content.
    ///
    /// # Errors
    /// [`FetchError::NotPublished`] if any of them does not exist, [`FetchError::WrongBytes`], [`FetchError::Document`]
    /// if the two lists are empty, contradict each other or belong to something else, [`FetchError::Network`],
    /// [`FetchError::TooLarge`], [`FetchError::Offline`].
    pub fn verify_release(
        &self,
        source: &Source,
        expect: &Expectation,
    ) -> Result<Verified, FetchError> {
        let (receipt, _) =
            self.read_required(source, (AssetName::receipt(), "receipt"), |bytes| {
                expect.read(bytes, source)
            })?;
        self.read_required(source, (AssetName::sums(), "SHA256SUMS"), |bytes| {
            Ok(agree(&Sums::parse(bytes)?, &receipt)?)
        })?;
        let mut assets = Vec::with_capacity(receipt.manifest.executables.len());
        for some in receipt.manifest.executables.chunks(AT_ONCE) {
            let read: Vec<_> = std::thread::scope(|scope| {
                let begin = |one| scope.spawn(move || self.read_back(source, one));
                let begun: Vec<_> = some.iter().map(begin).collect();
                begun
                    .into_iter()
                    .map(std::thread::ScopedJoinHandle::join)
                    .collect()
            });
            for one in read {
                // Only a bug panics; the panic is resumed in this thread.
                assets.push(one.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
            }
        }
        Ok(Verified { receipt, assets })
    }

    fn read_back(
        &self,
        source: &Source,
        promised: &Executable,
    ) -> Result<VerifiedAsset, FetchError> {
        let (name, address) = (&promised.name, source.address_of(&promised.name));
        if promised.size > self.max_size {
            return Err(FetchError::TooLarge {
                what: name.to_string(),
                limit: self.max_size,
            });
        }
        let wanted = Wanted {
            asset: name.as_str(),
            sha256: Some(promised.sha256),
            size: Some(promised.size),
            most: self.max_size,
        };
        let mut nowhere = std::io::sink();
        let mut partial = PartialDownload::new(&mut nowhere);
        let end = self
            .line(&self.retry)
            .receive(&address, wanted, &mut partial);
        let found = match end {
            Ok(read) if (read.size, read.sha256) == (promised.size, promised.sha256) => {
                return Ok(VerifiedAsset {
                    name: name.clone(),
                    size: read.size,
                    sha256: read.sha256,
                });
            }
            Ok(read) => Found::File {
                sha256: read.sha256,
                size: read.size,
            },
            Err(Stopped::Longer) => Found::MoreThan(promised.size),
            Err(Stopped::TransferError(transfer_error)) => {
                return Err(given_up(name, &address, transfer_error, Vec::new()));
            }
            Err(Stopped::Caller) => return Err(stopped(name)),
            // Nothing is written, so no write fails.
            Err(Stopped::Disk(source)) => {
                return Err(FetchError::Cache {
                    operation: "read back",
                    path: name.as_str().into(),
                    source,
                });
            }
        };
        Err(FetchError::WrongBytes(Box::new(WrongBytes {
            what: name.to_string(),
            origin: Origin::Release(address.to_string()),
            ground: TrustSource::Receipt,
            expected: promised.sha256,
            expected_size: Some(promised.size),
            found,
        })))
    }
}

/// Whether both list the same names with the same digests; otherwise the first difference.
fn agree(sums: &Sums, receipt: &Receipt) -> Result<(), String> {
    let promised = receipt.sums();
    if let Some((name, _)) = sums.iter().find(|(name, _)| promised.get(name).is_none()) {
        return Err(format!("it lists {name}, which the receipt does not"));
    }
    let mut differing = promised
        .iter()
        .filter(|(name, digest)| sums.get(name) != Some(*digest));
    match differing.next() {
        None => Ok(()),
        Some((name, _)) if sums.get(name).is_some() => {
            Err(format!("it has another digest for {name} than the receipt"))
        }
        Some((name, _)) => Err(format!("it lacks {name}, which the receipt lists")),
    }
}
