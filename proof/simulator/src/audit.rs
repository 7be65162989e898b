//! Compares what `core::audit` finds in main and the releases after a schedule with the truth.
//!
//! Represents `observe` in `crates/lockgate/src/flows/audit.rs`. The truth is computed from the bytes that the fake
//! stores and from what was merged, not from what the flows read.

use lockgate_core::audit::{self, Audit, Facts, Followed, Landed, ObservedRelease, PinsFile};
use lockgate_core::config::{RECEIPT_ASSET, SUMS_ASSET};
use lockgate_core::promote::origin::WORKFLOWS;
use lockgate_core::promote::{PublishedRelease, ReleaseFacts, ReleaseOrigin};
use lockgate_core::{Reason as _, Version, detect};
use lockgate_forge_embedded::Repository as _;
use lockgate_forge_embedded::state::releases::Release;

use crate::observe;
use crate::users;
use crate::world::{Kept, World, digest};

/// Audits main as it is now. Changing sources without raising the version breaks the promise, too.
pub fn of(world: &World<'_>) -> Option<Audit> {
    let (template, git) = (world.template, &world.git);
    let mut history = Vec::new();
    let mut next = git.resolve("refs/heads/main").ok()?;
    while let Some(id) = next {
        let tree = template.tree(git, id.as_str())?;
        let version = detect::version_of(&template.package, &tree.version);
        history.push(Landed {
            commit: id.as_str().parse().ok()?,
            follows: version
                .map(|version| {
                    let package = &template.package;
                    let variants = package.variants.iter();
                    Followed {
                        tag: package.tag(&version),
                        names: variants.map(|it| package.asset(it, &version)).collect(),
                        version,
                    }
                })
                .map_err(|refusal| refusal.to_string()),
            fingerprint: tree.digests.fingerprint,
            pins: PinsFile::None,
        });
        next = git.commit(&id).ok()??.parents.first().cloned();
    }
    history.reverse();
    let tag = format!("refs/tags/{}", world.tag());
    let seen = || {
        Some(ObservedRelease {
            version: Version::Integer(2),
            tag: world.tag().parse().ok()?,
            release: match observe::release(world) {
                ReleaseFacts::Published(release) => Some(by_its_author(world, *release)),
                ReleaseFacts::Absent | ReleaseFacts::TagOnly | ReleaseFacts::NotReadable(_) => None,
            },
            withdrawn: false,
        })
    };
    let releases = match git.reference(&tag).ok()? {
        Some(_) => vec![seen()?],
        None => Vec::new(),
    };
    let facts = Facts {
        package: template.package.name.clone(),
        history,
        releases,
        inherits: true,
        strict: true,
    };
    Some(audit::decide(&facts))
}

/// With hundreds of releases the run or role of each is not queried.
fn by_its_author(world: &World<'_>, seen: PublishedRelease) -> PublishedRelease {
    let release = world.state.release_by_tag(world.tag()).ok();
    let origin = release.zip(seen.receipt.as_ref().ok()).map_or(
        ReleaseOrigin::Promotion,
        |(release, receipt)| {
            let app = observe::app(world);
            let author = release.author.parse().ok();
            audit::published_by(author.as_ref(), &receipt.promoter.login, app.as_ref())
        },
    );
    PublishedRelease { origin, ..seen }
}

/// Returns the codes of the findings.
pub fn codes(audit: &Audit) -> Vec<&'static str> {
    audit.findings().map(|finding| finding.code()).collect()
}

