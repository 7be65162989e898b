//! What the three workflows have in common: the comment at the top, the checkout, and Lockgate itself.

use lockgate_core::config::{Package, TrustLevel, Workflows};

use crate::actions::{Action, Pins};
use crate::workflow::{Permission, Step};
use crate::yaml::write::{Table, Value};

/// The beginning of the first line of every file that Lockgate writes.
pub(crate) const MARK: &str = "# Written by lockgate init";

/// The runner of every job that runs nothing from the pull request.
pub(crate) const MACHINE: &str = "ubuntu-24.04";

/// The input for a workflow.
#[derive(Debug, Clone, Copy)]
pub struct Settings<'c> {
    /// The package.
    pub package: &'c Package,
    /// The settings for all packages.
    pub workflows: &'c Workflows,
    /// Whether this is the only package.
    pub alone: bool,
    /// The pins of the third-party actions.
    pub pins: &'c Pins,
}

impl Settings<'_> {
    pub(crate) fn hardened(&self) -> bool {
        self.workflows.level == TrustLevel::Hardened
    }

    /// Returns the comment at the top.
    pub(crate) fn about(&self, what: &[&str]) -> Vec<String> {
        let mut lines = vec![
            format!(
                "{MARK}, from lockgate.toml; `lockgate check` compares the two. Your own lines belong between"
            ),
            "# \"lockgate:begin-custom NAME\" and \"lockgate:end-custom NAME\", and are kept."
                .to_owned(),
        ];
        lines.extend(what.iter().map(|line| format!("# {line}")));
        if self.workflows.lockgate.is_none() {
            lines.push("# Expects the executable `lockgate` on the runner's PATH.".to_owned());
        }
        lines
    }

    /// Returns a checkout with the whole history that does not leave its token behind.
    pub(crate) fn checkout(&self, reference: Option<&str>) -> Step {
        let mut with = Table::default();
        if let Some(reference) = reference {
            with.text("ref", reference);
        }
        with.put("fetch-depth", Value::Number(0));
        with.put("persist-credentials", Value::Flag(false));
        self.uses(Action::Checkout, None, with)
    }

    /// Stores a file with the run, for as long as GitHub allows.
    pub(crate) fn upload(
        &self,
        step: &str,
        prefix: &str,
        condition: &str,
        overwrite: bool,
    ) -> Step {
        let output = |name: &str| format!("${{{{ steps.{step}.outputs.{prefix}{name} }}}}");
        let mut with = Table::default();
        with.text("name", output("artifact"));
        with.text("path", output("path"));
        with.text("if-no-files-found", "error");
        with.put("retention-days", Value::Number(90));
        if overwrite {
            with.put("overwrite", Value::Flag(true));
        }
        self.uses(Action::UploadArtifact, Some(condition), with)
    }

    fn uses(&self, action: Action, condition: Option<&str>, with: Table) -> Step {
        let (action, version) = self.pins.uses(action);
        let condition = condition.map(ToOwned::to_owned);
        Step::Uses {
            condition,
            action,
            version: Some(version),
            with,
        }
    }

    /// Installs Lockgate, and an emulator if the architecture is not the runner's.
    pub(crate) fn install(&self, emulate: Option<&str>) -> Option<Step> {
        let pinned = self.workflows.lockgate.as_ref()?;
        let sums = pinned
            .sha256
            .iter()
            .map(|(arch, digest)| format!("{digest}  {}", arch.as_str()));
        let mut with = Table::default();
        with.put("sha256", Value::Lines(sums.collect()));
        if let Some(arch) = emulate {
            with.text("emulate", arch);
        }
        Some(Step::Uses {
            condition: None,
            action: pinned.to_string(),
            version: None,
            with,
        })
    }

    /// Returns a call of Lockgate for the package.
    pub(crate) fn call(&self, command: &str, more: &str) -> String {
        format!("lockgate {command} --package {}{more}", self.package.name)
    }

    /// Returns the credentials for the privileged workflows: the token, or those of the App that posts for it.
    pub(crate) fn credentials(&self) -> Vec<(&'static str, String)> {
        if self.hardened() {
            vec![
                ("LOCKGATE_APP_ID", "${{ vars.LOCKGATE_APP_ID }}".to_owned()),
                (
                    "LOCKGATE_APP_KEY",
                    "${{ secrets.LOCKGATE_APP_KEY }}".to_owned(),
                ),
            ]
        } else {
            vec![token()]
        }
    }
}

/// Returns the token of the job.
pub(crate) fn token() -> (&'static str, String) {
    ("GITHUB_TOKEN", "${{ github.token }}".to_owned())
}

/// Returns a read permission.
pub(crate) fn read(scope: &'static str, why: &'static str) -> Permission {
    let write = false;
    Permission { scope, write, why }
}

/// Returns a write permission.
pub(crate) fn write(scope: &'static str, why: &'static str) -> Permission {
    let write = true;
    Permission { scope, write, why }
}

/// Returns whether a variant's runner needs an emulator to run what it builds: GitHub's labels imply the architecture.
pub(crate) fn needs_emulator(arch: &str, runner: &str) -> bool {
    let own: &[&str] = match runner.starts_with("ubuntu-") {
        false => return false,
        true if runner.ends_with("-arm") => &["arm64"],
        true => &["amd64", "386"],
    };
    !own.contains(&arch)
}
