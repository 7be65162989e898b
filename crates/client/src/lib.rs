//! Fetch and verify an executable that Lockgate published.
//!
//! For any program whose users need an executable that stands in a release: one blocking call gives the path of a
//! verified file, out of a cache, a mirror or the release itself. Few dependencies, no configuration of its own.
//!
//! ```no_run
//! use lockgate_client::{Client, Options, Request, Source, Trust};
//!
//! # fn main() -> Result<(), lockgate_client::FetchError> {
//! # let (cache, pins) = (std::path::PathBuf::new(), "");
//! let client = Client::new(Options { cache: Some(cache), ..Options::default() })?;
//! let source = Source::new("https://github.com", "OWNER/NAME", "tool-support-v2")?;
//! let asset = "inspect-tool-support-amd64-v2".parse()?;
//! let request = Request { source, asset, trust: Trust::pins(pins)?, check_withdrawn: true };
//! println!("{}", client.fetch(&request)?.path.display());
//! # Ok(())
//! # }
//! ```
//!
//! The outcomes that must never be confused are variants of [`FetchError`]: *not published*, *network*, *wrong bytes*.
//!
//! What this crate does not know: tokens (none is ever sent), the forge's API, `lockgate.toml`, a terminal. The
//! environment is read in two places only, and by libraries: the proxy variables (see [`Proxy`]), and `SSL_CERT_FILE`
//! and `SSL_CERT_DIR`, which name root certificates in place of the system's.

mod address;
mod agents;
mod belief;
mod cache;
mod client;
mod digest;
mod document;
mod download;
mod error;
mod event;
mod fetch;
mod host;
mod http;
mod interpreter;
mod libc;
mod mirror;
mod names;
mod options;
mod proxies;
mod pump;
mod request;
mod transfer;
mod variant;
mod verify;
mod withdrawn;

pub use cache::Pruned;
pub use client::Client;
pub use digest::{Digest, NotADigest};
pub use document::{Executable, Expectation, Receipt, Sums};
pub use error::{FetchError, Found, Tried, WrongBytes};
pub use event::{Event, Listener, Progress};
pub use host::HostPlatform;
pub use libc::HostLibc;
pub use names::{AssetName, Source};
pub use options::{Options, Proxy, Retry, Timeouts};
pub use request::{Fetched, Ground, Origin, Request, Trust};
pub use variant::{GlibcVersion, NoVariant, VariantInfo, VariantLibc, choose};
pub use verify::{Verified, VerifiedAsset};
pub use withdrawn::WithdrawalCheck;

/// The name of the asset that holds the receipt.
pub const RECEIPT_ASSET: &str = "lockgate-receipt.json";
/// The name of the asset that holds the digests.
pub const SUMS_ASSET: &str = "SHA256SUMS";
/// The name of the asset that says that a version must not be used.
pub const WITHDRAWAL_ASSET: &str = "lockgate-withdrawal.json";
/// A version's tag with this in front is the tag of its withdrawal.
pub const WITHDRAWN_PREFIX: &str = "withdrawn-";

/// Every code that this crate can give, for the page that explains them.
pub fn codes() -> Vec<&'static str> {
    [FetchError::CODES, NoVariant::CODES].concat()
}
