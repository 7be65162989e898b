//! What a client tells while it works: for progress bars, and for people who ask why it took another way.
//!
//! Nothing depends on it: whoever does not listen gets the same executable.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Hears what happens; may be called from several threads, and must not take long.
pub type Listener = Arc<dyn Fn(&Event<'_>) + Send + Sync>;

/// Something that happened. Shown as one line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A place that was asked does not have the executable.
    Missed {
        /// Where: a path, an address, or words.
        place: &'a str,
        /// Why not.
        why: &'a str,
    },
    /// Another process downloads the same executable; we wait for it.
    Waiting {
        /// The asset.
        asset: &'a str,
    },
    /// Trouble that may pass; the same address is asked again.
    Retrying {
        /// The address.
        address: &'a str,
        /// What is wrong.
        problem: &'a str,
        /// After how long.
        wait: Duration,
    },
    /// The rest of a file is asked for, because its beginning is here.
    Resuming {
        /// The asset.
        asset: &'a str,
        /// How many bytes are here.
        from: u64,
    },
    /// Parts that do not belong together: the download begins anew.
    Restarting {
        /// The asset.
        asset: &'a str,
        /// What does not fit.
        why: &'a str,
    },
    /// Bytes have arrived.
    Progress(Progress<'a>),
}

/// How far a download is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress<'a> {
    /// The asset.
    pub asset: &'a str,
    /// How many bytes are here.
    pub received: u64,
    /// How many there will be, if that is known.
    pub size: Option<u64>,
}

impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missed { place, why } => write!(f, "not from {place}: {why}"),
            Self::Waiting { asset } => write!(f, "waiting for another process that gets {asset}"),
            Self::Retrying {
                address,
                problem,
                wait,
            } => {
                let wait = wait.as_secs_f64();
                write!(f, "asking {address} again in {wait} s: {problem}")
            }
            Self::Resuming { asset, from } => {
                write!(f, "{from} bytes of {asset} are here; asking for the rest")
            }
            Self::Restarting { asset, why } => write!(f, "beginning {asset} anew: {why}"),
            Self::Progress(Progress {
                asset,
                received,
                size,
            }) => match size {
                Some(size) => write!(f, "{asset}: {received} of {size} bytes"),
                None => write!(f, "{asset}: {received} bytes"),
            },
        }
    }
}
