//! GitHub Apps that are installed in the repository, and their tokens: restricted to permissions of the App, valid for
//! an hour.
//!
//! This module does not know signatures: its callers have authenticated the App.

use serde::{Deserialize, Serialize};

use super::State;
use super::people::{Access, Rights, Role, Token};
use super::refusal::Refusal;

/// The lifetime of an App's token, in seconds.
pub const HOUR: i64 = 3600;

/// An App and its installation in this repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct App {
    /// The id.
    pub id: u64,
    /// The slug; the App writes as `<slug>[bot]`.
    pub slug: String,
    /// The public key, as DER of PKCS#1.
    pub public_key: Vec<u8>,
    /// The id of the installation.
    pub installation: u64,
    /// The most permissions of its tokens, named as under `permissions:` in a workflow.
    pub rights: Rights,
}

impl App {
    /// Returns the account that the App writes as.
    #[must_use]
    pub fn login(&self) -> String {
        format!("{}[bot]", self.slug)
    }
}

impl State {
    /// Installs an App; returns its id.
    pub fn add_app(&mut self, slug: &str, public_key: Vec<u8>, rights: Rights) -> u64 {
        let (id, installation) = (self.allocate(), self.allocate());
        let app = App {
            id,
            slug: slug.to_owned(),
            public_key,
            installation,
            rights,
        };
        self.add_person(&app.login(), Role::Write);
        self.apps.insert(id, app);
        id
    }

    /// Returns the App with this id.
    #[must_use]
    pub fn app(&self, id: u64) -> Option<&App> {
        self.apps.get(&id)
    }

    /// Issues a token for an App: with the permissions that it asks for, or all that it has.
    ///
    /// # Errors
    /// 404 for an installation of another App, 422 for a permission that the App does not have.
    pub fn give_token(
        &mut self,
        app: u64,
        installation: u64,
        asked: Option<Rights>,
        token: &str,
        now: i64,
    ) -> Result<Rights, Refusal> {
        let app = self.app(app).ok_or(Refusal::NotFound)?;
        if app.installation != installation {
            return Err(Refusal::NotFound);
        }
        let rights = asked.unwrap_or_else(|| app.rights.clone());
        let beyond = rights
            .iter()
            .any(|(scope, access)| app.rights.get(scope).unwrap_or(&Access::None) < access);
        if beyond {
            let text = "The permissions requested are not granted to this installation.";
            return Err(Refusal::Unprocessable(text.to_owned()));
        }
        let facts = Token {
            label: "app".to_owned(),
            login: app.login(),
            at_most: Role::Write,
            rights: Some(rights.clone()),
            ends: Some(now + HOUR),
        };
        self.tokens.insert(token.to_owned(), facts);
        Ok(rights)
    }
}
