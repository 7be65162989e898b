//! Why a promotion is refused or must wait.

use super::approval::Approved;
use crate::detect;
use crate::ids::{
    BranchName, CommitId, Digest, Login, PullNumber, RepositoryName, Role, RunId, Tag,
};
use crate::reason::{Reason as _, reasons};

reasons! {
    /// Why a candidate is not promoted until a person changes something.
    pub enum Refusal {
        /// The actor is not a maintainer.
        NotAMaintainer { /** Who. */ login: Login, /** Role. */ role: Role } =>
            "promote.not-a-maintainer", "{login} has {role} rights, and only maintainers promote", "ask a user with the role maintain or admin";
        /// The environment holds nobody back.
        Environment { /** Why. */ problem: String } =>
            "promote.environment", "the environment `release`, in which promotions run, does not hold one back: {problem}", "let an administrator give it required reviewers and limit it to the default branch; `lockgate doctor` looks at all such settings";
        /// Nobody could read what is published.
        Private { /** Name. */ repository: RepositoryName } =>
            "promote.private", "{repository} is private: strangers could not read the release, and its gate would never be green", "make the repository public; Lockgate publishes for everybody, and reads back as everybody would";
        /// Closed without a merge.
        PullClosed { /** Number. */ pull: PullNumber } =>
            "promote.pull-closed", "pull request #{pull} was closed without a merge", "reopen it first, if it should be promoted";
        /// Its base branch has no gate.
        OtherBase { /** Number. */ pull: PullNumber, /** Branch. */ base: BranchName } =>
            "promote.other-base", "pull request #{pull} goes into {base}, which has no gate", "promote a pull request into the default branch; for another one, list it as `branches` in [workflows] of lockgate.toml on the default branch";
        /// The head is another than the reviewed one.
        HeadMoved { /** Expected. */ expected: CommitId, /** Found. */ found: CommitId } =>
            "promote.head-moved", "the pull request's head is {found}, not {expected}", "review the new commits, then promote with --expect-head {found}";
        /// Another plan than the approved one.
        PlanChanged { /** Approved. */ approved: Approved, /** Now. */ now: Digest, /** Pull request. */ pull: PullNumber } =>
            "promote.plan-changed", "what would be published now is not what was approved: {approved} was, and now it is plan {now}", "read the new plan (start the promotion again, or `lockgate promote --pr {pull} --dry-run`) and approve that";
        /// A person said no.
        NotApproved { /** Tag. */ tag: Tag } =>
            "promote.not-approved", "the plan of {tag} was not approved; nothing was published", "promote again when it should be; --yes approves without a question";
        /// The run belongs to an older head.
        StaleRun { /** Run. */ run: RunId, /** Its head. */ built: CommitId, /** Now. */ head: CommitId } =>
            "promote.stale-run", "run {run} built {built}, but the pull request's head is now {head}", "promote the run of the newest head, with --pr";
        /// The head lives in a fork.
        ForkRun { /** Run. */ run: RunId } =>
            "promote.fork-run", "run {run} built a fork's commit", "review the commits, push them to a branch of this repository, and open a pull request from there";
        /// A run of another branch.
        OtherBranch { /** Run. */ run: RunId, /** Its branch. */ found: String, /** Expected. */ branch: String } =>
            "promote.other-branch", "run {run} is of the branch {found}, not of {branch}", "promote the run of the pull request's own branch: --pr finds it";
        /// Another base branch may have given the workflow file.
        AmbiguousRun { /** Run. */ run: RunId, /** Why. */ why: String, /** The workflow's file. */ file: String, /** Branch. */ branch: String } =>
            "promote.ambiguous-run", "run {run} may have used the build workflow of another base branch: {why}",
            "start the build by hand on the pull request's branch (`gh workflow run {file} --ref {branch}`): such a run uses the file of the head itself; then promote again";
        /// A run of another workflow.
        OtherWorkflow { /** Run. */ run: RunId, /** Its path. */ found: String, /** Expected. */ expected: String } =>
            "promote.other-workflow", "run {run} is of the workflow {found}, not of {expected}", "promote a run of {expected}";
        /// A run that something else started.
        OtherEvent { /** Run. */ run: RunId, /** Event. */ event: String } =>
            "promote.other-event", "run {run} was started by {event}, not by a pull request or by hand", "promote the run of the pull request";
        /// The pull request edits the workflow.
        EditedWorkflow { /** Path. */ path: String } =>
            "promote.edited-workflow", "the pull request's {path} is not the base branch's", "merge the change of the workflow in a pull request of its own, then update this branch";
        /// The target commit changes other workflows, and `GITHUB_TOKEN` can never make a release there.
        WorkflowsChanged { /** Paths. */ paths: String } =>
            "promote.workflows-changed", "{paths} differs between the pull request and its base branch, and the forge lets no workflow publish such a commit",
            "update the branch; if the pull request itself changes workflows, merge that in a pull request of its own first";
        /// The build failed.
        BuildFailed { /** Run. */ run: RunId, /** What failed. */ what: String, /** What to do. */ next: String } =>
            "promote.build-failed", "run {run} made no candidate: {what}", "{next}";
        /// The candidate can no longer be read.
        Expired { /** Name. */ artifact: String } =>
            "promote.artifact-expired", "the artifact {artifact} has expired", "run the build workflow again, then promote its new candidate";
        /// Part of the candidate is not there.
        ArtifactMissing { /** Name. */ artifact: String, /** Run. */ run: RunId } =>
            "promote.artifact-missing", "run {run} has no artifact {artifact}", "run the build workflow again; the artifact may have been deleted";
        /// Two with one name.
        ArtifactTwice { /** Name. */ artifact: String, /** Run. */ run: RunId } =>
            "promote.artifact-twice", "run {run} has two artifacts named {artifact}", "find out who uploaded the second, then run all jobs of the build workflow again";
        /// An artifact of another run or repository.
        ArtifactForeign { /** Name. */ artifact: String } =>
            "promote.artifact-foreign", "the artifact {artifact} belongs to another run, head or repository", "run the build workflow again";
        /// The manifest cannot be read.
        ManifestUnreadable { /** Why. */ problem: String } =>
            "promote.manifest-unreadable", "{problem}", "run the build workflow again";
        /// The manifest is of something else.
        ManifestDiffers { /** What. */ what: &'static str, /** Says. */ says: String, /** Is. */ is: String } =>
            "promote.manifest-differs", "the candidate's manifest names the {what} {says}, but it is {is}", "run the build workflow again; if it happens again, that manifest was written by hand";
        /// Nothing to promote.
        NothingToPromote { /** Why. */ why: String } =>
            "promote.nothing-to-promote", "there is nothing to promote: {why}", "raise the version in the pull request, if it should be published";
        /// The merge would have other sources.
        UpdateBranch { /** Number. */ pull: PullNumber } =>
            "promote.update-branch", "the base branch has changed the sources since pull request #{pull} was built", "update the branch, wait for its new candidate, then promote that";
        /// Detect refuses the pull request.
        Detected { /** Why. */ refusal: detect::Refusal } =>
            "promote.detect", "{refusal}", "see the hint of the reason itself";
        /// The tag is there, and no release.
        TagTaken { /** Tag. */ tag: Tag } =>
            "promote.tag-taken", "the tag {tag} exists, but no release does", "find out who made the tag; delete it, or raise the version";
        /// The tag cannot be made.
        TagBlocked { /** Tag. */ tag: Tag, /** The other, quoted. */ below: String } =>
            "promote.tag-blocked", "the tag {tag} cannot be made, because there is a tag {below}: to git, {tag} is a folder; nothing was published", "find out who made {below}; delete it, or raise the version";
        /// The version is published with other bytes.
        VersionTaken { /** Tag. */ tag: Tag, /** By whom. */ by: String, /** Free. */ free: String } =>
            "promote.version-taken", "{tag} is already published, by {by}", "raise the version to {free} and build again; a version permanently means one set of bytes";
        /// A release that is not what it says.
        ReleaseBroken { /** Tag. */ tag: Tag, /** What is wrong. */ problem: String } =>
            "promote.release-broken", "the release {tag} is not what its receipt says: {problem}", "withdraw it, and raise the version";
        /// A release that no promotion made.
        ReleaseForeign { /** Tag. */ tag: Tag, /** Why. */ why: String } =>
            "promote.release-foreign", "the release {tag} was not published by a promotion: {why}", "where a promotion of it is under way, wait for its end and run the same command again; otherwise find out who published it: a maintainer deletes it, or withdraws it and raises the version";
        /// Something it was bound to changed while it went on.
        Moved { /** What. */ what: &'static str } =>
            "promote.moved", "the {what} changed while the promotion was under way; nothing was published", "look at what changed, then promote again";
        /// The forge does not let us.
        Denied { /** What. */ what: String } =>
            "promote.denied", "the forge does not allow it: {what}", "give the token the right `contents: write`, and run it on the default branch";
    }
}

reasons! {
    /// Why a promotion cannot go on now, though nobody need change the pull request.
    pub enum Wait {
        /// No run yet.
        NoBuild { /** Head. */ head: CommitId } =>
            "promote.no-build", "no run of the build workflow is known for {head}", "wait for the build, or start it by hand";
        /// Not ended.
        Building { /** Run. */ run: RunId } =>
            "promote.building", "run {run} has not ended", "promote when it has";
        /// The forge wants a pause.
        RateLimited { /** What. */ what: String } =>
            "promote.rate-limited", "the forge limits the rate of calls: {what}", "run the same command again later; nothing was published";
        /// The forge does not answer.
        Unavailable { /** What. */ what: String } =>
            "promote.unavailable", "the forge could not do it: {what}", "run the same command again; what was begun is abandoned, nothing was published";
        /// We asked to publish, and do not know whether it happened.
        PublishUnknown { /** Tag. */ tag: Tag } =>
            "promote.publish-unknown", "the forge was asked to publish {tag}, and whether it did is not known yet", "run the same command again: it looks first, and publishes at most once";
        /// Published, but strangers cannot read it yet.
        NotReadable { /** Tag. */ tag: Tag, /** What. */ what: String } =>
            "promote.not-readable", "{tag} is published, but anonymous readers do not get it yet: {what}", "run the same command again: it looks first, and publishes nothing twice";
    }
}

impl Refusal {
    /// The hint, with that of a nested reason where there is one.
    pub fn full_hint(&self) -> String {
        if let Self::Detected { refusal } = self {
            return refusal.hint();
        }
        crate::Reason::hint(self)
    }

    /// The code, with that of a nested reason where there is one.
    pub fn full_code(&self) -> &'static str {
        if let Self::Detected { refusal } = self {
            return refusal.code();
        }
        crate::Reason::code(self)
    }
}
