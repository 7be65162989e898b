use super::*;
use crate::Reason as _;
use crate::document::{
    Document as _, Executable, HeaderRanges, Manifest, Origin, Promoter, Receipt,
};
use crate::ids::{Digest, ReleaseId};
use crate::promote::PublishedAsset;

fn print(text: &str) -> Fingerprint {
    Fingerprint(Digest::of(text.as_bytes()))
}

fn commit(number: usize) -> CommitId {
    format!("{number:040x}").parse().unwrap()
}

/// Each commit: the version that it names, and its sources.
fn history(commits: &[(u64, &str)]) -> Vec<Landed> {
    commits
        .iter()
        .enumerate()
        .map(|(at, (version, sources))| Landed {
            commit: commit(at + 1),
            follows: Ok(followed(*version)),
            fingerprint: print(sources),
            pins: PinsFile::None,
        })
        .collect()
}

fn followed(version: u64) -> Followed {
    Followed {
        version: Version::Integer(version),
        tag: format!("tool-v{version}").parse().unwrap(),
        names: [format!("tool-amd64-v{version}").parse().unwrap()].into(),
    }
}

fn release(version: u64, sources: &str) -> ObservedRelease {
    let name: AssetName = format!("tool-amd64-v{version}").parse().unwrap();
    let tag: Tag = format!("tool-v{version}").parse().unwrap();
    let receipt = Receipt {
        tag: tag.clone(),
        manifest: Manifest {
            package: "tool".parse().unwrap(),
            package_version: Version::Integer(version),
            fingerprint: print(sources),
            commit: commit(999),
            run: crate::RunId(1),
            attempt: crate::Attempt(1),
            executables: vec![Executable {
                variant: "amd64".parse().unwrap(),
                name: name.clone(),
                size: 3,
                sha256: Digest::of(b"abc"),
                headers: "ELF amd64, static".to_owned(),
                header_ranges: HeaderRanges::default(),
                smoke: None,
                build_seconds: 1,
                attempt: None,
            }],
        },
        origin: Origin {
            repository_id: crate::RepositoryId(1),
            repository: "example/tool".parse().unwrap(),
            pull_request: crate::PullNumber(1),
            head: commit(999),
            base: "main".parse().unwrap(),
            base_commit: commit(998),
            workflow_id: crate::WorkflowId(1),
            workflow_path: ".github/workflows/build-tool.yml".to_owned(),
            workflow_blob: commit(997).as_str().parse().unwrap(),
            artifacts: Vec::new(),
        },
        promoter: Promoter {
            login: "mia".parse().unwrap(),
            lockgate: "0.1.0".to_owned(),
        },
        promoted_at: 0,
    };
    let sums = receipt.sums().to_string();
    let listed = |name, size| PublishedAsset {
        name,
        size,
        sha256: None,
    };
    ObservedRelease {
        version: Version::Integer(version),
        tag: tag.clone(),
        release: Some(PublishedRelease {
            id: ReleaseId(version),
            tag,
            assets: vec![
                listed(name, 3),
                listed("SHA256SUMS".parse().unwrap(), sums.len() as u64),
            ],
            receipt: Ok(receipt),
            others: Vec::new(),
            commit: None,
            origin: ReleaseOrigin::Promotion,
        }),
        withdrawn: false,
    }
}

fn facts(commits: &[(u64, &str)], releases: Vec<ObservedRelease>) -> Facts {
    Facts {
        package: "tool".parse().unwrap(),
        history: history(commits),
        releases,
        inherits: true,
        strict: false,
    }
}

/// What was found, `!` before what breaks the promise.
fn codes(facts: &Facts) -> Vec<String> {
    let audit = decide(facts);
    let say = |finding: &Finding| {
        let mark = if finding.breaks(audit.strict) {
            "!"
        } else {
            ""
        };
        format!("{mark}{}", finding.code())
    };
    let broken = audit.findings().filter(|one| one.breaks(audit.strict));
    assert!(audit.broken().eq(broken));
    audit.findings().map(say).collect()
}

