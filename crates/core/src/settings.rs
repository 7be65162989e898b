//! The settings around a repository, as far as they could be read. Plain observations without any judgement.

use crate::escape::quoted;
use crate::ids::{BranchName, Login, Role};

/// The id of the App behind every workflow's own token: a status bound to it can be set by any workflow.
pub const ACTIONS_APP: u64 = 15_368;

/// The result of reading a setting. A missing answer never counts as a yes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading<T> {
    /// The setting was read.
    Read(T),
    /// GitHub reports that it does not exist; GitHub reports the same if the token may not see it.
    NotFound,
    /// Access denied: the token may not read it.
    Denied,
}

/// An environment that a job can name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// The people and teams asked for approval before a job runs; one approval suffices.
    pub reviewers: Vec<Reviewer>,
    /// The branches whose jobs may run in it.
    pub branches: Branches,
    /// Whether the person who started a job may approve it.
    pub self_review: bool,
    /// Whether administrators may start a job without approval, if GitHub reports it.
    pub admins_bypass: Option<bool>,
}

/// A reviewer, asked before a job runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reviewer {
    /// A person and their role; `None` if the role was not read.
    Person(Login, Option<Role>),
    /// A team. Its members are known only inside the organization.
    Team,
}

/// The branches whose jobs may run in an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Branches {
    /// All branches.
    All,
    /// The protected branches.
    Protected,
    /// The branches whose names match one of these patterns.
    Listed(Vec<String>),
}

impl Environment {
    /// Returns why it does not hold back a promotion until a person with the right to promote approves; `None` if it does.
    ///
    /// A team counts, because its members cannot be read from outside of the organization.
    pub fn problem(&self, default: &BranchName) -> Option<String> {
        if self.reviewers.is_empty() {
            return Some("no approval is required".to_owned());
        }
        let may = |reviewer: &Reviewer| match reviewer {
            Reviewer::Team => true,
            Reviewer::Person(_, role) => role.is_some_and(Role::may_promote),
        };
        if !self.reviewers.iter().any(may) {
            return Some("no reviewer who may promote is required".to_owned());
        }
        self.open_to(default)
    }

    /// Returns how a promotion can proceed without a second person with the right to promote; `None` if it cannot. Small teams have no
    /// second person, so this is reported and not refused.
    pub fn alone(&self) -> Option<String> {
        let mut ways = Vec::new();
        if self.self_review {
            ways.push("who starts it may approve it".to_owned());
        }
        if self.admins_bypass == Some(true) {
            ways.push("administrators need no approval".to_owned());
        }
        for reviewer in &self.reviewers {
            if let Reviewer::Person(login, Some(role)) = reviewer
                && !role.may_promote()
            {
                ways.push(format!("{login}, with {role} rights, may approve it"));
            }
        }
        (!ways.is_empty()).then(|| ways.join("; "))
    }

    /// Returns which other branch's jobs may run in it; `None` if only the default branch's jobs may.
    ///
    /// "If no branch protection rules are defined for any branch in the repository, then all branches can deploy"
    /// ([environments](https://docs.github.com/actions/reference/deployments-and-environments)), and rulesets define none.
    pub fn open_to(&self, default: &BranchName) -> Option<String> {
        match &self.branches {
            Branches::All => Some("any branch may use it".to_owned()),
            Branches::Protected => Some(
                "every protected branch may use it, and where none has a protection rule, every branch"
                    .to_owned(),
            ),
            Branches::Listed(patterns) => {
                let other = patterns.iter().find(|pattern| *pattern != default.as_str());
                let other = other.map(|pattern| quoted(pattern));
                other.map(|pattern| format!("branches like {pattern} may use it"))
            }
        }
    }
}

/// The rules that the rulesets apply to a branch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BranchRules {
    /// The statuses required for a merge.
    pub required: Vec<RequiredStatus>,
    /// The requirements on a merge.
    pub merging: Merging,
    /// Whether history can be rewritten.
    pub force_pushes: bool,
}

/// The condition under which the required statuses are checked before a merge. The first is the weakest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Merging {
    /// The head has the statuses, however the branch has changed since.
    #[default]
    Lagging,
    /// A merge queue requires them on the last commit of a group only (`HEADGREEN`).
    QueueOfGroups,
    /// The head has them, and contains the tip of the branch.
    UpToDate,
    /// A merge queue requires them on each commit that it merges (`ALLGREEN`).
    Queue,
}

/// A status required for a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequiredStatus {
    /// The context of the status.
    pub context: String,
    /// The id of the only App whose status counts, if the rule is bound to one.
    pub app: Option<u64>,
}

/// An enforced ruleset for tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagRules {
    /// Patterns of refs, such as `refs/tags/tool-v*` or `~ALL`.
    pub include: Vec<String>,
    /// Patterns of refs that are excluded in spite of `include`.
    pub exclude: Vec<String>,
    /// The restricted operations: `creation`, `update`, `deletion`.
    pub kinds: Vec<String>,
    /// The actors that may bypass it; `None` if the token may not read them.
    pub bypass: Option<Vec<Bypass>>,
}

