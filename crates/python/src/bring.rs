//! The work itself, in Rust's words only: it runs in a thread that Python knows nothing of.

use std::path::PathBuf;

use lockgate_client::{Client, Fetched, Ground, Order, OrderError, WithdrawalCheck};

/// What is to be done.
pub(crate) struct Job {
    pub(crate) client: Client,
    pub(crate) order: Order,
    /// The caller's own bytes.
    pub(crate) file: Option<PathBuf>,
}

/// What came of it.
pub(crate) struct Brought {
    pub(crate) path: PathBuf,
    /// What a log should say of it.
    pub(crate) words: Vec<String>,
}

impl Job {
    pub(crate) fn run(&self) -> Result<Brought, OrderError> {
        let request = self.client.request(&self.order)?;
        let fetched = match &self.file {
            Some(file) => self.client.fetch_from_file(&request, file),
            None => self.client.fetch(&request),
        }?;
        Ok(Brought {
            words: words(&fetched, request.asset.as_str()),
            path: fetched.path,
        })
    }
}

fn words(fetched: &Fetched, asset: &str) -> Vec<String> {
    let ground = match fetched.ground {
        Ground::Pins => "the pins",
        Ground::Receipt => "the release's receipt; pinned digests would be stronger",
        Ground::StoredReceipt => "the receipt that was kept when it was fetched",
    };
    let mut words = vec![format!(
        "{asset}, from {}, verified by {ground}",
        fetched.origin
    )];
    if let WithdrawalCheck::Unreachable(unanswered) = fetched.withdrawal {
        words.push(unanswered.to_string());
    }
    words
}
