//! The client: what it holds, and reading one asset of a release.
//!
//! What is made of the assets stands in the modules of the three questions: fetch, verify, withdrawn.

use crate::address::Address;
use crate::cache::Cache;
use crate::digest::Pumped;
use crate::document::LARGEST;
use crate::error::{FetchError, Tried};
use crate::http::{Net, Trouble};
use crate::names::{AssetName, Source, not_usable};
use crate::options::{Listener, Options, Progress, Retry};
use crate::transfer::{Bounds, Sink, Stopped, receive};

/// Fetches and verifies. Holds connections and no other state; may be shared by threads.
pub struct Client {
    pub(crate) cache: Option<Cache>,
    pub(crate) mirrors: Vec<Address>,
    pub(crate) offline: bool,
    pub(crate) max_size: u64,
    pub(crate) retry: Retry,
    net: Net,
    progress: Option<Listener>,
}

impl Client {
    /// A client that works as the options say. Reads nothing from disk or network yet.
    ///
    /// # Errors
    /// [`FetchError::NotUsable`] for a mirror or proxy that is no address.
    pub fn new(options: Options) -> Result<Self, FetchError> {
        let net = Net::new(&options)?;
        let expected = "the address of a mirror, such as https://mirror.example/tools, without a user name or query";
        let mirror =
            |text: &String| Address::parse_base(text).ok_or_else(|| not_usable(text, expected));
        Ok(Self {
            mirrors: options
                .mirrors
                .iter()
                .map(mirror)
                .collect::<Result<_, _>>()?,
            cache: options.cache.map(Cache::new),
            offline: options.offline,
            max_size: options.max_size,
            retry: options.retry,
            net,
            progress: options.progress,
        })
    }

    /// Reads a small asset of a release, at most `most` bytes, from the release address only; `None` if it answers 404
    /// or 410. Nothing about the bytes is verified.
    ///
    /// # Errors
    /// [`FetchError::NotPublished`] where nobody may have it, [`FetchError::Network`], [`FetchError::TooLarge`],
    /// [`FetchError::Offline`].
    pub fn read_document(
        &self,
        source: &Source,
        asset: &AssetName,
        most: u64,
    ) -> Result<Option<Vec<u8>>, FetchError> {
        self.read_asset(source, asset, most, &self.retry)
    }

    pub(crate) fn read_asset(
        &self,
        source: &Source,
        asset: &AssetName,
        most: u64,
        retry: &Retry,
    ) -> Result<Option<Vec<u8>>, FetchError> {
        let address = source.address_of(asset);
        if self.offline {
            return Err(FetchError::Offline {
                what: asset.to_string(),
            });
        }
        let mut bytes = Vec::new();
        let bounds = Bounds { size: None, most };
        match receive(
            &self.net,
            retry,
            &address,
            bounds,
            &mut bytes,
            &mut |_, _| (),
        ) {
            Ok(_) => Ok(Some(bytes)),
            Err(Stopped::Trouble(Trouble::Absent { status: 404 | 410 })) => Ok(None),
            Err(Stopped::Trouble(trouble)) => Err(given_up(asset, &address, trouble, Vec::new())),
            Err(Stopped::Longer) => Err(FetchError::TooLarge {
                what: asset.to_string(),
                limit: most,
            }),
            // Memory does not fail to be written to.
            Err(Stopped::Disk(source)) => Err(FetchError::Cache {
                doing: "hold in memory",
                path: asset.as_str().into(),
                source,
            }),
        }
    }

    /// Reads a document that has to be there, and makes something of it.
    pub(crate) fn read_required<T>(
        &self,
        source: &Source,
        (name, document): (&str, &'static str),
        parse: impl FnOnce(&[u8]) -> Result<T, String>,
    ) -> Result<(T, Vec<u8>), FetchError> {
        let asset: AssetName = name.parse()?;
        let origin = source.address_of(&asset);
        let bytes = self
            .read_document(source, &asset, LARGEST)?
            .ok_or_else(|| {
                given_up(&asset, &origin, Trouble::Absent { status: 404 }, Vec::new())
            })?;
        let value = parse(&bytes).map_err(|problem| FetchError::Document {
            document,
            origin: origin.to_string(),
            problem,
        })?;
        Ok((value, bytes))
    }

    /// Reads an executable, telling whoever wants to hear it how that goes.
    pub(crate) fn receive(
        &self,
        address: &Address,
        asset: &AssetName,
        bounds: Bounds,
        sink: &mut dyn Sink,
    ) -> Result<Pumped, Stopped> {
        let mut tell = |received, size| {
            if let Some(progress) = &self.progress {
                progress(Progress {
                    asset: asset.as_str(),
                    received,
                    size,
                });
            }
        };
        receive(&self.net, &self.retry, address, bounds, sink, &mut tell)
    }
}

/// The end, after the last address gave nothing.
pub(crate) fn given_up(
    asset: &AssetName,
    address: &Address,
    trouble: Trouble,
    mut tried: Vec<Tried>,
) -> FetchError {
    let (what, address) = (asset.to_string(), address.to_string());
    match trouble {
        Trouble::Absent { status } => FetchError::NotPublished {
            what,
            address,
            status,
            tried,
        },
        Trouble::Network { problem, .. } => {
            tried.push(Tried { address, problem });
            FetchError::Network { what, tried }
        }
    }
}
