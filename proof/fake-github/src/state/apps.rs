//! GitHub Apps that are installed in the repository, and the tokens that they get: narrowed to rights that the App has, for an hour.
//!
//! Knows nothing of signatures; whoever calls has found out that it is the App that asks.

use serde::{Deserialize, Serialize};

use super::State;
use super::people::{Access, Rights, Role, Token};
use super::refusal::Refusal;

/// How long a token of an App is good, in seconds.
pub const HOUR: i64 = 3600;

/// An App, and its installation here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct App {
    /// Its number.
    pub id: u64,
    /// Its name in addresses; it writes as `<slug>[bot]`.
    pub slug: String,
    /// The public half of its key, as DER of PKCS#1.
    pub public_key: Vec<u8>,
    /// The number of its installation.
    pub installation: u64,
    /// All that its tokens may be given, by the names that stand under `permissions:` in a workflow.
    pub rights: Rights,
}

impl App {
    /// The account in whose name it writes.
    #[must_use]
    pub fn login(&self) -> String {
        format!("{}[bot]", self.slug)
    }
}

impl State {
    /// Installs an App; gives its number.
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

    /// The App of that number.
    #[must_use]
    pub fn app(&self, id: u64) -> Option<&App> {
        self.apps.get(&id)
    }

    /// Gives an App a token: with the rights that it asks for, or all that it has.
    ///
    /// # Errors
    /// 404 for an installation that is not its own, 422 for a right that it does not have.
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
