//! Fetch and verify an executable that Lockgate published.
//!
//! For any program whose users need an executable from a release: one blocking call returns the path of a verified file,
//! from a cache, a mirror or the release itself. Few dependencies, no configuration of its own.
//!
//! ```
//! use lockgate_client::{Client, Digest, FetchError, Options, Origin, Request, Source, Trust};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let (cache, bundled) = (tempfile::tempdir()?, tempfile::tempdir()?);
//! # std::fs::write(bundled.path().join("tool-amd64-v2"), "an executable")?;
//! // The pins that a program ships: the expected digests, as `lockgate pin` writes them.
//! let pins = format!("{}  tool-amd64-v2\n", Digest::of(b"an executable"));
//!
//! let client = Client::new(Options {
//!     cache: Some(cache.path().to_owned()),
//!     bundled: Some(bundled.path().to_owned()), // executables that came with the program, if there are any
//!     offline: true,                            // so that this example needs no network
//!     ..Options::default()
//! })?;
//! let request = Request {
//!     source: Source::new("https://github.com", "OWNER/NAME", "tool-v2")?,
//!     asset: "tool-amd64-v2".parse()?,
//!     trust: Trust::pins(&pins)?,
//!     check_withdrawn: true,
//! };
//! let fetched = client.fetch(&request)?;
//! assert_eq!(std::fs::read(&fetched.path)?, b"an executable");
//! assert!(matches!(fetched.origin, Origin::Bundled(_)));
//!
//! // A name without a pin is an error, never a download; every error has a stable code and a hint.
//! let unknown = Request { asset: "tool-arm64-v2".parse()?, ..request };
//! match client.fetch(&unknown) {
//!     Err(error @ FetchError::NoPin { .. }) => assert_eq!(error.code(), "fetch.no-pin"),
//!     other => panic!("{other:?}"),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Which of several variants fits the machine:
//!
//! ```
//! use lockgate_client::{HostPlatform, VariantInfo, VariantLibc, choose};
//!
//! let host = HostPlatform::detect();
//! let one = VariantInfo {
//!     name: "static".to_owned(),
//!     os: host.os.clone(),
//!     arch: host.arch.clone(),
//!     libc: Some(VariantLibc::Static),
//!     glibc_floor: None,
//! };
//! assert_eq!(choose(&host, &[one.clone()]), Ok(&one));
//! ```
//!
//! The outcomes that must never be confused are variants of [`FetchError`]: *not published*, *network*, *wrong bytes*.
//!
//! There is no global state: a [`Client`] holds its settings and connections, may be shared by threads, and reports what it
//! does to [`Options::listener`]. This crate does not use tokens (none is ever sent), GitHub's API, `lockgate.toml` or a
//! terminal. [`Variables`] defines which settings a program may let its users set in the environment, and reads the values
//! from the program. The environment itself is read in two places only: the proxy variables (see [`Proxy`]), and, by a
//! library, `SSL_CERT_FILE` and `SSL_CERT_DIR`, which name root certificates in place of the system's.

mod cache;
mod client;
mod copy;
mod download;
mod error;
mod event;
mod expectation;
mod expected;
mod fetch;
mod fetch_spec;
mod host;
mod http;
mod interpreter;
mod libc;
mod login;
mod mirror;
mod names;
mod options;
mod package;
mod request;
mod runnable;
mod transfer;
mod transfer_error;
mod variables;
mod variant;
mod verify;
mod web_page;
mod withdrawn;

pub use cache::{Pruned, install};
pub use client::Client;
pub use error::{FetchError, Found, Tried, WrongBytes};
pub use event::{Event, Listener, Progress};
pub use expectation::Expectation;
pub use fetch_spec::{FetchSpec, FetchSpecError};
pub use host::HostPlatform;
pub use libc::{GlibcLoader, HostLibc};
pub use lockgate_format::document::{
    Executable, RECEIPT_ASSET, Receipt, SUMS_ASSET, Sums, WITHDRAWAL_ASSET, WITHDRAWN_PREFIX,
};
pub use lockgate_format::ids::{
    AssetName, Digest, PackageName, ParseError, RepositoryId, RepositoryName, Tag, VariantName,
};
pub use lockgate_format::version::Version;
pub use lockgate_http::{Proxy, Timeouts, jittered};
pub use names::Source;
pub use options::{Options, Retry};
pub use package::{Naming, version_of_file};
pub use request::{Fetched, Origin, Request, Trust, TrustSource};
pub use variables::{BadVariable, Network, Variables};
pub use variant::{GlibcVersion, VariantError, VariantInfo, VariantLibc, choose};
pub use verify::{Verified, VerifiedAsset};
pub use withdrawn::{Unanswered, WithdrawalCheck};

/// Returns every code of this crate, for the page that explains them.
pub fn codes() -> Vec<&'static str> {
    [FetchError::CODES, VariantError::CODES].concat()
}

/// The README's example, compiled as a test of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