#[test]
fn the_promise_holds_where_each_version_was_built_from_its_commit() {
    let kept = facts(
        &[(1, "a"), (2, "b"), (2, "b"), (3, "c")],
        vec![release(1, "a"), release(2, "b"), release(3, "c")],
    );
    assert_eq!(codes(&kept), [""; 0]);
    let rows = decide(&kept).rows;
    assert_eq!(
        rows.iter()
            .map(|row| (row.named, row.exact))
            .collect::<Vec<_>>(),
        [(1, 1), (2, 2), (1, 1)]
    );
}

#[test]
fn each_way_to_break_it_is_told_apart() {
    let two = |second: ObservedRelease| facts(&[(1, "a"), (2, "b")], vec![release(1, "a"), second]);
    let changed = |change: fn(&mut PublishedRelease)| {
        let mut seen = release(2, "b");
        change(seen.release.as_mut().unwrap());
        two(seen)
    };
    assert_eq!(
        codes(&facts(&[(1, "a"), (2, "b")], vec![release(1, "a")])),
        ["!audit.not-published"]
    );
    assert_eq!(
        codes(&two(ObservedRelease {
            release: None,
            ..release(2, "b")
        })),
        ["!audit.not-published"]
    );
    assert_eq!(
        codes(&changed(
            |release| release.receipt = Err("it has no receipt".into())
        )),
        ["!audit.no-receipt"]
    );
    assert_eq!(
        codes(&changed(|release| release.assets.clear())),
        ["!audit.incomplete"]
    );
    assert_eq!(
        codes(&changed(|release| release.assets[0].size = 4)),
        ["!audit.changed-bytes"]
    );
    assert_eq!(
        codes(&changed(
            |release| release.assets[0].sha256 = Some(Digest::of(b"abd"))
        )),
        ["!audit.changed-bytes"]
    );
    assert_eq!(codes(&two(release(2, "other"))), ["!audit.other-sources"]);
    assert_eq!(
        codes(&changed(
            |release| release.origin = ReleaseOrigin::Foreign("dev published it".into())
        )),
        ["!audit.foreign-release"]
    );
    let mut unread = two(release(2, "b"));
    unread.history[1].follows = Err("it is empty".into());
    assert_eq!(codes(&unread), ["!audit.malformed", "audit.never-merged"]);
}

#[test]
fn what_policy_allows_breaks_it_only_when_asked() {
    let mut drifted = facts(
        &[
            (1, "a"),
            (2, "half"),
            (2, "b"),
            (2, "later"),
            (2, "later still"),
        ],
        vec![release(1, "a"), release(2, "b")],
    );
    assert_eq!(codes(&drifted), ["audit.early", "audit.drifted"]);
    let audit = decide(&drifted);
    assert_eq!(
        audit.rows[1].findings[1],
        Finding::Drifted {
            version: Version::Integer(2),
            commit: commit(4),
            count: 2
        }
    );
    drifted.strict = true;
    assert_eq!(codes(&drifted), ["!audit.early", "!audit.drifted"]);
}

#[test]
fn the_policy_of_the_tip_says_whether_a_change_without_a_bump_breaks_it() {
    use crate::config::{Config, Level, tests::EXAMPLE};
    let packages = Config::parse(EXAMPLE).unwrap().packages;
    let mut package = packages.into_values().next().unwrap();
    for (level, expected) in [
        (Level::Allow, false),
        (Level::Warn, false),
        (Level::Deny, true),
    ] {
        package.policy.change_without_bump = level;
        assert_eq!(strict(&package), expected, "{level:?}");
    }
}

/// The config of each commit counts: names that the tip has changed are still those of older commits, and a commit whose names are not
/// those of its release sends its users to nothing.
#[test]
fn each_commit_is_judged_by_the_names_that_its_users_follow() {
    let all = || vec![release(1, "a"), release(2, "b")];
    let of = |change: fn(&mut Followed)| {
        let mut facts = facts(&[(1, "a"), (2, "b"), (2, "b")], all());
        change(facts.history[2].follows.as_mut().unwrap());
        codes(&facts)
    };
    assert_eq!(of(|_| ()), [""; 0]);
    assert_eq!(
        of(|it| it.tag = "other-v2".parse().unwrap()),
        ["!audit.not-published"]
    );
    assert_eq!(
        of(|it| it.names = ["renamed".parse().unwrap()].into()),
        ["!audit.other-names"]
    );
    let more = of(|it| {
        it.names.insert("tool-riscv64-v2".parse().unwrap());
    });
    assert_eq!(more, ["!audit.other-names"]);
    // A variant that was taken away is no longer looked for.
    assert_eq!(of(|it| it.names.clear()), [""; 0]);
    // Another tag with a version of its own: both kept.
    let mut renamed = facts(&[(1, "a"), (2, "b")], all());
    renamed.history[1].follows.as_mut().unwrap().tag = "t2".parse().unwrap();
    renamed.releases[1].tag = "t2".parse().unwrap();
    let release = renamed.releases[1].release.as_mut().unwrap();
    release.tag = "t2".parse().unwrap();
    release.receipt.as_mut().unwrap().tag = release.tag.clone();
    assert_eq!(codes(&renamed), [""; 0]);
}

