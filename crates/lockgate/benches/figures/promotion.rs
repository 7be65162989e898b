//! Promotes two executables of 200 MB, from artifact to published release, with the fake GitHub on a loopback port.
//!
//! The fake runs in this process and keeps its bytes in a folder; `lockgate promote` runs in a process of its own, so
//! that its memory and its writes can be measured.

use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use lockgate_artifact::zip::{DosTime, Entry, SingleFileWriter};
use lockgate_core::config::Config;
use lockgate_core::document::{Candidate, Document as _};
use lockgate_core::{ArtifactId, CommitId};
use lockgate_forge::Forge as _;
use lockgate_forge::github::GitHub;
use lockgate_forge_embedded::state::artifacts::ArtifactForm;
use lockgate_forge_embedded::state::runs::NewRun;
use lockgate_forge_embedded::{self as embedded, GitRepository, RunId, Server};

use crate::alone::{self, One};
use crate::elf;
use crate::program::{LOCKGATE, Took, command, git, run, watched};
use crate::table::{Table, mebibytes, megabytes, middle, once, ratio, seconds};

/// The size of each executable.
const SIZE: u64 = 200_000_000;
/// How often the promotion is measured; the median counts, as with the stages.
const ROUNDS: usize = 3;
/// The names of variants, and ELF's numbers for their machines.
const VARIANTS: [(&str, u16); 2] = [("amd64", 62), ("arm64", 183)];

pub(crate) fn figures(table: &mut Table) {
    let folder = tempfile::tempdir().unwrap();
    let fixture = Fixture::set(folder.path());
    let all = fixture.build();
    let stored: u64 = all.iter().map(|one| one.zip.len() as u64).sum();

    let forge = alone::forge(&fixture.server.api_url(), "bench/large");
    let package = fixture.package();
    let three = |measure: &dyn Fn() -> f64| middle((0..3).map(|_| measure()).collect());
    let download = three(&|| alone::download(&forge, &all));
    let upload = three(&|| alone::upload(&forge, &fixture.head, &all));
    let unzip = three(&|| alone::unzip_and_hash(&package, &all));
    let slowest = download.max(upload).max(unzip);
    drop(all);

    let mut times = Vec::new();
    let mut peak_memory: f64 = 0.0;
    let mut written: f64 = 0.0;
    for round in 0..ROUNDS {
        if round > 0 {
            fixture.forget(&forge);
        }
        let (took, published) = fixture.promote();
        peak_memory = peak_memory.max(took.peak);
        written = written.max(took.written);
        times.push((published, took.seconds));
    }
    let published = middle(times.iter().map(|(published, _)| *published).collect());
    let whole_command = middle(times.iter().map(|(_, seconds)| *seconds).collect());
    let verify = once(|| drop(run(fixture.lockgate("verify", &["--version", "8"]))));

    let peak = "promotion: two executables of 200 MB, peak memory";
    table.at_most(peak, peak_memory, 64.0 * f64::from(1 << 20), mebibytes);
    // Git writes the objects of the pull request; Lockgate itself writes nothing.
    let label = "  written to disk, with git's objects";
    table.at_most(label, written, 1e6, megabytes);
    let until = "  until it was published, as a multiple of the slowest stage alone";
    table.at_most(until, published / slowest, 1.5, ratio);
    let whole = "  with reading it back, gate and comment, likewise";
    table.reported(whole, ratio(whole_command / slowest));
    table.reported("  until it was published", seconds(published));
    table.reported("  the whole command", seconds(whole_command));
    table.reported("  download alone", seconds(download));
    table.reported("  unzip, digest and inspect alone", seconds(unzip));
    table.reported("  upload alone", seconds(upload));
    table.reported("  reading it back alone (lockgate verify)", seconds(verify));
    table.reported("  artifacts as stored", megabytes(stored as f64));
}

const CONFIG: &str = r#"
[package.large]
version-file = "VERSION"
sources = ["src/**"]
tag = "large-v{version}"
asset = "large-{variant}-v{version}"
build = { command = ["sh", "copy.sh", "{variant}", "{output}"], output = "dist/{asset}" }
variant.amd64 = {}
variant.arm64 = {}
"#;

