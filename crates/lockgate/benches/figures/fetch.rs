//! Compares fetching a large executable, verified and in place, with hand-written scripts: the same file from the same
//! server on this machine, in turn, so that other load on the machine affects all of them.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sha2::{Digest as _, Sha256};

use crate::program::{LOCKGATE, command, run, watched};
use crate::table::{Table, mebibytes, median, middle, milliseconds, once, ratio, seconds};

const SIZE: usize = 200_000_000;
const TAG: &str = "hello-v1";
const ASSET: &str = "hello-amd64-v1";
const ROUNDS: usize = 7;

/// A typical script in Python.
const SCRIPT: &str = "
import hashlib, requests, sys
digest = hashlib.sha256()
with requests.get(sys.argv[1], stream=True) as answer, open(sys.argv[2], 'wb') as file:
    answer.raise_for_status()
    for piece in answer.iter_content(1 << 20):
        file.write(piece)
        digest.update(piece)
sys.exit(digest.hexdigest() != sys.argv[3])
";

pub(crate) fn figures(table: &mut Table) {
    let workspace = Workspace::new(SIZE);
    let ways = workspace.ways();
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); ways.len()];
    // The first round does not count.
    for round in 0..=ROUNDS {
        for ((_, way), times) in ways.iter().zip(&mut times) {
            let time = once(way);
            workspace.tidy();
            if round > 0 {
                times.push(time);
            }
        }
    }
    let [ours, curl, summed, others @ ..] = times.as_slice() else {
        panic!("three ways at least");
    };
    // Round by round, so that a slow moment of the machine affects both sides.
    let over = |other: &[f64]| {
        let ratios = ours.iter().zip(other).map(|(ours, other)| ours / other);
        middle(ratios.collect())
    };
    let limits = [(curl, 1.10), (summed, 0.75)];
    for ((other, limit), (name, _)) in limits.into_iter().zip(&ways[1..]) {
        let what = format!("fetch of 200 MB, verified and in place, over {name}");
        table.at_most(&what, over(other), limit, ratio);
    }
    for (other, (name, _)) in others.iter().zip(&ways[3..]) {
        table.reported(&format!("  the same over {name}"), ratio(over(other)));
    }
    for ((name, _), times) in ways.iter().zip(&times) {
        let what = format!("  {name}, median of {ROUNDS}");
        table.reported(&what, seconds(middle(times.clone())));
    }
    let took = watched(workspace.fetch(), |_| ());
    let what = "fetch of 200 MB: peak memory";
    table.at_most(what, took.peak, 24.0 * 1024.0 * 1024.0, mebibytes);

    let cached = median(ROUNDS, || drop(run(workspace.fetch())));
    let pass = median(ROUNDS, || {
        std::hint::black_box(Sha256::digest(&*workspace.file));
    });
    let what = "fetch from the cache, less one pass of hashing";
    table.at_most(what, cached - pass, 0.015, milliseconds);
    table.reported("  of the whole", milliseconds(cached));
    table.reported("  the pass, out of memory", milliseconds(pass));
}

/// A checkout with pins, a cache, and a server.
pub(crate) struct Workspace {
    folder: tempfile::TempDir,
    file: Arc<Vec<u8>>,
    sha256: String,
    pub(crate) url: String,
    pub(crate) downloads: Arc<AtomicUsize>,
}

/// A name, and the action to measure.
type Way<'r> = (String, Box<dyn Fn() + 'r>);

impl Workspace {
    /// With an executable of about this size.
    pub(crate) fn new(size: usize) -> Self {
        let mut state = 1_u64;
        let mut file = b"#!/bin/sh\nexit 0\n".to_vec();
        while file.len() < size {
            // xorshift: no compression on the way can make it smaller.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            file.extend_from_slice(&state.to_le_bytes());
        }
        let file = Arc::new(file);
        let sha256 = lockgate_client::Digest::of(&file).to_string();
        let folder = tempfile::tempdir().unwrap();
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/minimal");
        let config = std::fs::read_to_string(sample.join("lockgate.toml")).unwrap();
        let work = folder.path().join("work");
        std::fs::create_dir_all(work.join("hello")).unwrap();
        let config = config.replace("tag  ", "pins = \"SHA256SUMS\"\ntag  ");
        std::fs::write(work.join("lockgate.toml"), config).unwrap();
        std::fs::write(work.join("hello/VERSION"), "1\n").unwrap();
        std::fs::write(work.join("SHA256SUMS"), format!("{sha256}  {ASSET}\n")).unwrap();
        let (url, downloads) = serve(Arc::clone(&file));
        Self {
            folder,
            file,
            sha256,
            url,
            downloads,
        }
    }

