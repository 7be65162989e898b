//! Whether a release was withdrawn.
//!
//! The withdrawal of `TAG` is the asset `lockgate-withdrawal.json` of the release `withdrawn-TAG`. Only the release
//! address is asked: a mirror that lacks it proves nothing. Fails closed: 404 and 410 mean that there is none; every
//! other answer that is no withdrawal is an error, because whoever can disturb the line could hide one.
//!
//! One exception, made in `fetch`: an executable that the pins name, and that is here or comes from a mirror, may be used
//! while the release address cannot be reached. The pins are the repository's own word, and a machine that loses its line,
//! or that only ever had a mirror, must go on working. The outcome then says [`WithdrawalCheck::Unreachable`].

use crate::WITHDRAWAL_ASSET;
use crate::client::Client;
use crate::document::{LARGEST, Withdrawal};
use crate::error::{FetchError, Tried};
use crate::names::{AssetName, Source};
use crate::options::Retry;

/// What is known about a withdrawal of a release that may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithdrawalCheck {
    /// There is none.
    None,
    /// The caller did not ask, or is offline.
    NotAsked,
    /// The network was in trouble. Accepted only for an executable that the pins name, and that was here already or came
    /// from a mirror.
    Unreachable,
}

impl Client {
    /// Looks for a withdrawal.
    ///
    /// # Errors
    /// [`FetchError::Withdrawn`] if there is one, [`FetchError::Document`] if it cannot be read or is of another
    /// release, [`FetchError::Network`] and [`FetchError::Offline`] if nobody can tell.
    pub fn check_withdrawn(&self, source: &Source) -> Result<(), FetchError> {
        self.look_for_withdrawal(source, &self.retry)
    }

    pub(crate) fn look_for_withdrawal(
        &self,
        source: &Source,
        retry: &Retry,
    ) -> Result<(), FetchError> {
        let asset: AssetName = WITHDRAWAL_ASSET.parse()?;
        let of_withdrawal = source.withdrawal();
        let bytes = match self.read_asset(&of_withdrawal, &asset, LARGEST, retry) {
            Ok(None) => return Ok(()),
            Ok(Some(bytes)) => bytes,
            // "Nobody may have it" is no proof that there is none.
            Err(FetchError::NotPublished {
                what,
                address,
                status,
                mut tried,
            }) => {
                tried.push(Tried {
                    address,
                    problem: format!("it answered {status}, which does not say that there is none"),
                });
                return Err(FetchError::Network {
                    what,
                    tried,
                    untrusted: false,
                });
            }
            Err(error) => return Err(error),
        };
        let unreadable = |problem| FetchError::Document {
            document: "withdrawal",
            origin: of_withdrawal.address_of(&asset).to_string(),
            problem,
        };
        let withdrawal = Withdrawal::parse(&bytes).map_err(unreadable)?;
        if withdrawal.tag != source.tag() {
            return Err(unreadable(format!(
                "it is of another release than {}",
                source.tag()
            )));
        }
        Err(FetchError::Withdrawn {
            tag: withdrawal.tag,
            reason: withdrawal.reason,
        })
    }
}
