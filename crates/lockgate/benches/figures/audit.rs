//! Measures the time and the number of calls of `lockgate audit` over 5,000 commits and 500 releases on a loopback
//! server.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use lockgate_core::config::Config;
use lockgate_core::document::{
    Document as _, Executable, HeaderRanges, Manifest, Origin, Promoter, Receipt,
};
use lockgate_core::fingerprint;
use lockgate_core::{Attempt, Digest, PullNumber, RepositoryId, RunId, Version, WorkflowId};
use lockgate_forge::github::GitHub;
use lockgate_forge::{Forge as _, NewRelease};
use lockgate_forge_embedded::{self as embedded, GitRepository, Server};

use crate::alone;
use crate::program::{LOCKGATE, command, git, run};
use crate::table::{Table, median, seconds};

const COMMITS: u64 = 5_000;
const RELEASES: u64 = 500;
const FILES: u64 = 200;

const CONFIG: &str = r#"
[package.large]
version-file = "VERSION"
sources = ["src/**"]
tag = "large-v{version}"
asset = "large-{variant}-v{version}"
build = { command = ["make"], output = "dist/{asset}" }
variant.amd64 = {}
variant.arm64 = {}
"#;

pub(crate) fn figures(table: &mut Table) {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
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
    import(&folder.join("origin.git"));
    git(
        folder,
        &["clone", "--quiet", "--no-checkout", "origin.git", "clone"],
    );
    let repository = GitRepository::open(folder.join("origin.git")).unwrap();
    let server = Server::start(embedded::Config::new("bench", "large"), repository).unwrap();
    publish(
        &folder.join("clone"),
        &alone::forge(&server.api_url(), "bench/large"),
    );

    let audit = || {
        let mut audit = command(LOCKGATE, &folder.join("clone"));
        audit
            .arg("audit")
            .env("GITHUB_TOKEN", "automation-token")
            .env("GITHUB_REPOSITORY", "bench/large")
            .env("GITHUB_SERVER_URL", server.base_url())
            .env("GITHUB_API_URL", server.api_url());
        audit
    };
    let stderr = run(audit());
    let first = stderr.lines().next().unwrap_or_default();
    assert_eq!(
        first,
        format!("large: every version on the branch is published ({COMMITS} commits)")
    );
    let before = server.api_calls().len();
    let took = median(5, || {
        let status = audit().stdout(Stdio::null()).status().unwrap();
        assert!(status.success());
    });
    let calls = (server.api_calls().len() - before) / 5;
    table.at_most("audit: 5,000 commits and 500 releases", took, 2.0, seconds);
    table.reported("  calls to the API", calls.to_string());
}

/// Imports a history in which every tenth commit raises the version and changes a source.
fn import(origin: &Path) {
    let mut stream = String::new();
    for number in 1..=COMMITS {
        let text = format!("commit {number}\n");
        write!(
            stream,
            "commit refs/heads/main\ncommitter A <a@example.com> {} +0000\ndata {}\n{text}",
            1_700_000_000 + number,
            text.len()
        )
        .unwrap();
        let mut file = |path: &str, text: &str| {
            write!(
                stream,
                "M 100644 inline {path}\ndata {}\n{text}\n",
                text.len()
            )
            .unwrap();
        };
        if number == 1 {
            file("lockgate.toml", CONFIG);
            for at in 0..FILES {
                file(&format!("src/{at}"), &format!("{at}\n"));
            }
        }
        if number % (COMMITS / RELEASES) == 1 {
            let version = number / (COMMITS / RELEASES) + 1;
            file("VERSION", &format!("{version}\n"));
            file(
                &format!("src/{}", version % FILES),
                &format!("version {version}\n"),
            );
        }
        file(&format!("docs/{}", number % 100), &text);
    }
    let mut import = command("git", origin);
    let mut import = import
        .args(["fast-import", "--quiet"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    import
        .stdin
        .take()
        .unwrap()
        .write_all(stream.as_bytes())
        .unwrap();
    assert!(import.wait().unwrap().success());
}

/// Publishes what a promotion would, with bytes that are not downloaded here.
fn publish(clone: &Path, forge: &GitHub) {
    let package = Config::parse(CONFIG)
        .unwrap()
        .packages
        .into_values()
        .next()
        .unwrap();
    let log = git(
        clone,
        &[
            "log",
            "--reverse",
            "--format=%H",
            "origin/main",
            "--",
            "VERSION",
        ],
    );
    let reader = lockgate::git::Git::open(clone).unwrap();
    for (at, commit) in log.lines().enumerate() {
        let version = Version::Integer(at as u64 + 1);
        let (tag, commit) = (package.tag(&version), commit.parse().unwrap());
        let entries = reader.tree(log.lines().nth(at).unwrap()).unwrap();
        let asset = |variant| package.asset(variant, &version);
        let executables: Vec<_> = package
            .variants
            .iter()
            .map(|variant| Executable {
                variant: variant.name.clone(),
                name: asset(variant),
                size: 3,
                sha256: Digest::of(b"abc"),
                headers: "ELF".to_owned(),
                header_ranges: HeaderRanges::default(),
                smoke: None,
                build_seconds: 1,
                attempt: None,
            })
            .collect();
        let receipt = Receipt {
            tag: tag.clone(),
            manifest: Manifest {
                package: package.name.clone(),
                package_version: version,
                fingerprint: fingerprint::of_tree(&package, &entries).fingerprint,
                commit,
                run: RunId(1),
                attempt: Attempt(1),
                executables,
            },
            origin: origin(log.lines().nth(at).unwrap()),
            promoter: Promoter {
                login: "maintainer".parse().unwrap(),
                lockgate: "0.1.0".to_owned(),
            },
            promoted_at: 0,
        };
        let draft = forge
            .create_draft(&NewRelease {
                tag: &tag,
                target: &receipt.manifest.commit,
                title: tag.as_str(),
                notes: "",
                prerelease: false,
            })
            .unwrap();
        let json = receipt.to_json();
        let send = |name: &str, bytes: &[u8]| {
            let sent = forge.upload(&draft, name, bytes.len() as u64, &mut &*bytes);
            assert!(sent.unwrap().complete);
        };
        for executable in &receipt.manifest.executables {
            send(executable.name.as_str(), b"abc");
        }
        send("SHA256SUMS", receipt.sums().to_string().as_bytes());
        send("lockgate-receipt.json", json.as_bytes());
        forge.publish(draft.id).unwrap();
    }
}

fn origin(commit: &str) -> Origin {
    Origin {
        repository_id: RepositoryId(1),
        repository: "bench/large".parse().unwrap(),
        pull_request: PullNumber(1),
        head: commit.parse().unwrap(),
        base: "main".parse().unwrap(),
        base_commit: commit.parse().unwrap(),
        workflow_id: WorkflowId(1),
        workflow_path: ".github/workflows/build-large.yml".to_owned(),
        workflow_blob: commit.parse().unwrap(),
        artifacts: Vec::new(),
    }
}
