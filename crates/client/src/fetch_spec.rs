//! Makes a request for this machine's executable from what a program ships: names, version, pins.
//!
//! Does not know where the program stores these, nor `lockgate.toml`.

use lockgate_format::ids::{RepositoryId, VariantName};
use lockgate_format::version::Version;

use crate::client::Client;
use crate::error::FetchError;
use crate::expectation::Expectation;
use crate::host::HostPlatform;
use crate::names::{Source, name};
use crate::package::Naming;
use crate::request::{Request, Trust};
use crate::variant::{VariantError, VariantInfo, choose};

/// The executable that a program wants, in the program's terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchSpec {
    /// The server's address, such as `https://github.com`.
    pub server: String,
    /// `OWNER/NAME`.
    pub repository: String,
    /// The package, which a receipt must name.
    pub package: Option<String>,
    /// The names of its releases and their files.
    pub naming: Naming,
    /// The version; see [`crate::version_of_file`].
    pub version: Version,
    /// The text of the pins. Without them a receipt is trusted.
    pub pins: Option<String>,
    /// The repository's number on the server, which a receipt must name.
    pub repository_id: Option<u64>,
    /// The variant; by default the best for this machine.
    pub variant: Option<String>,
    /// The variants to choose from. By default, those that the pins name, else those of the receipt, each described by
    /// its name.
    pub variants: Vec<VariantInfo>,
    /// Whether to check for a withdrawal.
    pub check_withdrawn: bool,
}

/// Why no request can be made from a specification.
#[derive(Debug, thiserror::Error)]
pub enum FetchSpecError {
    /// A name is malformed, or a document that the choice needs cannot be read.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// No variant fits this machine, or several fit equally well.
    #[error(transparent)]
    Variant(#[from] VariantError),
}

impl FetchSpecError {
    /// Returns the stable code of the reason.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Fetch(error) => error.code(),
            Self::Variant(error) => error.code(),
        }
    }

    /// Returns what to do next, as one sentence.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Fetch(error) => error.hint(),
            Self::Variant(error) => error.hint(),
        }
    }
}

impl Client {
    /// Returns the request for this machine's executable. Reads the receipt only if the choice among variants needs it.
    ///
    /// # Errors
    /// [`FetchSpecError`].
    pub fn request(&self, order: &FetchSpec) -> Result<Request, FetchSpecError> {
        self.request_for(order, &HostPlatform::detect())
    }

    /// Returns the request for another machine than this one.
    ///
    /// # Errors
    /// [`FetchSpecError`].
    pub fn request_for(
        &self,
        order: &FetchSpec,
        host: &HostPlatform,
    ) -> Result<Request, FetchSpecError> {
        let (naming, version) = (&order.naming, &order.version);
        let tag = naming.tag(version)?;
        let source = Source::new(&order.server, &order.repository, tag.as_str())?;
        let trust = match &order.pins {
            Some(text) => Trust::pins(text)?,
            None => Trust::Receipt(Expectation {
                package: order.package.as_deref().map(name).transpose()?,
                version: Some(version.clone()),
                repository_id: order.repository_id.map(RepositoryId),
            }),
        };
        let variant: VariantName = match &order.variant {
            Some(variant) => name(variant)?,
            None if order.variants.is_empty() => {
                let offered = self.offered(&source, &trust, naming, version)?;
                name(&choose(host, &offered)?.name)?
            }
            None => name(&choose(host, &order.variants)?.name)?,
        };
        Ok(Request {
            asset: naming.asset(&variant, version)?,
            source,
            trust,
            check_withdrawn: order.check_withdrawn,
        })
    }

    fn offered(
        &self,
        source: &Source,
        trust: &Trust,
        naming: &Naming,
        version: &Version,
    ) -> Result<Vec<VariantInfo>, FetchError> {
        let variants: Vec<VariantName> = match trust {
            Trust::Pins(sums) => {
                let names = sums.iter().map(|(name, _)| name);
                names
                    .filter_map(|name| naming.variant_of(name, version))
                    .collect()
            }
            Trust::Receipt(expect) => {
                let receipt = self.receipt_of(source, expect)?.1;
                let mut all = receipt.manifest.executables;
                all.retain(|it| naming.asset(&it.variant, version).ok() == Some(it.name.clone()));
                all.into_iter().map(|it| it.variant).collect()
            }
        };
        let named = variants.iter().map(VariantName::as_str);
        Ok(named.map(VariantInfo::named).collect())
    }
}