#[test]
fn burnt_withdrawn_and_inherited_versions_break_nothing() {
    let mut withdrawn = release(3, "x");
    withdrawn.withdrawn = true;
    assert_eq!(
        codes(&facts(
            &[(1, "a"), (1, "a2"), (2, "b")],
            vec![release(2, "b"), withdrawn]
        )),
        ["audit.inherited", "audit.withdrawn", "audit.never-merged"]
    );
}

#[test]
fn the_newest_commit_of_a_version_must_pin_what_is_published() {
    let mut pinned = facts(
        &[(1, "a"), (2, "b"), (2, "b")],
        vec![release(1, "a"), release(2, "b")],
    );
    let sums = Sums::parse(format!("{}  tool-amd64-v2\n", Digest::of(b"abc")).as_bytes()).unwrap();
    pinned.history[1].pins = PinsFile::Unreadable("there is no such file".into());
    pinned.history[2].pins = PinsFile::Read(sums);
    assert_eq!(codes(&pinned), ["audit.unpinned"]);
    let pins = |facts: &Facts| {
        decide(facts)
            .rows
            .iter()
            .map(|row| row.pins)
            .collect::<Vec<_>>()
    };
    assert_eq!(pins(&pinned), [Pinned::Unpinned, Pinned::Agree]);
    pinned.history[2].pins = pinned.history[1].pins.clone();
    assert_eq!(codes(&pinned), ["audit.unpinned", "!audit.pins-differ"]);
    assert_eq!(pins(&pinned), [Pinned::Unpinned, Pinned::Differ]);
    let others = format!("{}  tool-amd64-v2\n", Digest::of(b"abd"));
    pinned.history[2].pins = PinsFile::Read(Sums::parse(others.as_bytes()).unwrap());
    assert_eq!(codes(&pinned), ["audit.unpinned", "!audit.pins-differ"]);
    assert_eq!(pins(&pinned), [Pinned::Unpinned, Pinned::Differ]);
}

#[test]
fn the_receipt_in_these_tests_is_a_real_one() {
    let receipt = release(2, "b").release.unwrap().receipt.unwrap();
    assert!(Receipt::from_json(receipt.to_json().as_bytes()).is_ok());
}

#[test]
fn an_audit_that_begins_later_does_not_ask_about_what_was_before() {
    let mut later = facts(
        &[(2, "b"), (3, "c")],
        vec![release(1, "a"), release(3, "c")],
    );
    assert_eq!(codes(&later), ["audit.inherited"]);
    later.inherits = false;
    assert_eq!(codes(&later), ["!audit.not-published"]);
}

#[test]
fn the_author_of_a_release_tells_who_published_it_and_a_workflow_may_have_before_there_was_an_app()
{
    let of = |author: &str, app: Option<&str>| {
        let login = |name: &str| name.parse().unwrap();
        published_by(Some(&login(author)), &login("mia"), app.map(login).as_ref())
    };
    for (author, app) in [
        ("mia", None),
        ("github-actions[bot]", None),
        ("other[bot]", None),
        ("github-actions[bot]", Some("lockgate[bot]")),
        ("lockgate[bot]", Some("lockgate[bot]")),
    ] {
        assert_eq!(of(author, app), ReleaseOrigin::Promotion, "{author}");
    }
    for (author, app) in [("dev", None), ("mia", Some("lockgate[bot]"))] {
        assert!(
            matches!(of(author, app), ReleaseOrigin::Foreign(_)),
            "{author}"
        );
    }
}
