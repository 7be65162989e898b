//! From what a program ships (names, version, pins) to the request for this machine's executable.
//!
//! Does not know where the program has it from, nor `lockgate.toml`.

use crate::client::Client;
use crate::document::Expectation;
use crate::error::FetchError;
use crate::host::HostPlatform;
use crate::names::Source;
use crate::package::Naming;
use crate::request::{Request, Trust};
use crate::variant::{VariantError, VariantInfo, choose};

/// What a program wants, in its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchSpec {
    /// The address of the forge, such as `https://github.com`.
    pub server: String,
    /// `OWNER/NAME`.
    pub repository: String,
    /// The package, which a receipt has to name.
    pub package: Option<String>,
    /// How its releases and their files are called.
    pub naming: Naming,
    /// The version; see [`crate::version_of_file`].
    pub version: String,
    /// The text of the pins. Without them a receipt is believed.
    pub pins: Option<String>,
    /// The forge's number of the repository, which a receipt has to name.
    pub repository_id: Option<u64>,
    /// The variant. Without it, the best for this machine.
    pub variant: Option<String>,
    /// The variants there are, to choose among. Without any: those that the pins name, else those of the receipt, and what
    /// each is for, its name says.
    pub variants: Vec<VariantInfo>,
    /// Whether to ask for a withdrawal.
    pub check_withdrawn: bool,
}

/// Why an order is no request.
#[derive(Debug, thiserror::Error)]
pub enum FetchSpecError {
    /// A name is none, or what the choice needs cannot be read.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// None fits this machine, or several do equally well.
    #[error(transparent)]
    Variant(#[from] VariantError),
}

impl FetchSpecError {
    /// The stable code of the reason.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Fetch(error) => error.code(),
            Self::Variant(error) => error.code(),
        }
    }

    /// What to do next, as one sentence.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Fetch(error) => error.hint(),
            Self::Variant(error) => error.hint(),
        }
    }
}

impl Client {
    /// The request for this machine's executable. Reads the receipt only if the choice among variants needs it.
    ///
    /// # Errors
    /// [`FetchSpecError`].
    pub fn request(&self, order: &FetchSpec) -> Result<Request, FetchSpecError> {
        self.request_for(order, &HostPlatform::detect())
    }

    /// The same for another machine than this one.
    ///
    /// # Errors
    /// [`FetchSpecError`].
    pub fn request_for(
        &self,
        order: &FetchSpec,
        host: &HostPlatform,
    ) -> Result<Request, FetchSpecError> {
        let (naming, version) = (&order.naming, order.version.as_str());
        let source = Source::new(&order.server, &order.repository, &naming.tag(version))?;
        let trust = match &order.pins {
            Some(text) => Trust::pins(text)?,
            None => Trust::Receipt(Expectation {
                package: order.package.clone(),
                version: Some(version.to_owned()),
                repository_id: order.repository_id,
            }),
        };
        let variant = match &order.variant {
            Some(name) => name.clone(),
            None if order.variants.is_empty() => {
                let offered = self.offered(&source, &trust, naming, version)?;
                choose(host, &offered)?.name.clone()
            }
            None => choose(host, &order.variants)?.name.clone(),
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
        version: &str,
    ) -> Result<Vec<VariantInfo>, FetchError> {
        let named = |asset: &str| naming.variant_of(asset, version).map(VariantInfo::named);
        match trust {
            Trust::Pins(sums) => Ok(sums.iter().filter_map(|(name, _)| named(name)).collect()),
            Trust::Receipt(expect) => {
                let receipt = self.receipt_of(source, expect)?.1;
                let names = receipt.executables.iter().map(|one| one.name.as_str());
                Ok(names.filter_map(named).collect())
            }
        }
    }
}