    /// A path in its folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn address(&self) -> String {
        Self::address_at(&self.url)
    }

    /// Where a server has it.
    pub(crate) fn address_at(url: &str) -> String {
        format!("{url}/o/r/releases/download/{TAG}/{ASSET}")
    }

    fn fetch(&self) -> Command {
        self.fetch_from(&self.url)
    }

    /// The command that fetches it from a server.
    pub(crate) fn fetch_from(&self, url: &str) -> Command {
        let mut fetch = command(LOCKGATE, &self.path("work"));
        fetch.args([
            "fetch",
            "hello",
            "--variant",
            "amd64",
            "-q",
            "--repo",
            "o/r",
        ]);
        fetch
            .args(["--forge", url, "--cache"])
            .arg(self.path("cache"));
        fetch
    }

    /// Returns our command first, then those that it has to be compared with, then others that are installed.
    fn ways(&self) -> Vec<Way<'_>> {
        let program = |words: &[&str]| {
            let mut program = command(words[0], self.folder.path());
            program.args(&words[1..]);
            run(program);
        };
        let address = self.address();
        let (one, two) = (address.clone(), address.clone());
        let mut ways: Vec<Way<'_>> = vec![
            (
                "lockgate fetch".to_owned(),
                Box::new(|| drop(run(self.fetch()))),
            ),
            (
                "curl -o".to_owned(),
                Box::new(move || program(&["curl", "-sSf", "-o", "out", &one])),
            ),
            (
                "curl -o and sha256sum".to_owned(),
                Box::new(move || {
                    program(&["curl", "-sSf", "-o", "out", &two]);
                    program(&["sha256sum", "out"]);
                }),
            ),
        ];
        if has("wget") {
            let address = address.clone();
            ways.push((
                "wget -O".to_owned(),
                Box::new(move || program(&["wget", "-q", "-O", "out", &address])),
            ));
        }
        if let Some(gh) = installed("gh") {
            ways.push((
                "gh release download".to_owned(),
                Box::new(move || self.download_with(&gh)),
            ));
        }
        if let Some(name) = installed("python3") {
            let mut python = command(&name, self.folder.path());
            python.args(["-c", "import requests"]).stderr(Stdio::null());
            if python.status().is_ok_and(|status| status.success()) {
                let digest = self.sha256.clone();
                ways.push((
                    "Python, requests and hashlib".to_owned(),
                    Box::new(move || program(&[&name, "-c", SCRIPT, &address, "out", &digest])),
                ));
            }
        }
        ways
    }

    /// gh uses plain HTTP for its `github.localhost`; the server is its proxy, and accepts absolute addresses.
    fn download_with(&self, gh: &str) {
        let mut gh = command(gh, self.folder.path());
        gh.args(["release", "download", TAG, "--repo", "github.localhost/o/r"])
            .args(["--pattern", ASSET, "--output", "out"])
            .env("GH_CONFIG_DIR", self.path("gh"))
            .env("GH_HOST", "github.localhost")
            .env("GH_TOKEN", "token")
            .env("GH_NO_UPDATE_NOTIFIER", "1")
            .env("GH_PROMPT_DISABLED", "1")
            .env("HTTP_PROXY", &self.url);
        run(gh);
    }

    /// Removes what was fetched.
    pub(crate) fn tidy(&self) {
        drop(std::fs::remove_file(self.path("out")));
        drop(std::fs::remove_dir_all(self.path("cache")));
    }
}

/// Returns a program that `scripts/setup.sh bench` installed, or else one of the machine.
fn installed(name: &str) -> Option<String> {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let ours = checkout.join("target/tools/clients-venv/bin").join(name);
    if ours.is_file() {
        return Some(ours.to_str().unwrap().to_owned());
    }
    has(name).then(|| name.to_owned())
}

fn has(program: &str) -> bool {
    let mut command = Command::new(program);
    command
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok()
}

/// Serves the file from memory, and counts the requests.
fn serve(file: Arc<Vec<u8>>) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let downloads = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&downloads);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (file, counted) = (Arc::clone(&file), Arc::clone(&counted));
            std::thread::spawn(move || {
                let mut lines = BufReader::new(&stream).lines();
                while answer(&stream, &mut lines, &file, &counted).is_ok() {}
            });
        }
    });
    (url, downloads)
}

fn answer(
    mut stream: &TcpStream,
    lines: &mut dyn Iterator<Item = std::io::Result<String>>,
    file: &[u8],
    counted: &AtomicUsize,
) -> std::io::Result<()> {
    let end = || std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
    let first = lines.next().ok_or_else(end)??;
    while !lines.next().ok_or_else(end)??.is_empty() {}
    let release = format!(
        r#"{{"id":1,"tag_name":"{TAG}","assets":[{{"name":"{ASSET}","url":"http://api.github.localhost/{ASSET}"}}]}}"#
    );
    let (status, body) = if first.contains(ASSET) {
        counted.fetch_add(1, Ordering::SeqCst);
        ("200 OK", file)
    } else if first.contains(&format!("/releases/tags/{TAG} ")) {
        ("200 OK", release.as_bytes())
    } else {
        ("404 No", &[][..])
    };
    let size = body.len();
    // In one piece: many small ones wait for each other.
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {size}\r\n\r\n");
    stream.set_nodelay(true)?;
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)
}
