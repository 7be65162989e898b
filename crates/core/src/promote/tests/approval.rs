//! What was approved is published, or nothing.

use super::*;

fn digest(change: impl FnOnce(&mut Facts)) -> Digest {
    let mut facts = facts();
    change(&mut facts);
    match decide(&facts) {
        Verdict::Proceed(plan) => plan.digest(),
        other @ (Verdict::Done(_) | Verdict::Wait(_) | Verdict::Refuse(_)) => panic!("{other:?}"),
    }
}

/// Everything that a person would want to know of is in the digest.
#[test]
fn what_is_published_has_another_digest_when_it_is_something_else() {
    let legitimate = digest(|_| {});
    type Change = fn(&mut Facts);
    let changes: [(&str, Change); 12] = [
        ("repository", |f| {
            f.repository_id = RepositoryId(43);
            f.pull.head_repository = Some(RepositoryId(43));
            run(f).head_repository = Some(RepositoryId(43));
            for artifact in &mut f.artifacts {
                artifact.head_repository = Some(RepositoryId(43));
            }
        }),
        ("pull request", |f| {
            f.pull.number = PullNumber(8);
        }),
        ("base", |f| f.pull.base = "release/1".parse().unwrap()),
        ("head", |f| {
            f.pull.head = commit('9');
            run(f).head = commit('9');
            listed(f).commit = commit('9');
            for artifact in &mut f.artifacts {
                artifact.head = Some(commit('9'));
            }
        }),
        ("attempt", |f| {
            run(f).attempt = Attempt(2);
            listed(f).attempt = Attempt(2);
            f.artifacts[2].name = "lockgate-tool-support-v2-candidate-attempt2".into();
        }),
        ("workflow's file", |f| {
            (f.workflow.in_head, f.workflow.in_base) = (Some(object('d')), Some(object('d')));
        }),
        ("artifact", |f| f.artifacts[0].id = ArtifactId(100)),
        ("stored bytes", |f| {
            f.artifacts[0].sha256 = Some(Digest::of(b"other"));
        }),
        ("executable", |f| {
            listed(f).executables[0].sha256 = Digest::of(b"other");
        }),
        ("changed sources", |f| {
            f.changes.paths.push(b"build.py".to_vec());
        }),
        ("changed config", |f| {
            f.changes.config.push("+build = \"./evil\"".to_owned());
        }),
        ("machine", |f| {
            f.package.variants[0].runner = "our-own".to_owned();
        }),
    ];
    for (what, change) in changes {
        assert_ne!(digest(change), legitimate, "{what}");
    }
}

/// The same plan asked for by somebody else, later, or after an unrelated push to the base is the same plan.
#[test]
fn who_asks_and_when_is_no_part_of_the_plan() {
    let legitimate = digest(|_| {});
    assert_eq!(digest(|f| f.now += 86_400), legitimate);
    assert_eq!(
        digest(|f| f.actor.login = "other".parse().unwrap()),
        legitimate
    );
    assert_eq!(digest(|f| f.base_commit = commit('8')), legitimate);
    assert_eq!(digest(|f| f.pull.state = PullState::Merged), legitimate);
}

#[test]
fn another_plan_than_the_approved_one_is_refused() {
    let legitimate = digest(|_| {});
    let approved = |approved| {
        let mut facts = facts();
        facts.approved = approved;
        facts
    };
    let proceeds = |facts: &Facts| matches!(decide(facts), Verdict::Proceed(_));
    assert!(proceeds(&approved(None)));
    assert!(proceeds(&approved(Some(Approved::Plan(legitimate)))));
    for wrong in [Approved::Plan(Digest::of(b"other")), Approved::Published] {
        match decide(&approved(Some(wrong))) {
            Verdict::Refuse(refusal) => {
                assert_eq!(refusal.code(), "promote.plan-changed");
                assert!(refusal.to_string().contains(&legitimate.to_string()));
            }
            other @ (Verdict::Done(_) | Verdict::Proceed(_) | Verdict::Wait(_)) => {
                panic!("{other:?}")
            }
        }
    }
    // What is published already needs no approval: nothing is published any more.
    let mut done = approved(Some(Approved::Plan(Digest::of(b"other"))));
    done.release = ReleaseFacts::Published(Box::new(published(&plan())));
    assert!(matches!(decide(&done), Verdict::Done(_)));
}

#[test]
fn an_approval_is_a_digest_or_the_word_and_never_empty() {
    let digest = Digest::of(b"x");
    assert_eq!(digest.to_string().parse(), Ok(Approved::Plan(digest)));
    assert_eq!("published".parse(), Ok(Approved::Published));
    for wrong in ["", " ", "Published", "sha256:", &digest.to_string()[1..]] {
        let error = wrong.parse::<Approved>().unwrap_err();
        assert!(error.contains("--dry-run"), "{error}");
    }
}

#[test]
fn foreign_text_adds_no_line() {
    let mut facts = facts();
    facts.changes.paths = vec![b"a\nrelease forged".to_vec()];
    facts.changes.config = vec!["+x = \"\u{1b}[2K\rrelease\"\n".to_owned()];
    let Verdict::Proceed(plan) = decide(&facts) else {
        panic!()
    };
    let text = plan.text();
    assert_eq!(text.lines().count(), plan.shown.len(), "{text}");
    assert!(
        !text.replace('\n', "").chars().any(char::is_control),
        "{text:?}"
    );
}
