//! A checkout with pins, a cache, and a server of one file that can stop in the middle.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex};

const ASSET: &str = "hello-amd64-v1";
/// A shell with its own mount namespace.
const OWN_DISKS: [&str; 4] = ["unshare", "--map-root-user", "--mount", "/bin/sh"];

/// Where the server stops sending until the client disconnects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    Never,
    BeforeTheHead,
    After(usize),
}

/// A checkout, a cache and a server.
pub(crate) struct Workspace {
    folder: tempfile::TempDir,
    pub(crate) server: Server,
    sha256: String,
}

pub(crate) struct Server {
    url: String,
    shared: Arc<Shared>,
}

struct Shared {
    file: Vec<u8>,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    stop: Stop,
    /// The number of requests for the withdrawal, which each process makes first.
    asked: usize,
    /// The number of such requests to wait for before the file is sent.
    hold: usize,
    /// The first byte of each request for the file.
    downloads: Vec<Option<usize>>,
    stopped: usize,
    sent: usize,
}

/// Returns whether this machine lets a process mount in its own namespace.
pub(crate) fn may_have_own_disks() -> bool {
    let tried = Command::new(OWN_DISKS[0])
        .args(&OWN_DISKS[1..])
        .args(["-c", "mount -t tmpfs disk /tmp"])
        .output();
    tried.is_ok_and(|output| output.status.success())
}

impl Workspace {
    pub(crate) fn new(size: usize) -> Self {
        // It runs, and has no zero byte, from which a shell would conclude that it is no script.
        let mut file: Vec<u8> = b"#!/bin/sh\nexit 0\n#".to_vec();
        file.extend((file.len()..size).map(|n| b'a' + (n * 7 % 23) as u8));
        let sha256 = lockgate_client::Digest::of(&file).to_string();
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/minimal");
        let config = std::fs::read_to_string(sample.join("lockgate.toml")).unwrap();
        // One variant, so that a mirror is complete with this file.
        let (config, _) = config.split_once("[package.hello.variant.arm64]").unwrap();
        write(
            "work/lockgate.toml",
            &config.replace("tag  ", "pins = \"SHA256SUMS\"\ntag  "),
        );
        write("work/hello/VERSION", "1\n");
        write("work/SHA256SUMS", &format!("{sha256}  {ASSET}\n"));
        Self {
            folder,
            server: Server::start(file),
            sha256,
        }
    }

    /// Returns the command, in an empty environment.
    pub(crate) fn fetch(&self) -> Command {
        self.in_work(Command::new(env!("CARGO_BIN_EXE_lockgate")), &self.words())
    }

    /// Returns a command that fetches with more options, runs the file at once, and prints its path if it ran.
    pub(crate) fn fetch_and_run(&self, more: &[&str]) -> Command {
        let mut command = self.by_shell(
            &["/bin/sh"],
            r#"path=$("$@") && "$path" && printf %s "$path""#,
        );
        command.args(more);
        command
    }

    /// Returns the command without an explicit cache, fetching into a folder.
    pub(crate) fn fetch_into(&self, folder: &Path) -> Command {
        let mut words = self.words();
        words.truncate(words.len() - 2);
        words.extend(["--into".to_owned(), folder.display().to_string()]);
        self.in_work(Command::new(env!("CARGO_BIN_EXE_lockgate")), &words)
    }

