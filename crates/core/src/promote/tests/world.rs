//! A small world of releases under the machine: every call may be lost, answered late, or spoiled, and a second promoter is
//! at work. What must hold is checked over thousands of such worlds.

use super::*;
use proptest::prelude::*;

/// How one call goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FaultKind {
    Fine,
    /// No effect, and we are told.
    Refused,
    /// No effect, and we are not told.
    Lost,
    /// The effect happens, and we are not told.
    Unanswered,
    /// The effect happens only when the next call but one is made, and we are not told.
    Late,
    /// What is sent is left as a `starter`.
    Spoiled,
}

const LUCK: [FaultKind; 6] = [
    FaultKind::Fine,
    FaultKind::Refused,
    FaultKind::Lost,
    FaultKind::Unanswered,
    FaultKind::Late,
    FaultKind::Spoiled,
];

#[derive(Debug, Clone, PartialEq, Eq)]
struct StoredRelease {
    draft: bool,
    assets: Vec<ObservedAsset>,
}

#[derive(Debug, Clone, Default)]
struct World {
    releases: Vec<StoredRelease>,
    published: Option<usize>,
    late: Vec<(u32, usize)>,
    publishes: u32,
}

impl World {
    fn publish(&mut self, at: usize) -> Result<(), Fault> {
        if self.published.is_some_and(|other| other != at) {
            return Err(Fault::Conflict("already_exists".into()));
        }
        self.publishes += u32::from(self.published.is_none());
        self.published = Some(at);
        self.releases[at].draft = false;
        Ok(())
    }

    /// Time passes: late publishes land.
    fn tick(&mut self) {
        let due: Vec<usize> = self
            .late
            .iter()
            .filter(|(left, _)| *left == 0)
            .map(|(_, at)| *at)
            .collect();
        self.late.retain(|(left, _)| *left > 0);
        self.late.iter_mut().for_each(|(left, _)| *left -= 1);
        due.into_iter().for_each(|at| drop(self.publish(at)));
    }

    fn facts(&self, plans: &[Plan; 2], makers: &[usize]) -> ReleaseFacts {
        match self.published {
            None => ReleaseFacts::Absent,
            Some(at) => {
                let mut release = published(&plans[makers[at]]);
                release.id = ReleaseId(at as u64);
                release.assets = self.releases[at]
                    .assets
                    .iter()
                    .map(|a| PublishedAsset {
                        name: a.name.parse().unwrap(),
                        size: a.size,
                        sha256: Some(a.sha256),
                    })
                    .collect();
                ReleaseFacts::Published(Box::new(release))
            }
        }
    }
}

fn answer(
    world: &mut World,
    makers: &mut Vec<usize>,
    plans: &[Plan; 2],
    who: usize,
    effect: &Effect,
    fault_kind: FaultKind,
) -> Event {
    world.tick();
    let lost = || Fault::Ambiguous("no answer".into());
    let refused = || Fault::Unavailable("503".into());
    let reported = matches!(fault_kind, FaultKind::Fine | FaultKind::Spoiled);
    let happens = matches!(
        fault_kind,
        FaultKind::Fine | FaultKind::Unanswered | FaultKind::Spoiled
    );
    let fault = || {
        if fault_kind == FaultKind::Refused {
            refused()
        } else {
            lost()
        }
    };
    match effect {
        Effect::CreateDraft => {
            let id = world.releases.len();
            if happens {
                world.releases.push(StoredRelease {
                    draft: true,
                    assets: vec![],
                });
                makers.push(who);
            }
            Event::Created(if reported {
                Ok(ReleaseId(id as u64))
            } else {
                Err(fault())
            })
        }
        Effect::Send { draft, item } => {
            let item = &plans[who].items[*item];
            let complete = fault_kind != FaultKind::Spoiled;
            let asset = ObservedAsset {
                name: item.name().to_string(),
                size: item.size(),
                complete,
                sha256: item.sha256(),
            };
            if happens {
                world.releases[draft.0 as usize].assets.push(asset);
            }
            let sent = Sent {
                name: item.name().to_string(),
                size: item.size(),
                complete,
            };
            Event::Sent(if reported {
                Ok(sent)
            } else {
                Err(UploadFault::Forge(fault()))
            })
        }
        Effect::ReadDraft(draft) => {
            let release = &world.releases[draft.0 as usize];
            let seen = ObservedDraft {
                draft: release.draft,
                tag: plans[who].tag.to_string(),
                target: plans[who].target.to_string(),
                title: plans[who].title.clone(),
                notes: plans[who].notes.clone(),
                prerelease: plans[who].prerelease,
                assets: release.assets.clone(),
            };
            Event::DraftRead(if reported { Ok(seen) } else { Err(refused()) })
        }
        Effect::Recheck => Event::Rechecked(if reported {
            Ok(Rechecked::Read(Box::new(plans[who].binding.clone())))
        } else {
            Err(refused())
        }),
        Effect::Publish(draft) => {
            let at = draft.0 as usize;
            let mut result = Ok(());
            if happens {
                result = world.publish(at);
            }
            if fault_kind == FaultKind::Late {
                world.late.push((1, at));
            }
            Event::Published(if reported { result } else { Err(fault()) })
        }
        Effect::ReadRelease(_) => Event::ReleaseRead(if reported {
            Ok(world.facts(plans, makers))
        } else {
            Err(refused())
        }),
        Effect::ReadPublic(_) => Event::PublicRead(match world.published {
            Some(_) if reported => ObservedRelease::Right,
            Some(_) | None => ObservedRelease::NotYet("404".into()),
        }),
    }
}

