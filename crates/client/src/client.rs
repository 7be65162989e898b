//! The client: its settings and connections, and reading one asset of a release.
//!
//! What the assets mean is in the modules for the three operations: fetch, verify, withdrawn.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use lockgate_format::document::LARGEST;
use lockgate_format::ids::AssetName;
use lockgate_http::Address;

use crate::cache::{Cache, Pruned};
use crate::error::{FetchError, Tried};
use crate::event::Listener;
use crate::expectation::DocumentError;
use crate::http::{Net, TransferError};
use crate::login::Login;
use crate::mirror::Mirror;
use crate::names::Source;
use crate::options::{Options, Retry};
use crate::transfer::{PartialDownload, Stopped, Transport, Wanted};

/// Fetches and verifies. Holds settings and connections, no other state; threads may share it.
pub struct Client {
    pub(crate) bundled: Option<PathBuf>,
    pub(crate) cache: Option<Cache>,
    pub(crate) mirrors: Vec<Mirror>,
    mirror_login: Option<Login>,
    netrc: Option<PathBuf>,
    pub(crate) offline: bool,
    pub(crate) refresh: bool,
    pub(crate) max_size: u64,
    pub(crate) executable: bool,
    pub(crate) retry: Retry,
    pub(crate) net: Net,
    listener: Option<Listener>,
    stop: Option<Arc<AtomicBool>>,
}

impl Client {
    /// Creates a client with these options. Does not access disk or network yet.
    ///
    /// # Errors
    /// [`FetchError::InvalidInput`] for a mirror or proxy that is not an address, or a header that is malformed or
    /// applies to two servers.
    pub fn new(options: Options) -> Result<Self, FetchError> {
        let net = Net::new(&options)?;
        let mirrors = options.mirrors.iter().map(|text| Mirror::parse(text));
        let mirrors: Vec<Mirror> = mirrors.collect::<Result<_, _>>()?;
        let header = options.mirror_header.as_deref();
        Ok(Self {
            bundled: options.bundled,
            mirror_login: header.map_or(Ok(None), |header| Login::for_mirrors(&mirrors, header))?,
            netrc: options.netrc,
            mirrors,
            cache: options.cache.map(Cache::new),
            offline: options.offline,
            refresh: options.refresh,
            max_size: options.max_size,
            executable: options.executable,
            retry: options.retry,
            net,
            listener: options.listener,
            stop: options.stop,
        })
    }

    /// Removes from the cache what was not used for this long, and partial downloads that no process holds.
    ///
    /// # Errors
    /// [`FetchError::Cache`], [`FetchError::NoCache`].
    pub fn prune(&self, unused: std::time::Duration) -> Result<Pruned, FetchError> {
        self.cache()?.prune(unused)
    }

    /// Reads a small asset of a release, at most `most` bytes, from the release address only; `None` if the response is
    /// 404 or
    /// 410. Nothing about the bytes is verified.
    ///
    /// # Errors
    /// [`FetchError::NotPublished`] where access is denied, [`FetchError::Network`], [`FetchError::TooLarge`],
    /// [`FetchError::Offline`].
    pub fn read_document(
        &self,
        source: &Source,
        asset: &AssetName,
        most: u64,
    ) -> Result<Option<Vec<u8>>, FetchError> {
        self.read_asset(source, asset, most, &self.line(&self.retry))
    }

    pub(crate) fn read_asset(
        &self,
        source: &Source,
        asset: &AssetName,
        most: u64,
        line: &Transport<'_>,
    ) -> Result<Option<Vec<u8>>, FetchError> {
        let address = source.address_of(asset);
        if self.offline {
            return Err(FetchError::Offline {
                what: asset.to_string(),
            });
        }
        let mut bytes = Vec::new();
        let wanted = Wanted {
            asset: asset.as_str(),
            sha256: None,
            size: None,
            most,
        };
        let end = line.receive(&address, wanted, &mut PartialDownload::new(&mut bytes));
        match end {
            Ok(_) => Ok(Some(bytes)),
            Err(Stopped::TransferError(TransferError::Absent { status: 404 | 410 })) => Ok(None),
            Err(Stopped::TransferError(transfer_error)) => {
                Err(given_up(asset, &address, transfer_error, Vec::new()))
            }
            Err(Stopped::Longer) => Err(FetchError::TooLarge {
                what: asset.to_string(),
                limit: most,
            }),
            Err(Stopped::Caller) => Err(stopped(asset)),
            // Writing to memory does not fail.
            Err(Stopped::Disk(source)) => Err(FetchError::Cache {
                operation: "hold in memory",
                path: asset.as_str().into(),
                source,
            }),
        }
    }

    /// Reads a document that has to exist, and parses it.
    pub(crate) fn read_required<T>(
        &self,
        source: &Source,
        (asset, document): (AssetName, &'static str),
        parse: impl FnOnce(&[u8]) -> Result<T, DocumentError>,
    ) -> Result<(T, Vec<u8>), FetchError> {
        let origin = source.address_of(&asset);
        let bytes = self
            .read_document(source, &asset, LARGEST)?
            .ok_or_else(|| {
                given_up(
                    &asset,
                    &origin,
                    TransferError::Absent { status: 404 },
                    Vec::new(),
                )
            })?;
        let value = parse(&bytes)
            .map_err(|unfit| unfit.into_error(document, origin.to_string(), source))?;
        Ok((value, bytes))
    }

    /// Returns the login for a mirror at this address, if it has one.
    pub(crate) fn login(&self, mirror: &Address) -> Option<Login> {
        let given = self.mirror_login.clone();
        given.or_else(|| Login::of_netrc(mirror, self.netrc.as_deref()?))
    }

    /// Returns the network, with this retry budget.
    pub(crate) fn line<'c>(&'c self, retry: &'c Retry) -> Transport<'c> {
        Transport {
            net: &self.net,
            retry,
            listener: self.listener.as_ref(),
            stop: self.stop.as_deref(),
            login: None,
            limit: None,
        }
    }
}

/// The error for a stop by the caller.
pub(crate) fn stopped(asset: &AssetName) -> FetchError {
    FetchError::Stopped {
        what: asset.to_string(),
    }
}

/// The error after the last address failed.
pub(crate) fn given_up(
    asset: &AssetName,
    address: &Address,
    transfer_error: TransferError,
    mut tried: Vec<Tried>,
) -> FetchError {
    let (what, address) = (asset.to_string(), address.to_string());
    match transfer_error {
        TransferError::Absent { status } => FetchError::NotPublished {
            what,
            address,
            status,
            tried,
        },
        TransferError::Proxy { proxy } => FetchError::Proxy { proxy },
        transfer_error @ TransferError::WebPage { .. } => {
            let problem = transfer_error.problem();
            tried.push(Tried { address, problem });
            FetchError::WebPage { what, tried }
        }
        transfer_error @ (TransferError::Network { .. } | TransferError::Untrusted { .. }) => {
            let untrusted = matches!(transfer_error, TransferError::Untrusted { .. });
            let problem = transfer_error.problem();
            tried.push(Tried { address, problem });
            FetchError::Network {
                what,
                tried,
                untrusted,
            }
        }
    }
}
