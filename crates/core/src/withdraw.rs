//! withdraw: rolls back a published version that must not be used, or marks it permanently.
//!
//! A roll-back deletes the release and its tag, as long as no commit of the base branch names the version and GitHub
//! allows the deletion. Otherwise the release stays, a withdrawal is published next to it, and its number is retired. Does
//! not know how either is done.

use crate::escape::quoted;
use crate::ids::{Login, Role, Tag};
use crate::reason::{Verdict, reasons};
use crate::version::Version;

/// The facts that the decision depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The account that asks.
    pub login: Login,
    /// The role of the account.
    pub role: Role,
    /// The version's tag.
    pub tag: Tag,
    /// The version.
    pub version: Version,
    /// Whether a release is published under the tag.
    pub published: bool,
    /// Whether that release is immutable.
    pub immutable: bool,
    /// Whether it was withdrawn before.
    pub withdrawn: bool,
    /// The withdrawal's own tag, and an existing tag below its name that prevents its creation.
    pub blocked: Option<(Tag, String)>,
    /// A commit of the base branch that names the version, if there is one.
    pub named_by: Option<crate::ids::CommitId>,
    /// Whether a roll-back was requested.
    pub roll_back: bool,
}

/// The action to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// Delete the release and its tag; the number is free again.
    RollBack,
    /// Publish a withdrawal; the number is retired.
    Mark,
}

/// Nothing to do: the version is withdrawn already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done;

reasons! {
    /// A reason why a version is not withdrawn.
    pub enum Refusal {
        /// The actor is not a maintainer.
        NotAMaintainer { /** Who. */ login: Login, /** Role. */ role: Role } =>
            "withdraw.not-a-maintainer", "{login} has {role} rights, and only maintainers withdraw", "ask a user with the role maintain or admin";
        /// There is nothing to withdraw.
        NotPublished { /** Tag. */ tag: Tag } =>
            "withdraw.not-published", "{tag} is not published", "look at the list of releases for the right number";
        /// A roll-back would delete a release that main needs.
        Named { /** Version. */ version: Version, /** Commit. */ commit: crate::ids::CommitId } =>
            "withdraw.named", "commit {commit} of the base branch names version {version}, so its release cannot be rolled back", "withdraw without --roll-back, then raise the version";
        /// The withdrawal's tag cannot be created.
        TagBlocked { /** Tag. */ tag: Tag, /** The other, quoted. */ below: String } =>
            "withdraw.tag-blocked", "the tag {tag} cannot be made, because there is a tag {below}: to git, {tag} is a folder", "find out who made {below}, and delete it";
        /// A roll-back would retire the tag.
        Frozen { /** Tag. */ tag: Tag } =>
            "withdraw.frozen", "the release {tag} is immutable: deleting it would retire its tag permanently", "withdraw without --roll-back";
    }
}

/// Decides what to do.
pub fn decide(facts: &Facts) -> Verdict<Done, Plan, crate::detect::Never, Refusal> {
    if !facts.role.may_promote() {
        return Verdict::Refuse(Refusal::NotAMaintainer {
            login: facts.login.clone(),
            role: facts.role,
        });
    }
    if !facts.published {
        return Verdict::Refuse(Refusal::NotPublished {
            tag: facts.tag.clone(),
        });
    }
    if facts.withdrawn {
        return Verdict::Done(Done);
    }
    match (facts.roll_back, &facts.named_by) {
        (false, _) => match &facts.blocked {
            None => Verdict::Proceed(Plan::Mark),
            Some((tag, below)) => Verdict::Refuse(Refusal::TagBlocked {
                tag: tag.clone(),
                below: quoted(below),
            }),
        },
        (true, Some(commit)) => Verdict::Refuse(Refusal::Named {
            version: facts.version.clone(),
            commit: commit.clone(),
        }),
        (true, None) if facts.immutable => Verdict::Refuse(Refusal::Frozen {
            tag: facts.tag.clone(),
        }),
        (true, None) => Verdict::Proceed(Plan::RollBack),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reason;

    #[test]
    fn a_roll_back_needs_a_release_that_nobody_depends_upon() {
        let facts = Facts {
            login: "mia".parse().unwrap(),
            role: Role::Maintain,
            tag: "tool-v2".parse().unwrap(),
            version: Version::Integer(2),
            published: true,
            immutable: false,
            withdrawn: false,
            blocked: None,
            named_by: None,
            roll_back: true,
        };
        let say = |change: &dyn Fn(&mut Facts)| {
            let mut facts = facts.clone();
            change(&mut facts);
            match decide(&facts) {
                Verdict::Done(Done) => "done".to_owned(),
                Verdict::Proceed(plan) => format!("{plan:?}"),
                Verdict::Refuse(refusal) => refusal.code().to_owned(),
            }
        };
        assert_eq!(say(&|_| ()), "RollBack");
        assert_eq!(say(&|f| f.roll_back = false), "Mark");
        assert_eq!(say(&|f| f.immutable = true), "withdraw.frozen");
        assert_eq!(say(&|f| (f.immutable, f.roll_back) = (true, false)), "Mark");
        assert_eq!(
            say(&|f| f.named_by = Some("a".repeat(40).parse().unwrap())),
            "withdraw.named"
        );
        assert_eq!(say(&|f| f.published = false), "withdraw.not-published");
        assert_eq!(say(&|f| f.role = Role::Write), "withdraw.not-a-maintainer");
        assert_eq!(say(&|f| f.withdrawn = true), "done");
        // A roll-back creates no tag.
        let block = |f: &mut Facts| {
            let tag = "withdrawn-tool-v2".parse().unwrap();
            f.blocked = Some((tag, "withdrawn-tool-v2/x".to_owned()));
        };
        assert_eq!(say(&block), "RollBack");
        let mark = |f: &mut Facts| {
            block(f);
            f.roll_back = false;
        };
        assert_eq!(say(&mark), "withdraw.tag-blocked");
    }
}
