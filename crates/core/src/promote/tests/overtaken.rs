//! A release of the tag that another published, and one that was altered.

use super::protocol::*;
use super::*;

/// The end of a promotion that finds the tag at the last look, and then reads this.
fn overtaken(answers: Vec<Result<ReleaseFacts, Fault>>) -> String {
    let mut machine = at_the_last_look();
    let mut step = machine.step(Event::Rechecked(Ok(Rechecked::Tagged)));
    for answer in answers {
        assert!(matches!(step, Step::Do(Effect::ReadRelease(_))), "{step:?}");
        step = machine.step(Event::ReleaseRead(answer));
    }
    match step {
        Step::End(end) => match *end {
            End::Refused(refusal) => refusal.full_code().to_owned(),
            End::Waiting(wait) => wait.code().to_owned(),
            End::Already(done) => format!("already, same bytes: {}", done.same_bytes),
            other @ (End::Published(_) | End::WrongBytes(_)) => format!("{other:?}"),
        },
        Step::Do(effect) => format!("{effect:?}"),
    }
}

#[test]
fn where_the_tag_is_there_before_publishing_it_looks_and_never_publishes() {
    let theirs = || Ok(ReleaseFacts::Published(Box::new(published(&plan()))));
    assert_eq!(overtaken(vec![theirs()]), "already, same bytes: true");
    let tag_only = || Ok(ReleaseFacts::TagOnly);
    assert_eq!(
        overtaken(vec![tag_only(), theirs()]),
        "already, same bytes: true"
    );
    assert_eq!(
        overtaken((0..5).map(|_| tag_only()).collect()),
        "promote.tag-taken"
    );
    let mut foreign = published(&plan());
    foreign.commit = Some(commit('9'));
    let foreign = Ok(ReleaseFacts::Published(Box::new(foreign)));
    assert_eq!(overtaken(vec![foreign]), "promote.release-broken");
}

/// Whoever may write can publish a receipt that claims a promotion.
#[test]
fn a_release_that_came_first_is_a_promotions_only_if_one_published_it() {
    let other_bytes = |release: &mut PublishedRelease| {
        let other = Digest::of(b"other");
        let Ok(receipt) = &mut release.receipt else {
            return;
        };
        receipt.manifest.executables[0].sha256 = other;
        let name = receipt.manifest.executables[0].name.clone();
        let sums = receipt.sums().to_string();
        for asset in &mut release.assets {
            if asset.name == name {
                asset.sha256 = Some(other);
            } else if asset.name.as_str() == crate::config::SUMS_ASSET {
                asset.size = sums.len() as u64;
                asset.sha256 = Some(Digest::of(sums.as_bytes()));
            }
        }
    };
    let of = |origin, same_bytes: bool| {
        let mut release = published(&plan());
        release.origin = origin;
        if !same_bytes {
            other_bytes(&mut release);
        }
        overtaken(vec![Ok(ReleaseFacts::Published(Box::new(release)))])
    };
    let why = || "dev published it".to_owned();
    let (stranger, unproven) = (
        || ReleaseOrigin::Foreign(why()),
        || ReleaseOrigin::Unproven(why()),
    );
    let foreign = "promote.release-foreign";
    assert_eq!(of(stranger(), true), foreign);
    assert_eq!(of(unproven(), false), foreign);
    assert_eq!(of(unproven(), true), "already, same bytes: true");
    let other = "already, same bytes: false";
    assert_eq!(of(ReleaseOrigin::Promotion, false), other);
}

#[test]
fn a_release_that_was_altered_is_no_success() {
    let mut machine = at_the_last_look();
    let binding = machine.plan().binding.clone();
    machine.step(Event::Rechecked(Ok(Rechecked::Read(Box::new(binding)))));
    machine.step(Event::Published(Ok(())));
    let step = machine.step(Event::PublicRead(ObservedRelease::Altered("x".to_owned())));
    let Step::End(end) = step else {
        panic!("{step:?}")
    };
    assert!(matches!(*end, End::Refused(Refusal::ReleaseBroken { .. })));
}
