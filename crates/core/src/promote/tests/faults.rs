//! The truth table of the protocol: each effect, each way in which its call can end badly, and what comes next.

use super::protocol::{at, stored};
use super::*;

/// What comes next, in a word.
fn next(step: Step) -> String {
    match step {
        Step::Do(Effect::CreateDraft) => "another draft".to_owned(),
        Step::Do(Effect::ReadRelease(count)) => format!("look {count}"),
        Step::Do(Effect::ReadPublic(count)) => format!("read {count}"),
        Step::Do(other) => format!("{other:?}"),
        Step::End(end) => match *end {
            End::Refused(refusal) => refusal.full_code().to_owned(),
            End::Waiting(wait) => wait.code().to_owned(),
            End::WrongBytes(_) => "wrong bytes".to_owned(),
            other @ (End::Published(_) | End::Already(_)) => format!("{other:?}"),
        },
    }
}

/// The machine once publish was asked for, and the answer did not tell.
fn unsure() -> Machine {
    let mut machine = at(|effect| matches!(effect, Effect::Publish(_)));
    machine.step(Event::Published(Err(Fault::Ambiguous(String::new()))));
    machine
}

/// The machine once the tag was there at the last look.
fn overtaken() -> Machine {
    let mut machine = at(|effect| matches!(effect, Effect::Recheck));
    machine.step(Event::Rechecked(Ok(Rechecked::Tagged)));
    machine
}

/// The answer to the first read of a release, and to the fifth in a row.
fn reads(begin: fn() -> Machine, fault: &Fault) -> String {
    let read = || Event::ReleaseRead(Err(fault.clone()));
    let (mut machine, mut first) = (begin(), begin());
    let last = (0..5).map(|_| machine.step(read())).last().unwrap();
    format!("{}, {}", next(first.step(read())), next(last))
}

