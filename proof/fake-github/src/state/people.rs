//! Who there is, which tokens they hold, and what those may do.
//!
//! A token may do the lesser of what its person may and what it was cut down to: the automation's
//! token in a run for a fork reads only.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::State;
use super::refusal::{Lack, Refusal};

/// What a person may do in the repository, from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Not a collaborator; may see what is public.
    None,
    /// May read.
    Read,
    /// May sort issues.
    Triage,
    /// May push, and draft and publish releases.
    Write,
    /// May also change some settings.
    Maintain,
    /// May do everything.
    Admin,
}

impl Role {
    /// The name of the role: `role_name` in GitHub's answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Read => "read",
            Self::Triage => "triage",
            Self::Write => "write",
            Self::Maintain => "maintain",
            Self::Admin => "admin",
        }
    }

    /// The old, coarse permission: `maintain` shows as `write`, `triage` as `read`.
    #[must_use]
    pub fn permission(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Read | Self::Triage => "read",
            Self::Write | Self::Maintain => "write",
            Self::Admin => "admin",
        }
    }
}

/// A person or an app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The number of the account.
    pub id: u64,
    /// The name of the account.
    pub login: String,
    /// What the account may do here.
    pub role: Role,
    /// Whether it is an app's: `github-actions[bot]`.
    pub bot: bool,
}

/// What a token stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// What journals and fault scripts call its holder: `developer`, `automation`, `fork`.
    pub label: String,
    /// Whose it is.
    pub login: String,
    /// The most it may do.
    pub at_most: Role,
    /// What a workflow cut it down to; `None` for a token that has all that its role has.
    #[serde(default)]
    pub rights: Option<Rights>,
    /// When it ends, in seconds since 1970, if it ends by itself.
    #[serde(default)]
    pub ends: Option<i64>,
}

/// The rights of a token, by the names that stand under `permissions:` in a workflow.
pub type Rights = BTreeMap<String, Access>;

/// How far a right goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// Not at all.
    None,
    /// To read.
    Read,
    /// To read and to change.
    Write,
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Actor {
    /// Somebody without a token.
    Anonymous,
    /// The holder of a token.
    Known {
        /// What journals and fault scripts call the holder.
        label: String,
        /// The account.
        login: String,
        /// What the token may do.
        role: Role,
        /// Whether the account is an app's.
        bot: bool,
    },
}

impl Actor {
    /// What journals and fault scripts call the actor; `anonymous` without a token.
    #[must_use]
    pub fn label(&self) -> &str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Known { label, .. } => label,
        }
    }

    /// What the actor may do. Anonymous readers have no role.
    #[must_use]
    pub fn role(&self) -> Role {
        match self {
            Self::Anonymous => Role::None,
            Self::Known { role, .. } => *role,
        }
    }

    /// Whether the actor may see drafts and change things.
    #[must_use]
    pub fn may_write(&self) -> bool {
        self.role() >= Role::Write
    }

    /// Whether the actor is an app.
    #[must_use]
    pub fn is_bot(&self) -> bool {
        matches!(self, Self::Known { bot: true, .. })
    }

    /// The login of an actor who has at least this role.
    pub(crate) fn with(&self, least: Role) -> Result<&str, Refusal> {
        match self {
            Self::Anonymous => Err(Refusal::NotFound),
            Self::Known { login, role, .. } if *role >= least => Ok(login),
            Self::Known { bot: true, .. } => Err(Refusal::Forbidden(Lack::Integration)),
            Self::Known { .. } if least == Role::Admin => Err(Refusal::Forbidden(Lack::Admin)),
            Self::Known { .. } => Err(Refusal::Forbidden(Lack::Push)),
        }
    }

    /// The login of anybody with a token.
    pub(crate) fn signed_in(&self) -> Result<&str, Refusal> {
        match self {
            Self::Anonymous => Err(Refusal::Unauthenticated),
            Self::Known { login, .. } => Ok(login),
        }
    }
}

impl State {
    /// Adds a person, or changes the role of one.
    pub fn add_person(&mut self, login: &str, role: Role) -> &Person {
        let fresh = Person {
            id: self.allocate(),
            login: login.to_owned(),
            role,
            bot: login.ends_with("[bot]"),
        };
        let person = self.people.entry(login.to_owned()).or_insert(fresh);
        person.role = role;
        person
    }

    /// Gives a token to a person; `label` is what journals and fault scripts call its holder.
    pub fn add_token(&mut self, token: &str, label: &str, login: &str, at_most: Role) {
        let token_facts = Token {
            label: label.to_owned(),
            login: login.to_owned(),
            at_most,
            rights: None,
            ends: None,
        };
        self.tokens.insert(token.to_owned(), token_facts);
    }

    /// Cuts a token down to these rights, as a workflow does with that of its run.
    pub fn limit_token(&mut self, token: &str, rights: Rights) {
        if let Some(token) = self.tokens.get_mut(token) {
            token.rights = Some(rights);
        }
    }

    /// Every token that anybody holds.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = &str> {
        self.tokens.keys().map(String::as_str)
    }

    /// What a token was cut down to, if it was.
    #[must_use]
    pub fn rights(&self, token: &str) -> Option<&Rights> {
        self.tokens.get(token)?.rights.as_ref()
    }

    /// Ends a token.
    pub fn revoke_token(&mut self, token: &str) {
        self.tokens.remove(token);
    }

    /// The usual cast, each with the token `<label>-token`: `developer` (write), `maintainer`
    /// (maintain), `admin` (admin), `stranger` (no role), `automation` (the token of
    /// `github-actions[bot]`, write) and `fork` (the same, read only).
    pub fn add_cast(&mut self) {
        const BOT: &str = "github-actions[bot]";
        let cast = [
            ("developer", "developer", Role::Write, Role::Admin),
            ("maintainer", "maintainer", Role::Maintain, Role::Admin),
            ("admin", "admin", Role::Admin, Role::Admin),
            ("stranger", "stranger", Role::None, Role::Admin),
            ("automation", BOT, Role::Write, Role::Write),
            ("fork", BOT, Role::Write, Role::Read),
        ];
        for (label, login, role, at_most) in cast {
            self.add_person(login, role);
            self.add_token(&format!("{label}-token"), label, login, at_most);
        }
    }

    /// The person with this login, in any spelling of its letters.
    #[must_use]
    pub fn person(&self, login: &str) -> Option<&Person> {
        let exact = self.people.get(login);
        exact.or_else(|| {
            self.people
                .values()
                .find(|it| it.login.eq_ignore_ascii_case(login))
        })
    }

    /// Whether a token has come to its end.
    #[must_use]
    pub fn ended(&self, token: &str, now: i64) -> bool {
        let ends = self.tokens.get(token).and_then(|token| token.ends);
        ends.is_some_and(|ends| ends <= now)
    }

    /// Who holds `token`, if anybody does.
    #[must_use]
    pub fn holder(&self, token: &str) -> Option<Actor> {
        let token = self.tokens.get(token)?;
        let person = self.people.get(&token.login)?;
        Some(Actor::Known {
            label: token.label.clone(),
            login: person.login.clone(),
            role: person.role.min(token.at_most),
            bot: person.bot,
        })
    }

    /// A person, for whoever may ask about roles: apps, and people who may push.
    pub fn collaborator(&self, actor: &Actor, login: &str) -> Result<&Person, Refusal> {
        actor.signed_in()?;
        if !actor.is_bot() {
            actor.with(Role::Write)?;
        }
        self.person(login).ok_or(Refusal::NotFound)
    }
}
