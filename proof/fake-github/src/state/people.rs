//! Users, their tokens, and the permissions of those.
//!
//! A token has the lesser of its user's role and its own restrictions: the automation's token in a run for a fork can
//! only read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::State;
use super::refusal::{MissingPermission, Refusal};

/// The role of a user in the repository, from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Not a collaborator; can see what is public.
    None,
    /// Can read.
    Read,
    /// Can manage issues.
    Triage,
    /// Can push, and draft and publish releases.
    Write,
    /// Can also change some settings.
    Maintain,
    /// Can do everything.
    Admin,
}

impl Role {
    /// Returns the name of the role: `role_name` in GitHub's responses.
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

    /// Returns the older, coarse permission: `maintain` appears as `write`, `triage` as `read`.
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

/// A user or an app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The id of the account.
    pub id: u64,
    /// The name of the account.
    pub login: String,
    /// The role of the account in this repository.
    pub role: Role,
    /// Whether it belongs to an app: `github-actions[bot]`.
    pub bot: bool,
}

/// The holder and the restrictions of a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// The label of its holder in journals and fault scripts: `developer`, `automation`, `fork`.
    pub label: String,
    /// The account that it belongs to.
    pub login: String,
    /// The highest role that it has.
    pub at_most: Role,
    /// The permissions of a restricted token; `None` for a token with all permissions of its role.
    #[serde(default)]
    pub rights: Option<Rights>,
    /// The expiry time, in seconds since 1970, if any.
    #[serde(default)]
    pub ends: Option<i64>,
}

/// The permissions of a token, named as under `permissions:` in a workflow.
pub type Rights = BTreeMap<String, Access>;

/// The level of a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// No access.
    None,
    /// Read access.
    Read,
    /// Read and write access.
    Write,
}

/// The caller of an operation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Actor {
    /// A caller without a token.
    Anonymous,
    /// The holder of a token.
    Known {
        /// The label of the holder in journals and fault scripts.
        label: String,
        /// The account.
        login: String,
        /// The role of the token.
        role: Role,
        /// Whether the account belongs to an app.
        bot: bool,
    },
}

impl Actor {
    /// Returns the label of the actor in journals and fault scripts; `anonymous` without a token.
    #[must_use]
    pub fn label(&self) -> &str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Known { label, .. } => label,
        }
    }

    /// Returns the role of the actor. Anonymous callers have none.
    #[must_use]
    pub fn role(&self) -> Role {
        match self {
            Self::Anonymous => Role::None,
            Self::Known { role, .. } => *role,
        }
    }

    /// Returns whether the actor can see drafts and change things.
    #[must_use]
    pub fn may_write(&self) -> bool {
        self.role() >= Role::Write
    }

    /// Returns whether the actor is an app.
    #[must_use]
    pub fn is_bot(&self) -> bool {
        matches!(self, Self::Known { bot: true, .. })
    }

    /// Returns the login of an actor with at least this role.
    pub(crate) fn with(&self, least: Role) -> Result<&str, Refusal> {
        match self {
            Self::Anonymous => Err(Refusal::NotFound),
            Self::Known { login, role, .. } if *role >= least => Ok(login),
            Self::Known { bot: true, .. } => {
                Err(Refusal::Forbidden(MissingPermission::Integration))
            }
            Self::Known { .. } if least == Role::Admin => {
                Err(Refusal::Forbidden(MissingPermission::Admin))
            }
            Self::Known { .. } => Err(Refusal::Forbidden(MissingPermission::Push)),
        }
    }

    /// Returns the login of an actor with any token.
    pub(crate) fn signed_in(&self) -> Result<&str, Refusal> {
        match self {
            Self::Anonymous => Err(Refusal::Unauthenticated),
            Self::Known { login, .. } => Ok(login),
        }
    }
}

impl State {
    /// Adds a user, or changes the role of one.
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

    /// Gives a token to a user; `label` names its holder in journals and fault scripts.
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

    /// Restricts a token to these permissions, as a workflow does with that of its run.
    pub fn limit_token(&mut self, token: &str, rights: Rights) {
        if let Some(token) = self.tokens.get_mut(token) {
            token.rights = Some(rights);
        }
    }

    /// Returns every token.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = &str> {
        self.tokens.keys().map(String::as_str)
    }

    /// Returns the permissions of a restricted token.
    #[must_use]
    pub fn rights(&self, token: &str) -> Option<&Rights> {
        self.tokens.get(token)?.rights.as_ref()
    }

    /// Revokes a token.
    pub fn revoke_token(&mut self, token: &str) {
        self.tokens.remove(token);
    }

    /// Adds the default users, each with the token `<label>-token`: `developer` (write), `maintainer` (maintain),
    /// `admin` (admin), `stranger` (no role), `automation` (the token of `github-actions[bot]`, write) and `fork` (the
    /// same, read only).
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

    /// Returns the user with this login, ignoring case.
    #[must_use]
    pub fn person(&self, login: &str) -> Option<&Person> {
        let exact = self.people.get(login);
        exact.or_else(|| {
            self.people
                .values()
                .find(|it| it.login.eq_ignore_ascii_case(login))
        })
    }

    /// Returns whether a token has expired.
    #[must_use]
    pub fn ended(&self, token: &str, now: i64) -> bool {
        let ends = self.tokens.get(token).and_then(|token| token.ends);
        ends.is_some_and(|ends| ends <= now)
    }

    /// Returns the holder of `token`, if any.
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

    /// Returns a user, for actors that may ask about roles: apps, and users with write access.
    pub fn collaborator(&self, actor: &Actor, login: &str) -> Result<&Person, Refusal> {
        actor.signed_in()?;
        if !actor.is_bot() {
            actor.with(Role::Write)?;
        }
        self.person(login).ok_or(Refusal::NotFound)
    }
}