/// Returns the promise that an audit shows to be broken, or breaks itself.
pub fn broken(world: &World<'_>, audit: Option<&Audit>) -> Option<&'static str> {
    let Some(audit) = audit else {
        return Some("main can be audited");
    };
    if codes(audit) != expected(world) {
        return Some("an audit finds what is so, and nothing else");
    }
    let kept = audit.broken().next().is_none();
    (users::landed(world) && !kept && !world.altered)
        .then_some("an audit proves the promise for main")
}

/// Returns what an audit has to find. Version 1 existed before everything, and was not promoted.
fn expected(world: &World<'_>) -> Vec<&'static str> {
    let mut codes = vec!["audit.inherited"];
    let release = world.state.release_by_tag(world.tag()).ok();
    match (users::landed(world), release) {
        (false, None) => {}
        (true, None) => codes.push("audit.not-published"),
        (false, Some(release)) => {
            codes.push("audit.never-merged");
            codes.extend(damage(world, release));
            if by_hand(world, release) {
                codes.push("audit.foreign-release");
            }
        }
        (true, Some(release)) => {
            let damage = damage(world, release);
            codes.extend(damage);
            if by_hand(world, release) {
                codes.push("audit.foreign-release");
            }
            // Without a receipt it is unknown what the release was built from.
            if damage != Some("audit.no-receipt") && !on_main(world, release) {
                codes.push("audit.other-sources");
            }
        }
    }
    codes
}

/// Returns whether it was published by an account other than the automation or the one in its receipt.
fn by_hand(world: &World<'_>, release: &Release) -> bool {
    let promoter = receipt(world, release).map(|kept| kept.receipt.promoter.login.as_str());
    let by_person = release.author != WORKFLOWS;
    promoter.is_some_and(|login| by_person && (world.reserved || login != release.author))
}

/// Returns the damage to a release, as far as any list shows it.
fn damage(world: &World<'_>, release: &Release) -> Option<&'static str> {
    let Some(Kept { receipt, sums, .. }) = receipt(world, release) else {
        return Some("audit.no-receipt");
    };
    if observe::tag_commit(world).as_ref() != Some(&receipt.origin.head) {
        return Some("audit.tag-moved");
    }
    let ours = |name: &str| {
        let mut files = receipt.manifest.executables.iter();
        [SUMS_ASSET, RECEIPT_ASSET].contains(&name) || files.any(|it| it.name.as_str() == name)
    };
    let all = world.state.assets(&world.template.automation, release.id);
    let mut all = all.unwrap_or_default().into_iter();
    if all.any(|asset| asset.blob.is_some() && !ours(&asset.name)) {
        return Some("audit.foreign-file");
    }
    let files = receipt.manifest.executables.iter();
    let files = files.map(|one| (one.name.as_str(), one.sha256));
    files
        .chain([(SUMS_ASSET, *sums)])
        .find_map(|(name, sha256)| match stored(world, release, name) {
            None => Some("audit.incomplete"),
            Some(found) if found != sha256 => Some("audit.changed-bytes"),
            Some(_) => None,
        })
}

fn receipt<'w>(world: &'w World<'_>, release: &Release) -> Option<&'w Kept> {
    let stored = stored(world, release, RECEIPT_ASSET)?;
    let kept = world.receipts.get(&stored.to_string())?;
    (kept.receipt.tag.as_str() == release.tag_name).then_some(kept)
}

fn stored(world: &World<'_>, release: &Release, name: &str) -> Option<lockgate_core::Digest> {
    let all = world.state.assets(&world.template.automation, release.id);
    let mut all = all.ok()?.into_iter();
    let asset = all.find(|asset| asset.name == name)?;
    asset.blob.as_ref().map(digest)
}

/// Returns whether the sources of a release are those of main.
fn on_main(world: &World<'_>, release: &Release) -> bool {
    let main = world.git.resolve("refs/heads/main").ok().flatten();
    let tree = main.and_then(|main| world.template.tree(&world.git, main.as_str()));
    let built = receipt(world, release).map(|kept| kept.built.sources);
    tree.is_some_and(|tree| Some(tree.sources) == built)
}

#[cfg(test)]
mod tests {
    use lockgate_forge_embedded::{Blob, PullNumber};

    use super::{broken, codes, of};
    use crate::fault_kind::{FaultKind, Faults};
    use crate::gate;
    use crate::promoter::{Ended, Promoter};
    use crate::rng::Rng;
    use crate::template::Template;
    use crate::users;
    use crate::world::{World, Write};

    /// Merges a pull request regardless of its gate.
    fn merge(world: &mut World<'_>, number: u64) {
        let head = world
            .state
            .pull(PullNumber(number))
            .unwrap()
            .head_sha
            .clone();
        let green = lockgate_core::gate::Status {
            state: lockgate_core::gate::StatusState::Success,
            code: "gate.published",
            description: "a lie".to_owned(),
        };
        let order = gate::order(&green, world.template.package.gate_context());
        let call = Write::Status(head.to_string(), order);
        world.write(FaultKind::Fine, call).unwrap().unwrap();
        assert!(users::merge(world, PullNumber(number)));
    }

    fn promote(world: &mut World<'_>, number: u64) {
        let mut promoter = Promoter::new(PullNumber(number), "maintainer", false, None);
        promoter.start();
        while promoter.runs() {
            promoter.turn(world, &mut Rng::new(1), Faults::NONE);
        }
        assert!(matches!(promoter.end, Some(Ended::Published(_))));
    }

    /// Returns what an audit finds for version 2 after an action, and whether main's promise is broken.
    fn found(
        user_action: impl FnOnce(&mut World<'_>),
    ) -> (Vec<&'static str>, Option<&'static str>) {
        let template = Template::new().unwrap();
        let mut world = World::new(&template, false);
        user_action(&mut world);
        let audit = of(&world);
        let mut codes = codes(audit.as_ref().unwrap());
        assert_eq!(codes.remove(0), "audit.inherited");
        (codes, broken(&world, audit.as_ref()))
    }

    #[test]
    fn an_audit_finds_what_no_gate_should_have_let_in() {
        let lost = Some("an audit proves the promise for main");
        type UserAction = fn(&mut World<'_>);
        let all: [(&str, UserAction); 5] = [
            ("audit.not-published", |world| merge(world, 1)),
            ("audit.other-sources", |world| {
                promote(world, 1);
                merge(world, 2);
            }),
            ("audit.incomplete", |world| {
                world.state.settings_mut().immutable_releases = false;
                promote(world, 1);
                tamper(world, "hello-amd64-v2", None);
                merge(world, 1);
            }),
            ("audit.changed-bytes", |world| {
                promote(world, 1);
                tamper(world, "SHA256SUMS", Some(b"other"));
                merge(world, 1);
            }),
            ("audit.no-receipt", |world| {
                promote(world, 1);
                tamper(world, "lockgate-receipt.json", Some(b"{}"));
                merge(world, 1);
            }),
        ];
        for (code, user_action) in all {
            assert_eq!(found(user_action), (vec![code], lost));
        }
    }

    #[test]
    fn an_audit_finds_nothing_where_all_is_as_it_should_be() {
        let none: Vec<&str> = Vec::new();
        assert_eq!(found(|_| {}), (none.clone(), None));
        assert_eq!(
            found(|world| promote(world, 1)),
            (vec!["audit.never-merged"], None)
        );
        let good = |world: &mut World<'_>| {
            promote(world, 1);
            merge(world, 1);
        };
        assert_eq!(found(good), (none, None));
    }

    /// Replaces or deletes a file, even against GitHub's rules.
    fn tamper(world: &mut World<'_>, name: &str, bytes: Option<&[u8]>) {
        let release = world.state.release_by_tag("hello-v2").unwrap().id;
        let actor = world.template.automation.clone();
        let all = world.state.assets(&actor, release).unwrap();
        let id = all.iter().find(|asset| asset.name == name).unwrap().id;
        match bytes {
            Some(bytes) => world.state.tamper_asset(id, Blob::of(bytes)).unwrap(),
            None => world.state.delete_asset(&actor, world.now, id).unwrap(),
        }
    }
}
