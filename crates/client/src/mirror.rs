//! Mirrors: plain folders, on a web server or on this machine: `{mirror}/{tag}/{asset}`.
//!
//! Does not know who filled them, and believes them in nothing.

use std::path::PathBuf;

use crate::address::Address;
use crate::error::FetchError;
use crate::names::{AssetName, Source, not_usable};

/// One mirror.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mirror {
    Web(Address),
    Folder(PathBuf),
}

impl Mirror {
    /// An address; or a folder, whose path says that it is one: a misspelt address must not be taken for an empty folder.
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

    /// Where it has an asset of a release, if it does.
    pub(crate) fn place(&self, source: &Source, asset: &AssetName) -> String {
        match self {
            Self::Web(base) => base.join(&format!("{}/{asset}", source.tag())).to_string(),
            Self::Folder(folder) => {
                let path = folder.join(source.tag()).join(asset.as_str());
                path.display().to_string()
            }
        }
    }
}
