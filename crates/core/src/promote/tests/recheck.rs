//! The last look: whatever moved since the plan was made is named, and what has nothing to do with it is not minded.

use super::*;

/// What would be read again if nothing moved.
fn unmoved() -> Recheck {
    let facts = facts();
    Recheck {
        repository_id: facts.repository_id,
        pull: facts.pull,
        run: facts.run.unwrap(),
        artifacts: facts.artifacts,
        workflow: facts.workflow,
        merged: facts.merged_fingerprint,
        tagged: false,
        blocked: None,
    }
}

/// What the last look says moved.
fn moved(change: impl FnOnce(&mut Recheck)) -> &'static str {
    let mut now = unmoved();
    change(&mut now);
    let binding = plan().binding;
    match binding.recheck(now) {
        Rechecked::Gone(what) => what,
        Rechecked::Tagged => "tag",
        Rechecked::Blocked(_) => "room for the tag",
        Rechecked::Read(recheck) => binding.difference(&recheck).unwrap_or("nothing"),
    }
}

#[test]
fn what_is_read_again_unchanged_is_the_same_binding() {
    let binding = plan().binding;
    let recheck = binding.recheck(unmoved());
    assert_eq!(recheck, Rechecked::Read(Box::new(binding)));
}

#[test]
fn a_tag_that_somebody_made_meanwhile_is_seen_before_anything_else() {
    assert_eq!(moved(|now| now.tagged = true), "tag");
    let below = || Some("tool-support-v2/old".to_owned());
    assert_eq!(moved(|now| now.blocked = below()), "room for the tag");
    let both = |now: &mut Recheck| (now.tagged, now.blocked) = (true, below());
    assert_eq!(moved(both), "tag");
}

#[test]
fn each_thing_that_moves_is_named_at_the_last_look() {
    assert_eq!(
        moved(|now| now.repository_id = RepositoryId(43)),
        "repository"
    );
    assert_eq!(moved(|now| now.pull.number = PullNumber(8)), "pull request");
    assert_eq!(
        moved(|now| now.pull.state = PullState::Closed),
        "state of the pull request"
    );
    assert_eq!(
        moved(|now| now.pull.head = commit('9')),
        "head of the pull request"
    );
    assert_eq!(
        moved(|now| now.pull.base = "next".parse().unwrap()),
        "base branch of the pull request"
    );
    assert_eq!(moved(|now| now.run.id = RunId(9002)), "run");
    assert_eq!(
        moved(|now| now.run.attempt = Attempt(2)),
        "attempt of the run"
    );
    assert_eq!(
        moved(|now| now.run.workflow_id = WorkflowId(6)),
        "workflow of the run"
    );
    assert_eq!(
        moved(|now| now.run.workflow_path = ".github/workflows/evil.yml".into()),
        "path of the workflow"
    );
    // Somebody merged it meanwhile: then the release is owed all the more.
    assert_eq!(moved(|now| now.pull.state = PullState::Merged), "nothing");
    let other = Fingerprint(Digest::of(b"x"));
    for merged in [None, Some(other)] {
        assert_eq!(
            moved(|now| now.merged = merged),
            "merge with the base branch"
        );
    }
}

#[test]
fn a_workflow_that_differs_in_head_or_base_is_named_at_the_last_look() {
    for (in_head, in_base) in [
        (Some('d'), Some('c')),
        (Some('c'), Some('d')),
        (Some('d'), Some('d')),
        (None, Some('c')),
        (Some('c'), None),
        (None, None),
    ] {
        let changed = moved(|now| {
            now.workflow.in_head = in_head.map(object);
            now.workflow.in_base = in_base.map(object);
        });
        assert_eq!(changed, "file of the workflow", "{in_head:?} {in_base:?}");
    }
}

#[test]
fn an_artifact_that_goes_or_changes_or_comes_twice_is_named_at_the_last_look() {
    // The first two are the executables. The manifest behind them has been read: what it said is part of the plan.
    for bound in 0..2 {
        let changes: [fn(&mut Recheck, usize); 6] = [
            |now, at| now.artifacts[at].id = ArtifactId(99),
            |now, at| now.artifacts[at].sha256 = Some(Digest::of(b"x")),
            |now, at| now.artifacts[at].sha256 = None,
            |now, at| now.artifacts[at].expired = true,
            |now, at| drop(now.artifacts.remove(at)),
            |now, at| now.artifacts.push(now.artifacts[at].clone()),
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let what = moved(|now| change(now, bound));
            assert_eq!(what, "set of workflow artifacts", "{bound} {number}");
        }
    }
}

#[test]
fn artifacts_that_nothing_is_bound_to_are_not_minded_nor_is_their_order() {
    assert_eq!(moved(|now| drop(now.artifacts.pop())), "nothing");
    assert_eq!(moved(|now| now.artifacts[3].expired = true), "nothing");
    assert_eq!(
        moved(|now| now.artifacts.push(artifact(5, "another"))),
        "nothing"
    );
    assert_eq!(moved(|now| now.artifacts.reverse()), "nothing");
}
