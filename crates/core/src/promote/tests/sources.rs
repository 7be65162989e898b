//! Which sources count: those of the head, those of the merge, and those of what is published already.

use super::*;

fn other() -> Fingerprint {
    Fingerprint(Digest::of(b"other sources"))
}

#[test]
fn a_release_of_the_heads_or_of_the_merges_sources_is_the_wanted_one() {
    let release = published(&plan());
    let with = |change: fn(&mut Facts)| {
        code(|f| {
            f.release = ReleaseFacts::Published(Box::new(release.clone()));
            change(f);
        })
    };
    let done = "done, same bytes: true";
    assert_eq!(with(|f| f.head_fingerprint = other()), done);
    assert_eq!(with(|f| f.merged_fingerprint = Some(other())), done);
    assert_eq!(with(|f| f.merged_fingerprint = None), done);
    assert_eq!(
        with(|f| (f.head_fingerprint, f.merged_fingerprint) = (other(), Some(other()))),
        "promote.version-taken"
    );
    assert_eq!(
        with(|f| (f.head_fingerprint, f.merged_fingerprint) = (other(), None)),
        "promote.version-taken"
    );
}

#[test]
fn a_merged_pull_request_is_owed_its_release_only_while_main_has_its_sources() {
    let merged = |change: fn(&mut Facts)| {
        code(|f| {
            f.pull.state = PullState::Merged;
            f.detected = Verdict::Done(detect::Done::Unchanged {
                version: Version::Integer(2),
            });
            change(f);
        })
    };
    assert_eq!(merged(|_| ()), "proceed");
    assert_eq!(
        merged(|f| f.merged_fingerprint = Some(other())),
        "promote.update-branch"
    );
    assert_eq!(
        merged(|f| f.merged_fingerprint = None),
        "promote.update-branch"
    );
    assert_eq!(
        merged(|f| f.head_fingerprint = other()),
        "promote.update-branch"
    );
}

#[test]
fn a_head_that_lags_behind_its_base_is_updated_first() {
    let behind = |f: &mut Facts| match &mut f.detected {
        Verdict::Proceed(plan) => plan.behind = true,
        other @ (Verdict::Done(_) | Verdict::Wait(_) | Verdict::Refuse(_)) => {
            panic!("{other:?}")
        }
    };
    assert_eq!(code(behind), "promote.update-branch");
}

#[test]
fn a_release_whose_receipt_is_another_tags_is_broken() {
    let mut release = published(&plan());
    release.tag = "tool-support-v3".parse().unwrap();
    assert_eq!(
        release.problem().unwrap(),
        "its receipt is that of tool-support-v2"
    );
    assert_eq!(
        code(|f| f.release = ReleaseFacts::Published(Box::new(release))),
        "promote.release-broken"
    );
}
