//! Prints actions as text.

use std::fmt;

use crate::decision::Look;
use crate::forge::Fault;
use crate::search::Action;
use crate::setup::Setup;
use crate::state::{At, Change, Late, State};
use crate::users::UserAction;

/// Describes a sequence of actions, one line for each step.
pub fn trace(setup: &Setup, actions: &[Action]) -> Vec<String> {
    use stateright::Model as _;
    let mut lines = Vec::new();
    let mut state = State::new(setup.faults, setup.adversary);
    for action in actions {
        lines.push(summary(&state, *action));
        if let Some(next) = setup.next_state(&state, *action) {
            state = next;
        }
    }
    lines
}

fn summary(state: &State, action: Action) -> String {
    match action {
        Action::Start(who, look) => {
            let stale = if look == Look::Stale {
                ", and is shown what was there before"
            } else {
                ""
            };
            format!("promoter {who} looks, and decides{stale}")
        }
        Action::Step(who, fault, look) => {
            let stale = if look == Look::Stale {
                ": it is shown what was there before"
            } else {
                ""
            };
            format!("promoter {who} {}{fault}{stale}", state.promoter(who).at)
        }
        Action::Kill(who) => format!("promoter {who} is killed"),
        Action::Land(at) => match state.late.get(usize::from(at)).copied().flatten() {
            Some(Late::Upload { .. }) => "the late upload arrives".to_owned(),
            Some(Late::Publish { .. }) => "the late publish arrives".to_owned(),
            Some(Late::Post { .. } | Late::PostQueued { .. }) => {
                "the late status arrives".to_owned()
            }
            Some(Late::Delete { .. }) => "the late deletion arrives".to_owned(),
            None => "nothing arrives".to_owned(),
        },
        Action::UserAction(user_action) => user_action.to_string(),
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fine => "",
            Self::Unanswered => ": it happens, the answer is lost",
            Self::Lost => ": it is lost",
            Self::Late => ": it is under way, and there is no answer",
            Self::RateLimited => ": it meets the rate limit",
            Self::Unavailable => ": it is refused",
            Self::Denied => ": it is denied",
            Self::Starter => ": it leaves a starter",
            Self::ThenDies => ": it happens, and the promoter dies",
            Self::LateAndDies => ": it is under way, and the promoter dies",
        })
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Creating => "takes a draft",
            Self::SendingExecutables => "sends the executables",
            Self::SendingReceipt => "sends the receipt",
            Self::LookingAt(_) => "looks at what became of the file",
            Self::Deleting(_) => "deletes the file",
            Self::ReadingDraft => "reads the draft back",
            Self::Rechecking => "reads again what it is bound to",
            Self::Publishing => "publishes",
            Self::ReadingRelease => "looks for the release",
            Self::Confirming => "reads the release as anybody",
            Self::Settling => "posts the status",
            Self::Down | Self::Published | Self::Already | Self::SaidNothingHappened => {
                "is not running"
            }
        })
    }
}

impl fmt::Display for UserAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GateLooks(pull) => write!(f, "the gate looks at pull request {pull}"),
            Self::GatePosts(pull, fault) => {
                write!(f, "the gate posts its status on pull request {pull}{fault}")
            }
            Self::GateLooksQueued(at) => {
                write!(f, "the gate looks at commit {at} of the merge queue")
            }
            Self::GatePostsQueued(at, fault) => write!(
                f,
                "the gate posts its status on commit {at} of the merge queue{fault}"
            ),
            Self::Merge(pull) => write!(f, "pull request {pull} is merged"),
            Self::Queue(Change::Raise(pull)) => {
                write!(f, "pull request {pull} goes into the merge queue")
            }
            Self::Queue(Change::TakeBack) => f.write_str(
                "another goes into the merge queue, which takes back what moved the base branch",
            ),
            Self::MergeQueued => f.write_str("the merge queue merges"),
            Self::BaseMoves => f.write_str("the base branch gets other sources"),
            Self::Push(pull) => write!(f, "somebody pushes to pull request {pull}"),
            Self::RunAgain(pull) => {
                write!(f, "somebody runs the build of pull request {pull} again")
            }
            Self::DeleteArtifacts(pull) => {
                write!(f, "somebody deletes the artifacts of pull request {pull}")
            }
            Self::EditDraft(_, _, Some(_)) => f.write_str("somebody replaces a file of the draft"),
            Self::EditDraft(_, _, None) => f.write_str("somebody deletes a file of the draft"),
            Self::DeleteDraft(_) => f.write_str("somebody deletes the draft"),
            Self::PublishByHand => f.write_str("a writer publishes a release of the tag by hand"),
            Self::EditRelease(_) => f.write_str("a writer replaces a file of the release"),
            Self::ForgeStatus(pull) => {
                write!(f, "a writer sets the status of pull request {pull}")
            }
            Self::OpenElsewhere(pull) => write!(
                f,
                "the head of pull request {pull} is opened into another branch, and the gate judges that"
            ),
            Self::RunElsewhere(pull) => write!(
                f,
                "the head of pull request {pull} is built by the workflow of another branch"
            ),
            Self::ForgeRelease(pull) => write!(
                f,
                "a writer publishes by hand, with a receipt that claims pull request {pull}"
            ),
            Self::MakeTag => f.write_str("a writer makes the tag, at another commit"),
        }
    }
}