/// The rows are the faults; nothing but a recheck that agrees leads to publish, and nothing asks for it twice.
#[test]
fn what_each_fault_means_at_each_effect() {
    type Row = (fn(String) -> Fault, [&'static str; 8]);
    let table: [Row; 6] = [
        (
            Fault::NotFound,
            [
                "promote.denied",
                "another draft",
                "promote.moved",
                "another draft",
                "promote.denied",
                "look 0",
                "look 1, promote.publish-unknown",
                "look 1, promote.denied",
            ],
        ),
        (
            Fault::Conflict,
            [
                "promote.unavailable",
                "another draft",
                "another draft",
                "another draft",
                "promote.unavailable",
                "look 0",
                "look 1, promote.publish-unknown",
                "look 1, promote.unavailable",
            ],
        ),
        (
            Fault::Denied,
            [
                "promote.denied",
                "promote.denied",
                "promote.denied",
                "promote.denied",
                "promote.denied",
                "look 0",
                "look 1, promote.publish-unknown",
                "look 1, promote.denied",
            ],
        ),
        (
            Fault::RateLimited,
            [
                "promote.rate-limited",
                "promote.rate-limited",
                "promote.rate-limited",
                "promote.rate-limited",
                "promote.rate-limited",
                "promote.rate-limited",
                "look 1, promote.publish-unknown",
                "look 1, promote.rate-limited",
            ],
        ),
        (
            Fault::Unavailable,
            [
                "promote.unavailable",
                "another draft",
                "another draft",
                "promote.unavailable",
                "promote.unavailable",
                "look 0",
                "look 1, promote.publish-unknown",
                "look 1, promote.unavailable",
            ],
        ),
        (
            Fault::Ambiguous,
            [
                "another draft",
                "another draft",
                "another draft",
                "promote.unavailable",
                "promote.unavailable",
                "look 0",
                "look 1, promote.publish-unknown",
                "look 1, promote.unavailable",
            ],
        ),
    ];
    for (fault, expected) in table {
        let fault = fault(String::new());
        let step = |wanted: fn(&Effect) -> bool, event: Event| next(at(wanted).step(event));
        let sends = |effect: &Effect| matches!(effect, Effect::Send { .. });
        let forge = Event::Sent(Err(UploadFault::Forge(fault.clone())));
        let source = Event::Sent(Err(UploadFault::Source(fault.clone())));
        let found = [
            step(
                |effect| *effect == Effect::CreateDraft,
                Event::Created(Err(fault.clone())),
            ),
            step(sends, forge),
            step(sends, source),
            step(
                |effect| matches!(effect, Effect::ReadDraft(_)),
                Event::DraftRead(Err(fault.clone())),
            ),
            step(
                |effect| *effect == Effect::Recheck,
                Event::Rechecked(Err(fault.clone())),
            ),
            step(
                |effect| matches!(effect, Effect::Publish(_)),
                Event::Published(Err(fault.clone())),
            ),
            reads(unsure, &fault),
            reads(overtaken, &fault),
        ];
        assert_eq!(found, expected, "{fault:?}");
    }
}

/// At the third draft whatever would begin a fourth is the end.
#[test]
fn what_would_begin_a_fourth_draft_ends_it() {
    let begins = |machine: &mut Machine, event: Event| next(machine.step(event));
    for last in 0..3 {
        let (mut machine, _) = Machine::start(plan());
        let lost = || Event::Created(Err(Fault::Ambiguous(String::new())));
        for _ in 0..2 {
            assert_eq!(begins(&mut machine, lost()), "another draft");
        }
        let mut event = lost();
        if last > 0 {
            machine.step(Event::Created(Ok(ReleaseId(1))));
            event = Event::Sent(Err(UploadFault::Forge(Fault::Conflict(String::new()))));
        }
        if last > 1 {
            for item in 0..machine.plan().items.len() {
                let sent = stored(&machine, item);
                machine.step(Event::Sent(Ok(sent)));
            }
            event = Event::DraftRead(Err(Fault::NotFound(String::new())));
        }
        assert_eq!(begins(&mut machine, event), "promote.unavailable");
    }
}

/// The other ends of each effect, beside the faults.
#[test]
fn what_each_answer_that_is_no_fault_means() {
    let recheck =
        |answer| next(at(|effect| *effect == Effect::Recheck).step(Event::Rechecked(Ok(answer))));
    assert_eq!(recheck(Rechecked::Gone("head")), "promote.moved");
    assert_eq!(recheck(Rechecked::Tagged), "look 0");
    assert_eq!(
        recheck(Rechecked::Blocked("x/y".to_owned())),
        "promote.tag-blocked"
    );
    let sends = |effect: &Effect| matches!(effect, Effect::Send { .. });
    let wrong = Event::Sent(Err(UploadFault::WrongBytes("other".into())));
    assert_eq!(next(at(sends).step(wrong)), "wrong bytes");
    let confirming = || {
        let mut machine = at(|effect| matches!(effect, Effect::Publish(_)));
        assert_eq!(next(machine.step(Event::Published(Ok(())))), "read 0");
        machine
    };
    let public = |seen| next(confirming().step(Event::PublicRead(seen)));
    assert_eq!(public(ObservedRelease::Right), "Published(ReleaseId(77))");
    assert_eq!(public(ObservedRelease::NotYet(String::new())), "read 1");
    assert_eq!(
        public(ObservedRelease::Altered(String::new())),
        "promote.release-broken"
    );
    let name = plan().items[0].name().clone();
    assert_eq!(public(ObservedRelease::Wrong(name)), "wrong bytes");
    // Out of turn: never a publish, wherever it is.
    for wanted in [
        |effect: &Effect| *effect == Effect::CreateDraft,
        |effect: &Effect| *effect == Effect::Recheck,
        |effect: &Effect| matches!(effect, Effect::ReadDraft(_)),
    ] {
        let step = at(wanted).step(Event::Published(Ok(())));
        assert_eq!(next(step), "promote.unavailable");
    }
}
