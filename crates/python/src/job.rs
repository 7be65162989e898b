//! The work of a fetch, without Python: it runs in a thread that never needs the interpreter.

use std::path::PathBuf;

use lockgate_client::{Client, FetchSpec, FetchSpecError, Fetched, TrustSource, WithdrawalCheck};

/// What to fetch, and with which client.
pub(crate) struct Job {
    pub(crate) client: Client,
    pub(crate) order: FetchSpec,
    /// The caller's file that holds the bytes, if any.
    pub(crate) file: Option<PathBuf>,
    /// The cache's folder, whose files the client holds open while it works.
    pub(crate) cache: Option<PathBuf>,
}

/// The verified executable, and the lines for a log.
pub(crate) struct Outcome {
    pub(crate) path: PathBuf,
    pub(crate) lines: Vec<String>,
}

impl Job {
    pub(crate) fn run(&self) -> Result<Outcome, FetchSpecError> {
        let request = self.client.request(&self.order)?;
        let fetched = match &self.file {
            Some(file) => self.client.fetch_from_file(&request, file),
            None => self.client.fetch(&request),
        }?;
        Ok(Outcome {
            lines: lines(&fetched, request.asset.as_str()),
            path: fetched.path,
        })
    }
}

fn lines(fetched: &Fetched, asset: &str) -> Vec<String> {
    let ground = match fetched.ground {
        TrustSource::Pins => "pinned digests",
        TrustSource::Receipt => "the release's receipt; pinned digests would be stronger",
        TrustSource::StoredReceipt => "the receipt that was stored when it was fetched",
    };
    let mut lines = vec![format!(
        "{asset}, from {}, verified by {ground}",
        fetched.origin
    )];
    if let WithdrawalCheck::Unreachable(unanswered) = fetched.withdrawal {
        lines.push(unanswered.to_string());
    }
    lines
}
