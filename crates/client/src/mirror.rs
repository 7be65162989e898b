//! Mirrors: plain folders, on a web server or on this machine: `{mirror}/{tag}/{asset}`.
//!
//! Mirrors are untrusted.

use std::path::PathBuf;

use lockgate_format::ids::AssetName;
use lockgate_http::Address;

use crate::error::FetchError;
use crate::names::{Source, not_usable};

/// A mirror.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mirror {
    Web(Address),
    Folder(PathBuf),
}

impl Mirror {
    /// Parses an address or a folder. A folder's path must be recognizable as one: a misspelt address must not be
    /// treated as an empty folder.
    pub(crate) fn parse(text: &str) -> Result<Self, FetchError> {
        let path = PathBuf::from(text);
        if path.is_absolute() || text.starts_with('.') {
            return Ok(Self::Folder(path));
        }
        let expected = "a mirror: an address such as https://mirror.example/tools, without a query or a user name (a login goes into ~/.netrc or LOCKGATE_MIRROR_HEADER), or a folder whose path begins with / or .";
        Address::parse_base(text)
            .map(Self::Web)
            .ok_or_else(|| not_usable(text, expected))
    }

    /// Returns the address or path at which it would have an asset of a release.
    pub(crate) fn place(&self, source: &Source, asset: &AssetName) -> String {
        match self {
            Self::Web(base) => base.join(&format!("{}/{asset}", source.tag())).to_string(),
            Self::Folder(folder) => {
                let path = folder.join(source.tag().as_str()).join(asset.as_str());
                path.display().to_string()
            }
        }
    }
}
