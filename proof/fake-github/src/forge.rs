//! The fake without its socket: state, repository, armed faults, journal.
//!
//! It handles one call at a time. The server applies what a fault does to the connection.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::blobs::Blob;
use crate::durable::{DurableError, StateFile};
use crate::exchange::ExchangeHook;
use crate::faults::{Moment, Script};
use crate::ids::{AssetId, ReleaseId};
use crate::journal::Journal;
use crate::rates::Rates;
use crate::repository::Repository;
use crate::rest::{self, Answer, Call, RequestContext};
use crate::results::{Results, blocks, twirp};
use crate::state::State;
use crate::storage::Signer;

/// The source of the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// A fixed time, in seconds since 1970, until it is changed.
    Fixed(i64),
    /// The machine's clock.
    System,
}

impl Clock {
    pub(crate) fn now(self) -> i64 {
        match self {
            Self::Fixed(now) => now,
            Self::System => {
                let since = SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .unwrap_or_default();
                i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
            }
        }
    }
}

/// The request at which a `kill-*` fault occurred.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KillPoint {
    /// The number in the journal.
    pub request: u64,
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// Whether the effect has happened.
    pub moment: Moment,
}

/// The embedding program's hook for `kill-*` faults, which usually kills the client.
pub type KillHook = Arc<dyn Fn(&KillPoint) + Send + Sync>;

pub(crate) struct Forge {
    pub(crate) state: State,
    pub(crate) repository: Box<dyn Repository>,
    pub(crate) clock: Clock,
    pub(crate) script: Script,
    pub(crate) journal: Journal,
    pub(crate) rates: Rates,
    pub(crate) hook: Option<KillHook>,
    pub(crate) watch: Option<ExchangeHook>,
    pub(crate) signer: Signer,
    pub(crate) results: Results,
    /// A base for storage addresses other than the API's host.
    pub(crate) storage_base: Option<String>,
    pub(crate) file: Option<StateFile>,
    /// Why the state could not be stored, if it failed.
    pub(crate) unsaved: Option<DurableError>,
    pub(crate) late: Vec<Late>,
}

/// A call whose effect is delayed.
pub(crate) struct Late {
    pub(crate) calls_left: u32,
    pub(crate) call: Call,
    pub(crate) upload: Option<Upload>,
}

/// An upload whose bytes have all arrived.
pub(crate) struct Upload {
    pub(crate) release: ReleaseId,
    pub(crate) content_type: String,
    pub(crate) blob: Blob,
}

impl Forge {
    /// Handles a call to the API, except uploads.
    pub(crate) fn api(&mut self, call: &Call) -> Answer {
        let answer = self.api_only(call);
        if answer.status == 304 {
            self.rates.refund(&call.actor);
        }
        self.settle();
        answer
    }

    /// Handles a request for a page or a download.
    pub(crate) fn web(&mut self, call: &Call) -> Answer {
        let answer = crate::web::answer(&mut self.state, call, &self.signer);
        self.settle();
        answer
    }

    /// Handles a call of a job that stores artifacts.
    pub(crate) fn results(&mut self, call: &Call, token: Option<&str>) -> Answer {
        let answer = twirp::answer(twirp::TwirpContext {
            results: &mut self.results,
            state: &mut self.state,
            signer: &self.signer,
            call,
            token,
        });
        self.settle();
        answer
    }

    /// Returns the artifact upload that a `PUT` is for, if the address is valid and the upload is pending.
    pub(crate) fn upload_wanted(&self, call: &Call) -> Result<u64, Answer> {
        let upload = self.signer.upload(&call.path, &call.query, call.now)?;
        let open = self.results.is_open(upload);
        if open {
            Ok(upload)
        } else {
            Err(blocks::gone())
        }
    }

    /// Handles the head of an upload.
    pub(crate) fn begin_upload(
        &mut self,
        call: &Call,
        release: ReleaseId,
        content_type: &str,
    ) -> Result<AssetId, Answer> {
        let begun = rest::assets::begin(&mut self.state, call, release, content_type);
        self.settle();
        begun.map_err(|refusal| rest::refused(&refusal, &call.path))
    }

    /// Finishes an upload.
    pub(crate) fn finish_upload(
        &mut self,
        call: &Call,
        asset: AssetId,
        blob: Blob,
        hide_digest: bool,
    ) -> Answer {
        if hide_digest {
            // The asset may have been deleted by now, which finishing reports.
            let _ = self.state.hide_digest(asset);
        }
        let answer = rest::assets::finish(&mut self.state, call, asset, blob);
        self.settle();
        answer.unwrap_or_else(|refusal| rest::refused(&refusal, &call.path))
    }

    /// Delays a call until the given number of other calls were handled.
    pub(crate) fn put_off(&mut self, late: Late) {
        self.settle();
        self.late.push(late);
        self.land_due();
        self.save();
    }

    /// Applies the late effects that are due, and stores the state.
    pub(crate) fn settle(&mut self) {
        for late in &mut self.late {
            late.calls_left = late.calls_left.saturating_sub(1);
        }
        self.land_due();
        self.save();
    }

    /// Stores the state, if it has a file.
    pub(crate) fn save(&mut self) {
        if let Some(file) = &mut self.file {
            self.unsaved = file.save(&self.state).err();
        }
    }

    fn land_due(&mut self) {
        let (due, waiting) = std::mem::take(&mut self.late)
            .into_iter()
            .partition(|late| late.calls_left == 0);
        self.late = waiting;
        let due: Vec<Late> = due;
        for late in due {
            self.land(late);
        }
    }

    fn land(&mut self, late: Late) {
        let Late {
            mut call, upload, ..
        } = late;
        call.now = self.clock.now();
        let Some(upload) = upload else {
            self.api_only(&call);
            return;
        };
        let begun =
            rest::assets::begin(&mut self.state, &call, upload.release, &upload.content_type);
        if let Ok(asset) = begun {
            // The response is not needed.
            let _ = rest::assets::finish(&mut self.state, &call, asset, upload.blob);
        }
    }

    fn api_only(&mut self, call: &Call) -> Answer {
        let mut context = RequestContext {
            state: &mut self.state,
            git: self.repository.as_ref(),
            call,
            signer: &self.signer,
        };
        rest::answer(&mut context)
    }
}
