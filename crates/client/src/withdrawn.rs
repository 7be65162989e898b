//! Checks whether a release was withdrawn.
//!
//! The withdrawal of `TAG` is the asset `lockgate-withdrawal.json` of the release `withdrawn-TAG`. Only the release
//! address is asked: a mirror without it proves nothing. Fails closed: 404 and 410 mean that there is none; every other
//! response that is not a withdrawal is an error, because an attacker who can disturb the connection could hide one.
//!
//! One exception: an executable that the pins name, and that is in the cache or comes from a mirror, may be used while
//! the release address cannot be reached. The pins are in the repository itself, and a machine that is offline, or only
//! ever had a mirror, must keep working. The result is then [`WithdrawalCheck::Unreachable`]. This check has a short
//! time-out, and is not repeated for a while, so that it does not delay each start of a program.
//!
//! A withdrawal is permanent, so one that was read once is stored, and counts without a network. The time of the last
//! answer without one is stored only to be shown: it replaces no check.

use std::fmt;
use std::time::{Duration, SystemTime};

use lockgate_format::document::{Document as _, LARGEST, Withdrawal};
use lockgate_format::ids::AssetName;

use crate::cache::{Asked, Cache};
use crate::client::Client;
use crate::error::{FetchError, Tried, plain};
use crate::expectation::DocumentError;
use crate::names::Source;
use crate::options::Retry;
use crate::request::Request;
use crate::transfer::Transport;

/// The time-out of a check that is optional.
const SHORT: Duration = Duration::from_millis(1500);
/// How long an optional check is not repeated after it failed.
const NOT_AGAIN: Duration = Duration::from_secs(5 * 60);
/// The precision of the time of the last answer: it is written at most this often.
const WRITTEN_DOWN: Duration = Duration::from_secs(3600);
/// The oldest answer that is shown.
const WORTH_SHOWING: Duration = Duration::from_secs(30 * 24 * 3600);

/// The result of a check that allows the use of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithdrawalCheck {
    /// There is no withdrawal.
    None,
    /// The caller did not ask for the check, or is offline.
    NotAsked,
    /// The release did not answer. Accepted only for an executable that the pins name, and that was in the cache or
    /// came from a mirror.
    Unreachable(Unanswered),
}

/// A check that got no answer. Shown as a sentence.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unanswered {
    /// How long ago it was made: zero if just now.
    pub asked: Duration,
    /// How long ago the release last answered that there is no withdrawal, if that is known and at most 30 days ago.
    pub not_withdrawn: Option<Duration>,
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "whether it was withdrawn is not known: the release's address cannot be reached",
        )?;
        if !self.asked.is_zero() {
            let (ago, again) = (span(self.asked), span(NOT_AGAIN));
            write!(f, " (asked {ago} ago, and again after {again})")?;
        }
        match self.not_withdrawn {
            Some(age) => write!(f, "; {} ago it was not withdrawn", span(age)),
            None => Ok(()),
        }
    }
}