/// Runs two promoters, one step each as `turns` says, until both have ended.
fn play(plans: &[Plan; 2], turns: &[bool], fault_kind: &[FaultKind]) -> (World, [End; 2]) {
    let (mut world, mut makers) = (World::default(), Vec::new());
    let mut sides = plans.clone().map(|plan| {
        let (machine, step) = Machine::start(plan);
        (machine, step)
    });
    let mut turns = turns.iter().cycle();
    let mut fault_kind = fault_kind.iter();
    for _ in 0..400 {
        let both: Vec<usize> = (0..2)
            .filter(|&who| matches!(sides[who].1, Step::Do(_)))
            .collect();
        let Some(&who) = both.get(usize::from(*turns.next().unwrap()) % both.len().max(1)) else {
            break;
        };
        let (machine, step) = &mut sides[who];
        if let Step::Do(effect) = step.clone() {
            let event = answer(
                &mut world,
                &mut makers,
                plans,
                who,
                &effect,
                fault_kind.next().copied().unwrap_or(FaultKind::Fine),
            );
            *step = machine.step(event);
        }
    }
    (0..4).for_each(|_| world.tick());
    let ends = sides.map(|(_, step)| match step {
        Step::End(end) => *end,
        Step::Do(effect) => panic!("did not end: {effect:?}"),
    });
    (world, ends)
}

fn plans(same_sources: bool) -> [Plan; 2] {
    let one = plan();
    let mut other = facts();
    if !same_sources {
        let theirs = Fingerprint(Digest::of(b"other sources"));
        let manifest = listed(&mut other);
        manifest.executables[0].sha256 = Digest::of(b"other bytes");
        manifest.fingerprint = theirs;
        (other.head_fingerprint, other.merged_fingerprint) = (theirs, Some(theirs));
        other.detected = Verdict::Proceed(detect::Plan {
            from: Some(Version::Integer(1)),
            version: Version::Integer(2),
            fingerprint: theirs,
            behind: false,
            without_change: false,
        });
    }
    match decide(&other) {
        Verdict::Proceed(plan) => [one, *plan],
        other @ (Verdict::Done(_) | Verdict::Wait(_) | Verdict::Refuse(_)) => panic!("{other:?}"),
    }
}