/// An actor that may bypass a ruleset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bypass {
    /// An App, by its id.
    App(u64),
    /// Any other actor, as GitHub names it.
    Other(String),
}

/// The default permissions of a workflow's token, where the workflow declares none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WorkflowRights {
    /// Whether it may write.
    pub write: bool,
    /// Whether it may approve pull requests.
    pub approve: bool,
}

impl TagRules {
    /// Returns whether the ruleset covers all tags with this prefix. Among the included patterns, only those that end in a star are
    /// understood; an excluded pattern counts if it can match one of these tags.
    pub fn covers(&self, prefix: &str) -> bool {
        let wanted = format!("refs/tags/{prefix}");
        let left_out = self.exclude.iter().any(|pattern| {
            let start = pattern
                .split(['*', '?', '[', '{', '\\'])
                .next()
                .unwrap_or_default();
            pattern == "~ALL" || start.starts_with(&wanted) || wanted.starts_with(start)
        });
        !left_out
            && self.include.iter().any(|pattern| {
                pattern == "~ALL"
                    || pattern
                        .strip_suffix('*')
                        .is_some_and(|start| wanted.starts_with(start.trim_end_matches('*')))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_holds_only_with_a_reviewer_and_a_branch() {
        let person = |role| Reviewer::Person("mia".parse().unwrap(), role);
        let listed = |patterns: &[&str]| {
            Branches::Listed(patterns.iter().map(|it| (*it).to_owned()).collect())
        };
        let problem = |reviewers: &[Reviewer], branches: Branches| {
            let environment = Environment {
                reviewers: reviewers.to_vec(),
                branches,
                self_review: true,
                admins_bypass: Some(true),
            };
            environment
                .problem(&"main".parse().unwrap())
                .unwrap_or_default()
        };
        let maintainer = [person(Some(Role::Maintain))];
        assert_eq!(problem(&maintainer, listed(&["main"])), "");
        assert!(problem(&maintainer, Branches::Protected).starts_with("every protected branch"));
        assert_eq!(
            problem(&[person(None)], listed(&["main"])),
            "no reviewer who may promote is required"
        );
        assert_eq!(problem(&[Reviewer::Team], listed(&["main"])), "");
        assert_eq!(problem(&maintainer, Branches::All), "any branch may use it");
        for pattern in ["*", "**/*", "ma*n", "Main", "release/1"] {
            let said = problem(&maintainer, listed(&["main", pattern]));
            assert_eq!(said, format!("branches like \"{pattern}\" may use it"));
        }
        assert_eq!(problem(&[], listed(&["main"])), "no approval is required");
        let developers = [person(Some(Role::Write)), person(Some(Role::Triage))];
        assert_eq!(
            problem(&developers, listed(&["main"])),
            "no reviewer who may promote is required"
        );
        let both = [person(Some(Role::Write)), person(Some(Role::Admin))];
        assert_eq!(problem(&both, listed(&["main"])), "");
    }

    #[test]
    fn whoever_needs_no_second_person_is_named() {
        let alone = |self_review, admins_bypass, role| {
            let environment = Environment {
                reviewers: vec![Reviewer::Person("dev".parse().unwrap(), Some(role))],
                branches: Branches::All,
                self_review,
                admins_bypass,
            };
            environment.alone().unwrap_or_default()
        };
        assert_eq!(alone(false, None, Role::Maintain), "");
        assert_eq!(alone(false, Some(false), Role::Admin), "");
        assert_eq!(
            alone(true, Some(true), Role::Maintain),
            "who starts it may approve it; administrators need no approval"
        );
        assert_eq!(
            alone(false, None, Role::Write),
            "dev, with write rights, may approve it"
        );
    }

    #[test]
    fn a_pattern_covers_what_begins_like_it() {
        let rules = |pattern: &str, exclude: &[&str]| TagRules {
            include: vec![pattern.to_owned()],
            exclude: exclude.iter().map(|&it| it.to_owned()).collect(),
            kinds: Vec::new(),
            bypass: None,
        };
        let covers = |pattern: &str, prefix: &str| rules(pattern, &[]).covers(prefix);
        for left_out in [
            "~ALL",
            "refs/tags/*",
            "refs/tags/tool-v*",
            "refs/tags/tool-v2",
            "refs/tags/t?ol-v2",
            "*",
        ] {
            assert!(!rules("~ALL", &[left_out]).covers("tool-v"), "{left_out}");
        }
        assert!(rules("~ALL", &["refs/tags/nightly-*"]).covers("tool-v"));
        assert!(covers("~ALL", "tool-v"));
        assert!(covers("refs/tags/*", "tool-v"));
        assert!(covers("refs/tags/**", "tool-v"));
        assert!(covers("refs/tags/tool-v*", "tool-v"));
        assert!(!covers("refs/tags/tool-v1*", "tool-v"));
        assert!(!covers("refs/tags/other-*", "tool-v"));
        assert!(!covers("refs/tags/tool-v1", "tool-v"));
    }
}