fn span(age: Duration) -> String {
    let seconds = age.as_secs();
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} minutes", seconds / 60),
        7200..172_800 => format!("{} hours", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

impl WithdrawalCheck {
    /// Stores the time of the answer, for later; like storing a receipt, this may fail.
    pub(crate) fn remember(self, cache: &Cache, source: &Source) {
        let now = SystemTime::now();
        let known = cache.asked(source, now);
        let lately = known.not_withdrawn.is_some_and(|age| age < WRITTEN_DOWN);
        if self == Self::None && !(lately && known.unanswered.is_none()) {
            let asked = Asked {
                not_withdrawn: Some(Duration::ZERO),
                unanswered: None,
            };
            drop(cache.keep_asked(source, asked, now));
        }
    }
}

impl Client {
    /// Checks for a withdrawal.
    ///
    /// # Errors
    /// [`FetchError::Withdrawn`] if there is one, [`FetchError::Document`] if it cannot be read or belongs to another
    /// release, [`FetchError::Network`] and [`FetchError::Offline`] if it cannot be determined.
    pub fn check_withdrawn(&self, source: &Source) -> Result<(), FetchError> {
        self.look_for_withdrawal(source, &self.line(&self.retry))
    }

    /// Returns what is known, for a fetch for which an answer is optional or required.
    pub(crate) fn withdrawal(
        &self,
        request: &Request,
        may_be_unreachable: bool,
    ) -> Result<WithdrawalCheck, FetchError> {
        let source = &request.source;
        if !request.check_withdrawn {
            return Ok(WithdrawalCheck::NotAsked);
        }
        let cache = self.cache.as_ref();
        if let Some(bytes) = cache
            .filter(|_| !self.refresh)
            .and_then(|cache| cache.withdrawal(source))
            && let Ok(withdrawal) = read(&bytes, source)
        {
            return Err(withdrawn(withdrawal));
        }
        if self.offline {
            return Ok(WithdrawalCheck::NotAsked);
        }
        if !may_be_unreachable {
            return self.check_withdrawn(source).map(|()| WithdrawalCheck::None);
        }
        let now = SystemTime::now();
        let mut asked = cache.map_or_else(Asked::default, |cache| cache.asked(source, now));
        let unreachable = |asked: Asked| {
            WithdrawalCheck::Unreachable(Unanswered {
                asked: asked.unanswered.unwrap_or_default(),
                not_withdrawn: asked.not_withdrawn.filter(|age| *age <= WORTH_SHOWING),
            })
        };
        if !self.refresh && asked.unanswered.is_some_and(|age| age < NOT_AGAIN) {
            return Ok(unreachable(asked));
        }
        let once = self.once();
        let line = Transport {
            limit: Some(SHORT),
            ..self.line(&once)
        };
        match self.look_for_withdrawal(source, &line) {
            Ok(()) => Ok(WithdrawalCheck::None),
            Err(FetchError::Network { .. } | FetchError::WebPage { .. }) => {
                asked.unanswered = Some(Duration::ZERO);
                if let Some(cache) = cache {
                    drop(cache.keep_asked(source, asked, now));
                }
                Ok(unreachable(asked))
            }
            Err(error) => Err(error),
        }
    }

    /// Checks with the whole retry budget, before a download from the release that did not answer a short check.
    pub(crate) fn ask_once_more(
        &self,
        source: &Source,
        withdrawal: &mut WithdrawalCheck,
        mut tried: Vec<Tried>,
    ) -> Result<(), FetchError> {
        let mut answer = self.look_for_withdrawal(source, &self.line(&self.once()));
        if let Err(FetchError::Network { tried: after, .. }) = &mut answer {
            tried.append(after);
            std::mem::swap(after, &mut tried);
        }
        answer?;
        *withdrawal = WithdrawalCheck::None;
        Ok(())
    }

    fn once(&self) -> Retry {
        Retry {
            attempts: 1,
            ..self.retry.clone()
        }
    }

    pub(crate) fn look_for_withdrawal(
        &self,
        source: &Source,
        line: &Transport<'_>,
    ) -> Result<(), FetchError> {
        let asset = AssetName::withdrawal();
        let of_withdrawal = source.withdrawal();
        let bytes = match self.read_asset(&of_withdrawal, &asset, LARGEST, line) {
            Ok(None) => return Ok(()),
            Ok(Some(bytes)) => bytes,
            // "Access denied" is no proof that there is no withdrawal.
            Err(FetchError::NotPublished {
                what,
                address,
                status,
                mut tried,
            }) => {
                tried.push(Tried {
                    address,
                    problem: format!(
                        "it answered {status}, which does not show that there is none"
                    ),
                });
                return Err(FetchError::Network {
                    what,
                    tried,
                    untrusted: false,
                });
            }
            Err(error) => return Err(error),
        };
        let withdrawal = read(&bytes, source).map_err(|problem| {
            let origin = of_withdrawal.address_of(&asset).to_string();
            problem.into_error("withdrawal", origin, source)
        })?;
        // Without encryption an attacker could have written it: then it counts this time only.
        if let Some(cache) = self
            .cache
            .as_ref()
            .filter(|_| source.server().is_authentic())
        {
            drop(cache.keep_withdrawal(source, &bytes));
        }
        Err(withdrawn(withdrawal))
    }
}

/// Parses a withdrawal of this release, or returns why it is invalid.
fn read(bytes: &[u8], source: &Source) -> Result<Withdrawal, DocumentError> {
    let withdrawal = Withdrawal::from_json(bytes)?;
    if withdrawal.tag != *source.tag() {
        let problem = format!("it is of another release than {}", source.tag());
        return Err(problem.into());
    }
    Ok(withdrawal)
}

fn withdrawn(withdrawal: Withdrawal) -> FetchError {
    FetchError::Withdrawn {
        tag: withdrawal.tag.to_string(),
        reason: plain(&withdrawal.reason),
    }
}
