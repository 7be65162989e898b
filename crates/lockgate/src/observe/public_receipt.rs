//! The receipt of a release, as an anonymous client sees it.

use lockgate_core::config::RECEIPT_ASSET;
use lockgate_core::document::{Document as _, Receipt};
use lockgate_core::{AssetName, Tag};
use lockgate_forge::{Forge as _, Release};

use super::remote::Remote;
use crate::exit::Failure;

/// The receipt of a release, as an anonymous client sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicReceipt {
    /// The receipt was read.
    Read(Box<Receipt>),
    /// GitHub lists it, but it is not publicly available, with the reason.
    NotYet(String),
    /// There is no usable receipt, with the reason.
    Unusable(String),
}

impl Remote<'_> {
    /// Reads the receipt of a published release as an anonymous client. If it is not publicly available, GitHub's own list shows whether
    /// it exists: an address can lag, and a repository can be private. The list is requested unless it is given.
    pub fn receipt(&self, tag: &Tag, listed: Option<&Release>) -> Result<PublicReceipt, Failure> {
        let Some(bytes) = self.document(tag, &AssetName::receipt())? else {
            return Ok(match listed {
                Some(release) => absent(Some(release)),
                // Without access to the list, nothing can be concluded.
                None => match self.forge.release_of_tag(tag) {
                    Ok(release) => absent(release.as_ref()),
                    Err(error) => PublicReceipt::NotYet(error.to_string()),
                },
            });
        };
        Ok(match Receipt::from_json(&bytes) {
            Ok(receipt) if receipt.tag == *tag => PublicReceipt::Read(Box::new(receipt)),
            Ok(receipt) => {
                PublicReceipt::Unusable(format!("its receipt is that of {}", receipt.tag))
            }
            Err(problem) => PublicReceipt::Unusable(problem.to_string()),
        })
    }
}

fn absent(release: Option<&Release>) -> PublicReceipt {
    let has = |release: &Release| {
        let mut assets = release.assets.iter();
        assets.any(|asset| asset.name == RECEIPT_ASSET && asset.complete)
    };
    match release {
        Some(release) if has(release) => {
            PublicReceipt::NotYet("its public address answers \"not found\"".to_owned())
        }
        Some(_) | None => PublicReceipt::Unusable("it has no receipt".to_owned()),
    }
}
