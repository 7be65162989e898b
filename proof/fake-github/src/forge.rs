//! The forge without its socket: the state, the repository, the script of faults, the journal.
//!
//! One call at a time. What a fault does to the connection is the server's business.

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
use crate::rest::{self, Answer, Call, Desk};
use crate::results::{Results, blocks, twirp};
use crate::state::State;
use crate::storage::Signer;

/// What time it is on the forge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// Always this moment, in seconds since 1970, until somebody moves it.
    Fixed(i64),
    /// The machine's time.
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

/// The request at which a `kill-*` fault struck.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KillPoint {
    /// Its number in the journal.
    pub request: u64,
    /// Its method.
    pub method: String,
    /// Its path.
    pub path: String,
    /// Whether its effect has happened.
    pub moment: Moment,
}

/// What the embedding program does at a `kill-*` fault: usually, kill the client.
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
    /// Another base for storage addresses than the API's host.
    pub(crate) storage_base: Option<String>,
    pub(crate) file: Option<StateFile>,
    /// Why the state could not be stored, if it could not.
    pub(crate) unsaved: Option<DurableError>,
    pub(crate) late: Vec<Late>,
}

/// A call whose effect is still to come.
pub(crate) struct Late {
    pub(crate) calls_left: u32,
    pub(crate) call: Call,
    pub(crate) upload: Option<Upload>,
}

/// An upload whose bytes are all there.
pub(crate) struct Upload {
    pub(crate) release: ReleaseId,
    pub(crate) content_type: String,
    pub(crate) blob: Blob,
}

impl Forge {
    /// Answers a call to the API, uploads excepted.
    pub(crate) fn api(&mut self, call: &Call) -> Answer {
        let answer = self.api_only(call);
        if answer.status == 304 {
            self.rates.refund(&call.actor);
        }
        self.settle();
        answer
    }

    /// Answers a call for a page or a download.
    pub(crate) fn web(&mut self, call: &Call) -> Answer {
        let answer = crate::web::answer(&mut self.state, call, &self.signer);
        self.settle();
        answer
    }

    /// Answers a call of a job that keeps artifacts.
    pub(crate) fn results(&mut self, call: &Call, token: Option<&str>) -> Answer {
        let answer = twirp::answer(twirp::Counter {
            results: &mut self.results,
            state: &mut self.state,
            signer: &self.signer,
            call,
            token,
        });
        self.settle();
        answer
    }

    /// The upload of an artifact that a `PUT` is for, if the address is good and somebody waits.
    pub(crate) fn upload_wanted(&self, call: &Call) -> Result<u64, Answer> {
        let upload = self.signer.upload(&call.path, &call.query, call.now)?;
        let open = self.results.is_open(upload);
        if open {
            Ok(upload)
        } else {
            Err(blocks::gone())
        }
    }

    /// Takes the head of an upload.
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

    /// Ends an upload.
    pub(crate) fn finish_upload(
        &mut self,
        call: &Call,
        asset: AssetId,
        blob: Blob,
        hide_digest: bool,
    ) -> Answer {
        if hide_digest {
            // The asset can only be gone by now, which finishing will say.
            let _ = self.state.hide_digest(asset);
        }
        let answer = rest::assets::finish(&mut self.state, call, asset, blob);
        self.settle();
        answer.unwrap_or_else(|refusal| rest::refused(&refusal, &call.path))
    }

    /// Puts a call off until so many more were handled.
    pub(crate) fn put_off(&mut self, late: Late) {
        self.settle();
        self.late.push(late);
        self.land_due();
        self.save();
    }

    /// Lets the late effects land whose time has come, and stores the state.
    pub(crate) fn settle(&mut self) {
        for late in &mut self.late {
            late.calls_left = late.calls_left.saturating_sub(1);
        }
        self.land_due();
        self.save();
    }

    /// Stores the state, where it is to be stored.
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
            // Nobody waits for the answer.
            let _ = rest::assets::finish(&mut self.state, &call, asset, upload.blob);
        }
    }

    fn api_only(&mut self, call: &Call) -> Answer {
        let mut desk = Desk {
            state: &mut self.state,
            git: self.repository.as_ref(),
            call,
            signer: &self.signer,
        };
        rest::answer(&mut desk)
    }
}