    /// Returns the command with a limit for the size of files in blocks, which is an error and not a signal.
    pub(crate) fn fetch_with_file_limit(&self, blocks: &str) -> Command {
        self.by_shell(
            &["/bin/sh"],
            &format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\""),
        )
    }

    /// Returns the command with its cache on a private disk of that many bytes, which disappears with the process.
    /// Prints the files that are left there to stdout.
    pub(crate) fn fetch_onto_a_disk_of(&self, bytes: usize) -> Command {
        let cache = self.cache();
        std::fs::create_dir_all(&cache).unwrap();
        let cache = cache.display();
        let script = format!(
            "mount -t tmpfs -o size={bytes} disk '{cache}' || exit 99; \"$@\"; code=$?; find '{cache}' -type f; exit $code"
        );
        self.by_shell(&OWN_DISKS, &script)
    }

    /// Returns a script in which `"$@"` is the command with its cache, and `$CACHE` is a new private disk that is
    /// mounted without permission to execute.
    pub(crate) fn with_a_disk_without_execution(&self, script: &str) -> Command {
        let cache = self.cache();
        std::fs::create_dir_all(&cache).unwrap();
        let script = format!("mount -t tmpfs -o noexec disk \"$CACHE\" || exit 99; {script}");
        let mut command = self.by_shell(&OWN_DISKS, &script);
        command.env("CACHE", cache);
        command
    }

    /// Returns `lockgate mirror` into a folder, with a restrictive umask and without a home.
    pub(crate) fn mirror(&self, folder: &Path) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "umask 077; exec \"$@\"", "sh"]);
        command.arg(env!("CARGO_BIN_EXE_lockgate"));
        let words = ["mirror", "--repo", "o/r", "--forge"];
        let mut words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        words.extend([self.server.url.clone(), folder.display().to_string()]);
        self.in_work(command, &words)
    }

    fn by_shell(&self, shell: &[&str], script: &str) -> Command {
        let mut words: Vec<String> = shell[1..].iter().map(|&word| word.to_owned()).collect();
        words.extend(["-c", script, "sh", env!("CARGO_BIN_EXE_lockgate")].map(str::to_owned));
        words.extend(self.words());
        self.in_work(Command::new(shell[0]), &words)
    }

    fn in_work(&self, mut command: Command, words: &[String]) -> Command {
        command.args(words).env_clear();
        // Long enough for a slow machine.
        command
            .env("LOCKGATE_PAUSE_MS", "1")
            .env("LOCKGATE_TIMEOUT", "600");
        command.current_dir(self.folder.path().join("work"));
        command
    }

    fn words(&self) -> Vec<String> {
        let words = [
            "fetch",
            "hello",
            "--variant",
            "amd64",
            "--repo",
            "o/r",
            "--forge",
        ];
        let more = [
            self.server.url.clone(),
            "--cache".to_owned(),
            self.cache().display().to_string(),
        ];
        words
            .iter()
            .map(|word| (*word).to_owned())
            .chain(more)
            .collect()
    }

    fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    /// Returns the path of the executable in the cache.
    pub(crate) fn entry(&self) -> String {
        let entry = self.cache().join("sha256").join(&self.sha256).join(ASSET);
        entry.display().to_string()
    }

    /// Asserts that a fetch installs the right file.
    pub(crate) fn succeeds(&self) {
        let output = self.fetch().output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{stderr}");
        assert_eq!(
            String::from_utf8(output.stdout).unwrap().trim_end(),
            self.entry()
        );
        assert!(std::fs::read(self.entry()).unwrap() == self.server.shared.file);
    }

    /// Asserts that the cache contains only the executable.
    pub(crate) fn is_clean(&self) {
        assert_eq!(self.files(), [format!("sha256/{}/{ASSET}", self.sha256)]);
    }

    /// Returns every executable, download and lock of the cache, without what it remembers of answers.
    pub(crate) fn files(&self) -> Vec<String> {
        let all = self.all_files().into_iter();
        all.filter(|path| !path.starts_with("withdrawals/"))
            .collect()
    }

    /// Returns every file of the cache.
    pub(crate) fn all_files(&self) -> Vec<String> {
        let (mut found, mut folders) = (Vec::new(), vec![self.cache()]);
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let below = path.strip_prefix(self.cache()).unwrap();
                    found.push(below.display().to_string());
                }
            }
        }
        found.sort();
        found
    }
}

impl Server {
    fn start(file: Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = State {
            stop: Stop::Never,
            asked: 0,
            hold: 0,
            downloads: Vec::new(),
            stopped: 0,
            sent: 0,
        };
        let shared = Arc::new(Shared {
            file,
            state: Mutex::new(state),
            changed: Condvar::new(),
        });
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&serving);
                std::thread::spawn(move || drop(shared.answer(&stream)));
            }
        });
        Self { url, shared }
    }

    pub(crate) fn stop(&self, at: Stop) {
        self.shared.change(|state| state.stop = at);
    }

    pub(crate) fn hold_until(&self, asked: usize) {
        self.shared.change(|state| state.hold = asked);
    }

    pub(crate) fn downloads(&self) -> Vec<Option<usize>> {
        self.shared.state.lock().unwrap().downloads.clone()
    }

    pub(crate) fn wait_until_stopped(&self) {
        self.shared.wait(|state| state.stopped > 0);
    }

    pub(crate) fn wait_until_sent(&self) {
        self.shared.wait(|state| state.sent > 0);
    }

    pub(crate) fn wait_until_asked(&self, asked: usize) {
        self.shared.wait(|state| state.asked >= asked);
    }
}

impl Shared {
    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap());
        self.changed.notify_all();
    }

    fn wait(&self, until: impl Fn(&State) -> bool) {
        let mut state = self.state.lock().unwrap();
        while !until(&state) {
            state = self.changed.wait(state).unwrap();
        }
    }

    fn answer(&self, mut stream: &TcpStream) -> std::io::Result<()> {
        let mut lines = BufReader::new(stream).lines();
        let first = lines.next().unwrap_or_else(|| Ok(String::new()))?;
        let mut from = None;
        for line in lines {
            let line = line?.to_lowercase();
            if let Some(range) = line.strip_prefix("range: bytes=") {
                from = range.trim_end_matches('-').parse().ok();
            }
            if line.is_empty() {
                break;
            }
        }
        if !first.contains(ASSET) {
            self.change(|state| state.asked += 1);
            return write!(
                stream,
                "HTTP/1.1 404 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
            );
        }
        self.change(|state| state.downloads.push(from));
        self.wait(|state| state.asked >= state.hold);
        let stop = self.state.lock().unwrap().stop;
        if stop != Stop::BeforeTheHead {
            let size = self.file.len();
            let start = from.unwrap_or(0);
            let status = if from.is_some() {
                "206 Partial"
            } else {
                "200 OK"
            };
            write!(
                stream,
                "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Range: bytes {start}-{}/{size}\r\nContent-Length: {}\r\n\r\n",
                size - 1,
                size - start
            )?;
            let end = match stop {
                Stop::After(bytes) => bytes,
                Stop::Never | Stop::BeforeTheHead => size,
            };
            stream.write_all(&self.file[start..end])?;
        }
        if stop == Stop::Never {
            self.change(|state| state.sent += 1);
            return Ok(());
        }
        self.change(|state| state.stopped += 1);
        stream.read(&mut [0]).map(drop)
    }
}