/// A repository, a server for it, and a pull request that raises the version.
struct Fixture {
    folder: PathBuf,
    server: Server,
    head: CommitId,
    run: RunId,
}

impl Fixture {
    fn set(folder: &Path) -> Self {
        git(
            folder,
            &[
                "init",
                "--quiet",
                "--bare",
                "--initial-branch=main",
                "origin.git",
            ],
        );
        git(folder, &["clone", "--quiet", "origin.git", "developer"]);
        let developer = folder.join("developer");
        let workflow = developer.join(".github/workflows/build-large.yml");
        std::fs::create_dir_all(workflow.parent().unwrap()).unwrap();
        std::fs::create_dir(developer.join("src")).unwrap();
        let copy = format!(
            "mkdir -p dist && cp '{}'/\"$1\" \"$2\" && chmod 755 \"$2\"\n",
            folder.display()
        );
        let files = [
            ("lockgate.toml", CONFIG),
            ("VERSION", "7\n"),
            ("src/main", "one\n"),
            (".gitignore", "/dist\n"),
            ("copy.sh", &copy),
            (".github/workflows/build-large.yml", "name: Build large\n"),
        ];
        for (name, text) in files {
            std::fs::write(developer.join(name), text).unwrap();
        }
        let push = |branch: &str| {
            git(&developer, &["add", "--all"]);
            git(&developer, &["commit", "--quiet", "-m", branch]);
            git(
                &developer,
                &[
                    "push",
                    "--quiet",
                    "origin",
                    &format!("HEAD:refs/heads/{branch}"),
                ],
            );
        };
        git(&developer, &["checkout", "--quiet", "-B", "main"]);
        push("main");
        std::fs::write(developer.join("VERSION"), "8\n").unwrap();
        std::fs::write(developer.join("src/main"), "two\n").unwrap();
        push("bump");
        let head = git(&developer, &["rev-parse", "HEAD"]).trim().to_owned();
        git(
            folder,
            &["clone", "--quiet", "--branch=main", "origin.git", "trusted"],
        );

        let config = embedded::Config {
            folder: Some(folder.join("forge")),
            ..embedded::Config::new("bench", "large")
        };
        let repository = GitRepository::open(folder.join("origin.git")).unwrap();
        let server = Server::start(config, repository).unwrap();
        let environment = embedded::state::settings::Environment {
            reviewers: vec!["maintainer".to_owned()],
            branches: Some(embedded::state::settings::BranchPolicy::Named(vec![
                "main".to_owned(),
            ])),
            ..Default::default()
        };
        server.set_environment("release", environment);
        let workflow = server.register_workflow("Build large", ".github/workflows/build-large.yml");
        let pull = server.open_pull("developer", "bump", "Version 8").unwrap();
        let run = server.start_run(NewRun {
            workflow,
            event: "pull_request".to_owned(),
            head_sha: embedded::CommitId::parse(&head).unwrap(),
            head_branch: Some("bump".to_owned()),
            actor: "developer".to_owned(),
            pull: Some(pull),
        });
        Self {
            folder: folder.to_owned(),
            server,
            head: head.parse().unwrap(),
            run: run.unwrap(),
        }
    }

    fn package(&self) -> lockgate_core::config::Package {
        Config::parse(CONFIG)
            .unwrap()
            .packages
            .into_values()
            .next()
            .unwrap()
    }

    /// Runs the build workflow: a job for each variant, then the candidate; and the uploads of both.
    fn build(&self) -> Vec<One> {
        for (variant, machine) in VARIANTS {
            let file = std::fs::File::create(self.folder.join(variant)).unwrap();
            let mut file = BufWriter::new(file);
            elf::write(&mut file, machine, SIZE).unwrap();
            file.flush().unwrap();
        }
        let out = self.folder.join("out");
        let mut zips = Vec::new();
        for (variant, _) in VARIANTS {
            let stderr = self.job(&[
                "--variant",
                variant,
                "--out",
                out.join(variant).to_str().unwrap(),
            ]);
            self.upload(&stderr, "part-artifact", "part-path");
            zips.push(self.upload(&stderr, "artifact", "path"));
        }
        let stderr = self.job(&["--join", "--out", out.to_str().unwrap()]);
        self.upload(&stderr, "artifact", "path");
        self.server
            .set_run(self.run, "completed", Some("success"))
            .unwrap();

        let candidate = std::fs::read(value(&stderr, "path")).unwrap();
        let Ok(Candidate::Complete(manifest)) = Candidate::from_json(&candidate) else {
            panic!("the build failed")
        };
        let all = manifest.executables.into_iter().zip(zips);
        all.map(|(executable, (artifact, zip))| One {
            executable,
            artifact,
            zip,
        })
        .collect()
    }

