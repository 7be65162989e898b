//! Events that a client reports while it works: for progress bars, and for diagnosis.
//!
//! The result does not depend on them: it is the same without a listener.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Receives events; may be called from several threads, and must return quickly.
pub type Listener = Arc<dyn Fn(&Event<'_>) + Send + Sync>;

/// An event. Shown as one line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A source does not have the executable.
    Missed {
        /// The source: a path, an address, or a description.
        place: &'a str,
        /// Why not.
        why: &'a str,
    },
    /// Another process downloads the same executable; the client waits for it.
    Waiting {
        /// The asset.
        asset: &'a str,
    },
    /// A temporary error; the same address is asked again.
    Retrying {
        /// The address.
        address: &'a str,
        /// What is wrong.
        problem: &'a str,
        /// The delay before the next attempt.
        wait: Duration,
    },
    /// The beginning of the file is here, so only the rest is requested.
    Resuming {
        /// The asset.
        asset: &'a str,
        /// How many bytes are here.
        from: u64,
    },
    /// The parts do not belong together: the download restarts.
    Restarting {
        /// The asset.
        asset: &'a str,
        /// What does not match.
        why: &'a str,
    },
    /// Bytes have arrived.
    Progress(Progress<'a>),
}

/// The progress of a download.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress<'a> {
    /// The asset.
    pub asset: &'a str,
    /// How many bytes are here.
    pub received: u64,
    /// The total, if it is known.
    pub size: Option<u64>,
}

impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missed { place, why } => write!(f, "not from {place}: {why}"),
            Self::Waiting { asset } => {
                write!(f, "waiting for another process that downloads {asset}")
            }
            Self::Retrying {
                address,
                problem,
                wait,
            } => {
                let wait = wait.as_secs_f64();
                write!(f, "retrying {address} in {wait} s: {problem}")
            }
            Self::Resuming { asset, from } => {
                write!(f, "resuming {asset} after {from} bytes")
            }
            Self::Restarting { asset, why } => write!(f, "restarting {asset}: {why}"),
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
