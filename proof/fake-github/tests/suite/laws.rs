//! Invariants that hold after any sequence of operations by any users.

use std::collections::BTreeMap;

use lockgate_forge_embedded::state::State;
use lockgate_forge_embedded::state::assets::{Asset, NewAsset};
use lockgate_forge_embedded::state::people::Actor;
use lockgate_forge_embedded::state::releases::{NewRelease, ReleaseEdit};
use lockgate_forge_embedded::{AssetId, Blob, Files, MemoryRepository, ReleaseId};
use proptest::prelude::*;

const TAGS: [&str; 3] = ["v1", "v2", "v3"];
const PEOPLE: [&str; 4] = [
    "automation-token",
    "admin-token",
    "stranger-token",
    "fork-token",
];

/// One operation of a user. The numbers select existing objects.
#[derive(Clone, Debug)]
enum Step {
    Create {
        tag: usize,
        draft: bool,
    },
    Edit {
        release: usize,
        tag: Option<usize>,
        draft: Option<bool>,
    },
    Delete {
        release: usize,
    },
    Begin {
        release: usize,
        name: u8,
    },
    Finish {
        asset: usize,
        bytes: u8,
    },
    Rename {
        asset: usize,
        name: u8,
    },
    DeleteAsset {
        asset: usize,
    },
    DeleteTag {
        tag: usize,
    },
    Immutable {
        on: bool,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let tag = || 0..TAGS.len();
    prop_oneof![
        (tag(), any::<bool>()).prop_map(|(tag, draft)| Step::Create { tag, draft }),
        (
            0..3_usize,
            proptest::option::of(tag()),
            any::<Option<bool>>()
        )
            .prop_map(|(release, tag, draft)| Step::Edit {
                release,
                tag,
                draft
            }),
        (0..3_usize).prop_map(|release| Step::Delete { release }),
        (0..3_usize, 0..3_u8).prop_map(|(release, name)| Step::Begin { release, name }),
        (0..3_usize, any::<u8>()).prop_map(|(asset, bytes)| Step::Finish { asset, bytes }),
        (0..3_usize, 0..3_u8).prop_map(|(asset, name)| Step::Rename { asset, name }),
        (0..3_usize).prop_map(|asset| Step::DeleteAsset { asset }),
        tag().prop_map(|tag| Step::DeleteTag { tag }),
        any::<bool>().prop_map(|on| Step::Immutable { on }),
    ]
}

struct World {
    state: State,
    git: MemoryRepository,
    now: i64,
    releases: Vec<ReleaseId>,
    assets: Vec<AssetId>,
    /// The immutable releases, as they were when they became immutable.
    frozen: BTreeMap<ReleaseId, (String, Vec<Asset>)>,
}

impl World {
    fn new() -> Self {
        let git = MemoryRepository::new();
        git.commit_files(
            "main",
            Files::from([("a".into(), b"1".to_vec())]),
            "Start",
            100,
        );
        let mut state = State::new("octo", "tools", "main", 0);
        state.add_cast();
        state.settings_mut().immutable_releases = true;
        Self {
            state,
            git,
            now: 1000,
            releases: Vec::new(),
            assets: Vec::new(),
            frozen: BTreeMap::new(),
        }
    }

    fn take(&mut self, actor: &Actor, step: Step) {
        let (state, git, now) = (&mut self.state, &self.git, self.now);
        let release = |at: usize| chosen(&self.releases, at).unwrap_or(ReleaseId(0));
        let asset = |at: usize| chosen(&self.assets, at).unwrap_or(AssetId(0));
        // Refusals are as good as successes here: only the resulting state matters.
        match step {
            Step::Create { tag, draft } => {
                let order = NewRelease {
                    tag_name: TAGS[tag].into(),
                    draft,
                    ..NewRelease::default()
                };
                self.releases
                    .extend(state.create_release(actor, now, git, order));
            }
            Step::Edit {
                release: at,
                tag,
                draft,
            } => {
                let edit = ReleaseEdit {
                    tag_name: tag.map(|tag| TAGS[tag].into()),
                    draft,
                    ..ReleaseEdit::default()
                };
                let _ = state.edit_release(actor, now, git, release(at), edit);
            }
            Step::Delete { release: at } => {
                let id = release(at);
                if state.delete_release(actor, id).is_ok() {
                    self.frozen.remove(&id);
                    self.releases.retain(|other| *other != id);
                }
            }
            Step::Begin { release: at, name } => {
                let order = NewAsset {
                    name: format!("tool-{name}"),
                    ..NewAsset::default()
                };
                self.assets
                    .extend(state.begin_upload(actor, now, release(at), order));
            }
            Step::Finish { asset: at, bytes } => {
                let _ = state.finish_upload(now, asset(at), Blob::of(&[bytes]));
            }
            Step::Rename { asset: at, name } => {
                let name = Some(format!("tool-{name}"));
                let _ = state.edit_asset(actor, now, asset(at), name, None);
            }
            Step::DeleteAsset { asset: at } => {
                let _ = state.delete_asset(actor, now, asset(at));
            }
            Step::DeleteTag { tag } => {
                let _ = state.delete_reference(actor, git, &format!("refs/tags/{}", TAGS[tag]));
            }
            Step::Immutable { on } => state.settings_mut().immutable_releases = on,
        }
    }

    fn check(&mut self) -> Result<(), TestCaseError> {
        let admin = self.state.holder("admin-token").unwrap();
        let seen_by_all = self.state.releases(&Actor::Anonymous);
        prop_assert!(
            seen_by_all
                .iter()
                .all(|release| !release.draft && release.published_at.is_some())
        );
        for tag in TAGS {
            let published = seen_by_all.iter().filter(|release| release.tag_name == tag);
            prop_assert!(
                published.count() <= 1,
                "two releases are published as {tag}"
            );
        }
        for release in self.state.releases(&admin) {
            if release.draft {
                prop_assert!(self.state.release(&Actor::Anonymous, release.id).is_err());
                prop_assert!(self.state.assets(&Actor::Anonymous, release.id).is_err());
            }
            if release.immutable {
                let assets = self.state.assets(&admin, release.id).unwrap();
                let now: Vec<Asset> = assets.into_iter().cloned().collect();
                let (tag, then) = self
                    .frozen
                    .entry(release.id)
                    .or_insert_with(|| (release.tag_name.clone(), now.clone()));
                prop_assert_eq!(&release.tag_name, &*tag);
                prop_assert_eq!(&now, then, "a frozen release has changed");
                let reference = format!("refs/tags/{tag}");
                let there = lockgate_forge_embedded::Repository::reference(&self.git, &reference);
                prop_assert!(there.unwrap().is_some(), "a frozen tag has gone");
            }
        }
        Ok(())
    }
}

/// Selects one of the created objects; the newest are the most likely to still exist.
fn chosen<T: Copy>(all: &[T], at: usize) -> Option<T> {
    let last = all.len().checked_sub(1)?;
    all.get(last - at % all.len()).copied()
}

proptest! {
    #[test]
    fn any_sequence_keeps_releases_as_they_were_promised(
        steps in proptest::collection::vec((0..PEOPLE.len(), step()), 1..60),
    ) {
        let mut world = World::new();
        for (who, step) in steps {
            let actor = world.state.holder(PEOPLE[who]).unwrap();
            world.take(&actor, step);
            world.now += 1;
            world.check()?;
        }
        let text = serde_json::to_string(&world.state).unwrap();
        let back: State = serde_json::from_str(&text).unwrap();
        prop_assert!(back == world.state);
    }
}
