//! What counts as a complete release, and as the same binding.

use super::*;

#[test]
fn the_binding_names_the_first_thing_that_moved() {
    let before = plan().binding;
    let after = |change: fn(&mut Binding)| {
        let mut now = before.clone();
        change(&mut now);
        before.difference(&now).unwrap_or("nothing")
    };
    let moved = [
        after(|_| ()),
        after(|b| b.repository_id = RepositoryId(1)),
        after(|b| b.pull = PullNumber(1)),
        after(|b| b.state = PullState::Closed),
        after(|b| b.head = commit('9')),
        after(|b| b.base = "other".parse().unwrap()),
        after(|b| b.run = RunId(1)),
        after(|b| b.attempt = Attempt(2)),
        after(|b| b.workflow_id = WorkflowId(1)),
        after(|b| b.workflow_path = "x".into()),
        after(|b| b.workflow_blob = object('9')),
        after(|b| b.artifacts[0].id = ArtifactId(99)),
        after(|b| b.artifacts[0].sha256 = None),
        after(|b| b.merged = Fingerprint(Digest::of(b"x"))),
    ];
    let distinct: std::collections::BTreeSet<_> = moved.iter().collect();
    assert_eq!((moved[0], distinct.len()), ("nothing", 13), "{moved:?}");
}

/// Found by the simulator: a file deleted from the draft between the read-back and the publish call.
#[test]
fn a_release_whose_sums_are_missing_or_other_is_broken() {
    let mut release = published(&plan());
    assert_eq!(release.problem(), None);
    let sums = |asset: &PublishedAsset| asset.name.as_str() == crate::config::SUMS_ASSET;
    let at = release.assets.iter().position(sums).unwrap();
    release.assets[at].sha256 = Some(Digest::of(b"others"));
    assert_eq!(release.problem().unwrap(), "SHA256SUMS has other bytes");
    release.assets.remove(at);
    assert_eq!(release.problem().unwrap(), "SHA256SUMS is missing");
}

#[test]
fn a_release_is_whole_only_if_all_of_it_is_what_was_promoted() {
    let defect = |change: fn(&mut PublishedRelease)| {
        let mut release = published(&plan());
        change(&mut release);
        release.problem().unwrap_or_default()
    };
    assert_eq!(defect(|_| ()), "");
    assert_eq!(defect(|it| it.commit = None), "");
    assert!(defect(|it| it.commit = Some(commit('9'))).contains("its tag names"));
    assert!(defect(|it| it.others.push("in stall.sh".to_owned())).contains("was not promoted"));
    assert!(
        defect(|it| it.assets.push(PublishedAsset {
            name: "install.sh".parse().unwrap(),
            size: 1,
            sha256: None,
        }))
        .contains("\"install.sh\" was not promoted")
    );
    assert!(
        defect(|it| {
            if let Ok(receipt) = &mut it.receipt {
                receipt.origin.head = commit('9');
            }
            it.commit = None;
        })
        .contains("its receipt is of the head")
    );
}

#[test]
fn a_release_of_somebody_else_is_never_taken_for_done() {
    let release = |origin: ReleaseOrigin, candidate: bool| {
        code(|facts| {
            let seen = PublishedRelease {
                origin,
                ..published(&plan())
            };
            facts.release = ReleaseFacts::Published(Box::new(seen));
            if !candidate {
                facts.candidate = CandidateFacts::Absent;
            }
        })
    };
    let why = || "x".to_owned();
    assert_eq!(
        release(ReleaseOrigin::Promotion, false),
        "done, same bytes: false"
    );
    assert_eq!(
        release(ReleaseOrigin::Unproven(why()), true),
        "done, same bytes: true"
    );
    assert_eq!(
        release(ReleaseOrigin::Unproven(why()), false),
        "promote.release-foreign"
    );
    assert_eq!(
        release(ReleaseOrigin::Foreign(why()), true),
        "promote.release-foreign"
    );
    // The candidate's bytes, said to be of what main would get; or of a commit that is not its head.
    let claims = |change: fn(&mut Receipt)| {
        code(|facts| {
            let other = Fingerprint(Digest::of(b"other"));
            facts.merged_fingerprint = Some(other);
            let mut seen = published(&plan());
            seen.origin = ReleaseOrigin::Unproven(why());
            seen.receipt.as_mut().map(change).unwrap();
            seen.commit = None;
            facts.release = ReleaseFacts::Published(Box::new(seen));
        })
    };
    let fingerprint = |receipt: &mut Receipt| {
        receipt.manifest.fingerprint = Fingerprint(Digest::of(b"other"));
    };
    assert_eq!(claims(fingerprint), "promote.release-foreign");
    let head = |receipt: &mut Receipt| {
        receipt.manifest.commit = commit('9');
        receipt.origin.head = commit('9');
    };
    assert_eq!(claims(head), "promote.release-foreign");
    assert_eq!(claims(|_| {}), "done, same bytes: true");
    // The bytes of a candidate that would not be published: its run may have executed another workflow file.
    let ambiguous = code(|facts| {
        let mut seen = published(&plan());
        seen.origin = ReleaseOrigin::Unproven(why());
        facts.release = ReleaseFacts::Published(Box::new(seen));
        facts.history.others.push(runs::OtherPull {
            number: PullNumber(8),
            base: "other".parse().unwrap(),
            opened: None,
        });
    });
    assert_eq!(ambiguous, "promote.release-foreign");
    let late = code(|facts| facts.release = ReleaseFacts::NotReadable(why()));
    assert_eq!(late, "promote.not-readable");
}
