//! The protocol by itself, step by step: how often is read, and what another's release means.

use super::*;

/// Up to the moment when publish is asked for, with answers as they should be.
fn at_publish() -> (Machine, ReleaseId) {
    let draft = ReleaseId(77);
    let (mut machine, mut step) = Machine::start(plan());
    loop {
        let Step::Do(effect) = &step else {
            panic!("{step:?}");
        };
        let items = &machine.plan().items;
        let event = match effect {
            Effect::CreateDraft => Event::Created(Ok(draft)),
            Effect::Send { item, .. } => Event::Sent(Ok(Sent {
                name: items[*item].name().to_string(),
                size: items[*item].size(),
                complete: true,
            })),
            Effect::ReadDraft(_) => Event::DraftRead(Ok(SeenDraft {
                draft: true,
                tag: machine.plan().tag.to_string(),
                assets: items
                    .iter()
                    .map(|item| SeenAsset {
                        name: item.name().to_string(),
                        size: item.size(),
                        complete: true,
                        sha256: item.sha256(),
                    })
                    .collect(),
            })),
            Effect::Recheck => {
                let binding = Box::new(machine.plan().binding.clone());
                Event::Rechecked(Ok(Rechecked::Read(binding)))
            }
            Effect::Publish(_) => return (machine, draft),
            Effect::ReadRelease(_) | Effect::ReadPublic(_) => panic!("{effect:?}"),
        };
        step = machine.step(event);
    }
}

/// What is asked for, as long as the answer is always this one; and the end.
fn asked(
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
    let again = || Event::PublicRead(SeenRelease::NotYet("404".into()));
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
        let step = machine.step(Event::PublicRead(SeenRelease::NotYet("404".into())));
        assert!(matches!(step, Step::Do(Effect::ReadPublic(_))), "{step:?}");
    }
    let step = machine.step(Event::PublicRead(SeenRelease::Right));
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