fn whole(plan: &Plan, release: &StoredRelease) -> bool {
    let mut planned: Vec<_> = plan
        .items
        .iter()
        .map(|i| (i.name().to_string(), i.size(), i.sha256(), true))
        .collect();
    let mut stored: Vec<_> = release
        .assets
        .iter()
        .map(|a| (a.name.clone(), a.size, a.sha256, a.complete))
        .collect();
    planned.sort();
    stored.sort();
    planned == stored
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12 * ProptestConfig::default().cases, ..ProptestConfig::default() })]

    /// Whatever happens to the calls: what is published is one promoter's whole candidate, at most one release is, and who
    /// reports success is right.
    #[test]
    fn two_promoters_and_any_faults_publish_one_whole_candidate_or_nothing(
        same in any::<bool>(),
        turns in proptest::collection::vec(any::<bool>(), 1..40),
        fault_kind in proptest::collection::vec(prop_oneof![3 => Just(FaultKind::Fine), 1 => proptest::sample::select(&LUCK[1..])], 0..60),
    ) {
        let plans = plans(same);
        let (world, ends) = play(&plans, &turns, &fault_kind);
        prop_assert!(world.publishes <= 1);
        if let Some(at) = world.published {
            prop_assert!(plans.iter().any(|plan| whole(plan, &world.releases[at])), "a part was published");
        }
        for (plan, end) in plans.iter().zip(&ends) {
            match end {
                End::Published(id) => prop_assert_eq!(world.published, Some(id.0 as usize)),
                End::Already(_) => prop_assert!(world.published.is_some_and(|at| whole(plan, &world.releases[at]))),
                End::Refused(Refusal::VersionTaken { .. }) => prop_assert!(world.published.is_some() && !same),
                End::Refused(_) | End::WrongBytes(_) => prop_assert!(false, "{:?}", end),
                End::Waiting(_) => prop_assert!(!fault_kind.iter().all(|l| *l == FaultKind::Fine)),
            }
        }
    }
}

#[test]
fn without_faults_one_publishes_and_the_other_finds_it_done() {
    let (world, ends) = play(&plans(true), &[true, false], &[]);
    assert_eq!(world.publishes, 1);
    assert!(
        ends.iter().any(|end| matches!(end, End::Published(_)))
            && ends
                .iter()
                .any(|end| matches!(end, End::Already(done) if done.same_bytes))
    );
    let (_, ends) = play(&plans(false), &[true, false], &[]);
    assert!(
        ends.iter()
            .any(|end| matches!(end, End::Refused(Refusal::VersionTaken { .. }))),
        "{ends:?}"
    );
}

#[test]
fn a_lost_answer_at_publish_is_looked_up_and_not_concluded_from() {
    let fine = [FaultKind::Fine; 7];
    let (_, ends) = play(
        &[plan(), plan()],
        &[false],
        &[&fine[..], &[FaultKind::Unanswered]].concat(),
    );
    assert!(matches!(ends[0], End::Published(_)), "{ends:?}");
    // Lost for good: nothing is published, and nobody claims to know.
    let mut machine = Machine::start(plan());
    let mut world = (World::default(), Vec::new());
    while let Step::Do(effect) = machine.1.clone() {
        let fault_kind = if matches!(effect, Effect::Publish(_)) {
            FaultKind::Lost
        } else {
            FaultKind::Fine
        };
        let event = answer(
            &mut world.0,
            &mut world.1,
            &[plan(), plan()],
            0,
            &effect,
            fault_kind,
        );
        machine.1 = machine.0.step(event);
    }
    assert_eq!(
        machine.1,
        Step::End(Box::new(End::Waiting(Wait::PublishUnknown {
            tag: plan().tag
        })))
    );
}

#[test]
fn a_moved_binding_stops_before_the_commit_point() {
    let (mut machine, mut step) = Machine::start(plan());
    let mut world = (World::default(), Vec::new());
    while let Step::Do(effect) = step.clone() {
        assert!(
            !matches!(effect, Effect::Publish(_)),
            "published in spite of it"
        );
        let mut event = answer(
            &mut world.0,
            &mut world.1,
            &[plan(), plan()],
            0,
            &effect,
            FaultKind::Fine,
        );
        if effect == Effect::Recheck {
            let mut now = plan().binding;
            now.head = commit('9');
            event = Event::Rechecked(Ok(Rechecked::Read(Box::new(now))));
        }
        step = machine.step(event);
    }
    assert_eq!(
        step,
        Step::End(Box::new(End::Refused(Refusal::Moved {
            what: "head of the pull request"
        })))
    );
}

#[test]
fn wrong_bytes_in_an_artifact_or_in_the_published_release_are_fatal() {
    let (mut machine, _) = Machine::start(plan());
    machine.step(Event::Created(Ok(ReleaseId(1))));
    let end = machine.step(Event::Sent(Err(UploadFault::WrongBytes("amd64".into()))));
    assert_eq!(end, Step::End(Box::new(End::WrongBytes("amd64".into()))));
    // Out of turn after the end: nothing is published.
    assert!(
        matches!(machine.step(Event::Published(Ok(()))), Step::End(end) if matches!(*end, End::Waiting(_)))
    );
}
