//! What an administrator has set around a repository, as far as it was read. Only reads; nothing here is a judgement.

/// Something that was asked for. Not being told is never a yes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading<T> {
    /// It was told.
    Read(T),
    /// The forge says that there is none; it says the same to those whom it does not want to tell.
    NotFound,
    /// The token may not know.
    Denied,
}

/// An environment that a job can name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// How many people or teams are asked before a job runs; one of them suffices.
    pub reviewers: usize,
    /// Which branches' jobs may run in it.
    pub branches: Branches,
}

/// Which branches' jobs may run in an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Branches {
    /// All.
    All,
    /// Those that are protected.
    Protected,
    /// Those that a list names.
    Listed,
}

impl Environment {
    /// Why it does not hold a job of a stranger's branch back until somebody has looked; `None` where it does.
    pub fn problem(&self) -> Option<&'static str> {
        match (self.reviewers, self.branches) {
            (0, _) => Some("nobody has to approve"),
            (_, Branches::All) => Some("any branch may use it"),
            (_, Branches::Protected | Branches::Listed) => None,
        }
    }
}

/// What the rulesets say of a branch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BranchRules {
    /// The statuses without which nothing merges.
    pub required: Vec<RequiredStatus>,
    /// What a merge has to be like.
    pub merging: Merging,
    /// Whether history can be rewritten.
    pub force_pushes: bool,
}

/// What a merge into a branch has to be like for the statuses to count. The first is the weakest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Merging {
    /// The head has the statuses, whatever has become of the branch since.
    #[default]
    Lagging,
    /// A merge queue asks for them on the last commit of a group only (`HEADGREEN`).
    QueueOfGroups,
    /// The head has them, and contains the tip of the branch.
    UpToDate,
    /// A merge queue asks for them on each commit that it merges (`ALLGREEN`).
    Queue,
}

/// A status without which nothing merges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequiredStatus {
    /// Its context.
    pub context: String,
    /// The number of the only App from which it counts, if it is bound to one.
    pub app: Option<u64>,
}

/// A ruleset about tags that is enforced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagRules {
    /// Patterns of refs, such as `refs/tags/tool-v*` or `~ALL`.
    pub include: Vec<String>,
    /// What it holds back: `creation`, `update`, `deletion`.
    pub kinds: Vec<String>,
}

impl TagRules {
    /// Whether tags that begin so are held by it. Only patterns with a star at their end are understood.
    pub fn covers(&self, prefix: &str) -> bool {
        let wanted = format!("refs/tags/{prefix}");
        self.include.iter().any(|pattern| {
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
        let problem = |reviewers, branches| {
            Environment {
                reviewers,
                branches,
            }
            .problem()
        };
        assert_eq!(problem(1, Branches::Listed), None);
        assert_eq!(problem(2, Branches::Protected), None);
        assert_eq!(problem(1, Branches::All), Some("any branch may use it"));
        assert_eq!(problem(0, Branches::Listed), Some("nobody has to approve"));
    }

    #[test]
    fn a_pattern_covers_what_begins_like_it() {
        let covers = |pattern: &str, prefix: &str| {
            let include = vec![pattern.to_owned()];
            TagRules {
                include,
                kinds: Vec::new(),
            }
            .covers(prefix)
        };
        assert!(covers("~ALL", "tool-v"));
        assert!(covers("refs/tags/*", "tool-v"));
        assert!(covers("refs/tags/**", "tool-v"));
        assert!(covers("refs/tags/tool-v*", "tool-v"));
        assert!(!covers("refs/tags/tool-v1*", "tool-v"));
        assert!(!covers("refs/tags/other-*", "tool-v"));
        assert!(!covers("refs/tags/tool-v1", "tool-v"));
    }
}
