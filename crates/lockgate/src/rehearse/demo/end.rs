//! The end of the demonstration: the published files, and where they are.

use lockgate_core::Version;
use lockgate_core::config::Package;
use serde::Serialize;

use super::Story;
use crate::cli;
use crate::exit::Failure;
use crate::rehearse::{Rehearsed, Workspace};

/// The final state of the demonstration.
pub(super) struct End {
    pub(super) package: Package,
    pub(super) version: Version,
    pub(super) rows: Vec<Row>,
    pub(super) path: String,
}

/// A published executable.
#[derive(Serialize)]
pub(in crate::rehearse) struct Row {
    pub(super) variant: String,
    pub(super) size: u64,
    pub(super) sha256: String,
    pub(super) url: String,
}

impl Story<'_> {
    pub(super) fn finish(
        self,
        workspace: &Workspace,
        args: &cli::Rehearse,
        end: &End,
    ) -> Result<(), Failure> {
        let tag = end.package.tag(&end.version);
        let mut text = format!("\n{} was published and verified before the merge:\n\n", tag);
        let width = end
            .rows
            .iter()
            .map(|row| row.variant.len())
            .max()
            .unwrap_or(0)
            .max("variant".len());
        text += &format!(
            "  {:width$}  {:>10}  {:64}  address\n",
            "variant", "size", "SHA-256"
        );
        for row in &end.rows {
            text += &format!(
                "  {:width$}  {:>10}  {}  {}\n",
                row.variant,
                lockgate_core::render::size(row.size),
                row.sha256,
                row.url
            );
        }
        let whereabouts = if workspace.kept || args.serve {
            format!("\nEverything is in {}", workspace.path.display())
        } else {
            "\nThe folder is gone; with --keep it stays, with --serve the forge stays up as well"
                .to_owned()
        };
        text += &whereabouts;
        let folder = (workspace.kept || args.serve).then(|| workspace.path.display().to_string());
        self.narrator.quiet();
        let demonstrated = Rehearsed::Demonstrated {
            tag: &tag,
            executables: &end.rows,
            fetched: &end.path,
            folder,
        };
        self.narrator.context.reporter.result(&text, &demonstrated);
        if args.serve {
            self.narrator.say(&format!(
                "\nThe forge is up at {} (API {}), until Ctrl-C.",
                self.fixture.server.base_url(),
                self.fixture.server.api_url()
            ));
            self.narrator
                .say("Tokens: developer-token, maintainer-token, automation-token, admin-token.");
            loop {
                std::thread::park();
            }
        }
        Ok(())
    }
}