    fn job(&self, args: &[&str]) -> Vec<(String, String)> {
        let output = self.folder.join("output");
        std::fs::write(&output, "").unwrap();
        let mut command = self.lockgate("build", args);
        command.current_dir(self.folder.join("developer"));
        command
            .env("GITHUB_RUN_ID", self.run.to_string())
            .env("GITHUB_RUN_ATTEMPT", "1")
            .env("GITHUB_OUTPUT", &output);
        run(command);
        outputs(&std::fs::read_to_string(&output).unwrap())
    }

    /// Plays upload-artifact.
    fn upload(&self, stderr: &[(String, String)], name: &str, path: &str) -> (ArtifactId, Vec<u8>) {
        let path = Path::new(value(stderr, path));
        let entry = Entry {
            name: path.file_name().unwrap().to_str().unwrap(),
            mode: 0o755,
            modified: DosTime::EPOCH,
            level: 6,
        };
        let mut writer = SingleFileWriter::new(Vec::new(), entry).unwrap();
        std::io::copy(&mut std::fs::File::open(path).unwrap(), &mut writer).unwrap();
        let (zip, _) = writer.finish().unwrap();
        let artifact = self.server.add_artifact(
            self.run,
            value(stderr, name),
            ArtifactForm::Zip,
            zip.as_slice(),
            90,
        );
        (ArtifactId(artifact.unwrap().0), zip)
    }

    /// Promotes; returns the resources used, and the seconds until the release was public.
    fn promote(&self) -> (Took, f64) {
        let mut published = None;
        let command = self.lockgate("promote", &["--pr", "1", "--quiet"]);
        let took = watched(command, |seconds| {
            let seen = self.server.public_asset("large-v8", "SHA256SUMS");
            if seen.is_some() && published.is_none() {
                published = Some(seconds);
            }
        });
        (took, published.unwrap())
    }

    /// Removes the release and its tag, so that it can be promoted once more.
    fn forget(&self, forge: &GitHub) {
        let tag = "large-v8".parse().unwrap();
        let release = forge.release_of_tag(&tag).unwrap().unwrap();
        forge.delete_release(release.id).unwrap();
        forge.delete_tag(&tag).unwrap();
    }

    /// Returns the command, as called by a workflow that a maintainer started.
    fn lockgate(&self, name: &str, args: &[&str]) -> Command {
        let mut command = command(LOCKGATE, &self.folder.join("trusted"));
        command.arg(name).args(args);
        command.envs([
            ("CI", "true"),
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_ACTOR", "maintainer"),
            ("GITHUB_TRIGGERING_ACTOR", "maintainer"),
            ("GITHUB_TOKEN", "automation-token"),
            ("GITHUB_REPOSITORY", "bench/large"),
        ]);
        command
            .env("GITHUB_SERVER_URL", self.server.base_url())
            .env("GITHUB_API_URL", self.server.api_url());
        command
    }
}

/// Parses the outputs of a step for later steps.
fn outputs(text: &str) -> Vec<(String, String)> {
    let mut lines = text.lines();
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        if let Some((key, delimiter)) = line.split_once("<<") {
            let value: Vec<&str> = lines
                .by_ref()
                .take_while(|line| *line != delimiter)
                .collect();
            found.push((key.to_owned(), value.join("\n")));
        } else if let Some((key, value)) = line.split_once('=') {
            found.push((key.to_owned(), value.to_owned()));
        }
    }
    found
}

fn value<'a>(stderr: &'a [(String, String)], key: &str) -> &'a str {
    stderr
        .iter()
        .find(|(name, _)| name == key)
        .map(|(_, value)| value.as_str())
        .unwrap()
}
