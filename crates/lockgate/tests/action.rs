//! Tests the script of the action that installs Lockgate, with a server on this machine.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use lockgate_core::Digest;
use lockgate_workflows::yaml::read::read;

const VERSION: &str = env!("CARGO_PKG_VERSION");
const EXECUTABLE: &str = "#!/bin/sh\necho it runs\ntouch \"$MARK\"\n";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn arch() -> &'static str {
    match std::env::consts::ARCH {
        "aarch64" => "arm64",
        _ => "amd64",
    }
}

/// Serves one file and records the requests.
fn serve(path: String, body: Vec<u8>) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/releases", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let _ = answer(stream, &path, &body, &heard);
        }
    });
    (address, asked)
}

fn answer(
    mut stream: TcpStream,
    path: &str,
    body: &[u8],
    heard: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    let asked = first.split(' ').nth(1).unwrap_or_default().to_owned();
    while lines
        .next()
        .transpose()?
        .is_some_and(|line| !line.is_empty())
    {}
    let (status, body) = if asked == path {
        ("200 OK", body)
    } else {
        ("404 Not Found", &b"no"[..])
    };
    heard.lock().unwrap().push(asked);
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    stream.write_all(body)
}

/// A runner's job that uses the action.
struct Job {
    workspace: tempfile::TempDir,
    releases: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Job {
    fn new(body: &str) -> Self {
        let path = format!(
            "/releases/lockgate-v{VERSION}/lockgate-{}-v{VERSION}",
            arch()
        );
        let (releases, asked) = serve(path, body.as_bytes().to_vec());
        let workspace = tempfile::tempdir().unwrap();
        std::fs::create_dir(workspace.path().join("temp")).unwrap();
        Self {
            workspace,
            releases,
            asked,
        }
    }

    fn install(&self, sums: &str, version: &str) -> Output {
        let at = |name: &str| self.workspace.path().join(name);
        Command::new("sh")
            .arg(root().join("action/install.sh"))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("LOCKGATE_SHA256", sums)
            .env("LOCKGATE_VERSION", version)
            .env("LOCKGATE_RELEASES", &self.releases)
            .env("LOCKGATE_RETRY_DELAY", "0")
            .env("RUNNER_TEMP", at("temp"))
            .env("GITHUB_PATH", at("path"))
            .output()
            .unwrap()
    }

    /// Returns the additions to the path for later steps.
    fn path(&self) -> String {
        std::fs::read_to_string(self.workspace.path().join("path")).unwrap_or_default()
    }

    fn refused(&self, sums: &str, version: &str, words: &str) {
        let output = self.install(sums, version);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success() && stderr.contains(words),
            "{stderr}"
        );
        assert_eq!(self.path(), "");
        let left = std::fs::read_dir(self.workspace.path().join("temp"))
            .unwrap()
            .count();
        assert_eq!(left, 0, "{stderr}");
    }
}

fn sums(body: &str) -> String {
    let other = if arch() == "amd64" { "arm64" } else { "amd64" };
    format!(
        "{}  {other}\n{}  {}\n",
        Digest::of(b"other"),
        Digest::of(body.as_bytes()),
        arch()
    )
}

#[test]
fn the_right_bytes_are_on_the_path_of_the_steps_that_follow() {
    let job = Job::new(EXECUTABLE);
    let output = job.install(&sums(EXECUTABLE), VERSION);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let folder = PathBuf::from(job.path().trim_end());
    assert!(folder.starts_with(job.workspace.path().join("temp")));
    let mark = job.workspace.path().join("mark");
    assert!(!mark.exists(), "it was run while it was installed");
    let ran = Command::new(folder.join("lockgate"))
        .env("MARK", &mark)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "it runs\n");
    // Twice in a job: a separate folder each time.
    assert!(job.install(&sums(EXECUTABLE), VERSION).status.success());
    assert_eq!(
        job.path()
            .lines()
            .collect::<std::collections::BTreeSet<_>>()
            .len(),
        2
    );
    assert_eq!(job.asked.lock().unwrap().len(), 2);
    let mode = folder
        .join("lockgate")
        .metadata()
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o755);
}

#[test]
fn of_wrong_bytes_nothing_is_run_and_nothing_is_left() {
    let job = Job::new(EXECUTABLE);
    job.refused(&sums("something else"), VERSION, "wrong bytes");
    Job::new("").refused(&sums(EXECUTABLE), VERSION, "wrong bytes");
}

#[test]
fn without_a_digest_for_this_machine_nothing_is_fetched() {
    let job = Job::new(EXECUTABLE);
    let digest = Digest::of(EXECUTABLE.as_bytes());
    let one = format!("{digest}  {}", arch());
    for (sums, words) in [
        (String::new(), "no digest"),
        (format!("{digest}  mips"), "no digest"),
        (one.replace("  ", " "), "no digest"),
        (one.to_uppercase(), "no digest"),
        (format!("{one}\n{one}"), "several"),
    ] {
        job.refused(&sums, VERSION, words);
    }
    job.refused(&one, "../../x", "version");
    assert!(job.asked.lock().unwrap().is_empty());
}

#[test]
fn a_release_that_is_not_there_is_told_with_its_address() {
    let job = Job::new(EXECUTABLE);
    job.refused(&sums(EXECUTABLE), "9.9.9", "/lockgate-v9.9.9/lockgate-");
}

#[test]
fn the_action_hands_every_input_over_by_the_environment_and_names_this_version() {
    let text = std::fs::read_to_string(root().join("action.yml")).unwrap();
    let action = read(&text).unwrap();
    let version = action.at(&["inputs", "version", "default"]).unwrap();
    assert_eq!(version.text(), Some(VERSION));
    let script = std::fs::read_to_string(root().join("action/install.sh")).unwrap();
    let steps: Vec<_> = action.at(&["runs", "steps"]).unwrap().items().collect();
    assert_eq!(steps.len(), 1);
    assert!(!steps[0].get("run").unwrap().text().unwrap().contains("${{"));
    let mut inputs = 0;
    for (name, value) in steps[0].get("env").unwrap().rows() {
        assert!(script.contains(name.text().unwrap()), "{name:?}");
        inputs += usize::from(value.text().unwrap().contains("inputs."));
    }
    assert_eq!(inputs, action.get("inputs").unwrap().rows().count());
}
