//! A bare repository, a running server for it, and a client that exposes every byte.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};

use lockgate_forge_embedded::{CommitId, Config, GitRepository, Server};
use lockgate_openapi::Guard;
use serde_json::Value;
use tempfile::TempDir;

/// The API's path of the repository.
pub(crate) const REPO: &str = "/api/v3/repos/octo/tools";

/// A server for a repository with two commits on `main` and a branch `bump` ahead of it.
pub(crate) struct Rehearsal {
    pub(crate) forge: Server,
    pub(crate) folder: TempDir,
    pub(crate) main: CommitId,
    pub(crate) bump: CommitId,
    // Every exchange of every test has to match GitHub's description.
    _guard: Guard,
}

impl Rehearsal {
    pub(crate) fn start() -> Self {
        Self::start_with(|_| {})
    }

    pub(crate) fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = TempDir::new().unwrap();
        let bare = folder.path().join("tools.git");
        let git = GitRepository::create(&bare, "main").unwrap();
        commit(&bare, "main", &[("VERSION", "1\n"), ("src/a.txt", "one\n")]);
        let main = commit(&bare, "main", &[("README", "Tools.\n")]);
        branch(&bare, "bump", "main");
        let bump = commit(&bare, "bump", &[("VERSION", "2\n")]);
        let mut config = Config::new("octo", "tools");
        change(&mut config);
        let forge = Server::start(config, git).unwrap();
        let guard = guarded(&forge);
        Self {
            forge,
            folder,
            main,
            bump,
            _guard: guard,
        }
    }

    /// Commits to a branch of the bare repository, as a push would.
    pub(crate) fn push(&self, branch: &str, files: &[(&str, &str)]) -> CommitId {
        commit(&self.bare(), branch, files)
    }

    /// Creates a branch from another.
    pub(crate) fn branch(&self, name: &str, from: &str) {
        branch(&self.bare(), name, from);
    }

    pub(crate) fn git(&self, args: &[&str]) -> String {
        git(&self.bare(), args, "")
    }

    fn bare(&self) -> std::path::PathBuf {
        self.folder.path().join("tools.git")
    }

    /// Calls the API as `label`; `anonymous` sends no token.
    pub(crate) fn api(&self, label: &str, method: &str, path: &str, body: Value) -> Reply {
        let body = if body.is_null() {
            Vec::new()
        } else {
            body.to_string().into_bytes()
        };
        self.ask(label, method, &format!("{REPO}{path}"), &[], &body)
            .unwrap()
    }

    pub(crate) fn get(&self, label: &str, path: &str) -> Reply {
        self.api(label, "GET", path, Value::Null)
    }

    /// Uploads an asset as the automation.
    pub(crate) fn upload(&self, release: u64, name: &str, bytes: &[u8]) -> io::Result<Reply> {
        let path = format!("/api/uploads/repos/octo/tools/releases/{release}/assets?name={name}");
        let headers = [("content-type", "application/octet-stream")];
        self.ask("automation", "POST", &path, &headers, bytes)
    }

    /// Drafts a release as the automation; returns its id.
    pub(crate) fn draft(&self, tag: &str) -> u64 {
        let body = serde_json::json!({ "tag_name": tag, "draft": true });
        let reply = self.api("automation", "POST", "/releases", body);
        assert_eq!(reply.status, 201, "{reply:?}");
        reply.json()["id"].as_u64().unwrap()
    }

    /// Publishes a release as the automation.
    pub(crate) fn publish(&self, release: u64) -> Reply {
        let body = serde_json::json!({ "draft": false });
        self.api("automation", "PATCH", &format!("/releases/{release}"), body)
    }

    /// Sends one request, with the token of `label`.
    pub(crate) fn ask(
        &self,
        label: &str,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Reply> {
        let token = format!("Bearer {label}-token");
        let mut all = headers.to_vec();
        if label != "anonymous" {
            all.push(("authorization", &token));
        }
        send(self.forge.addr(), method, target, &all, body)
    }

    /// Requests an absolute address without a token.
    pub(crate) fn follow(&self, address: &str, headers: &[(&str, &str)]) -> Reply {
        let rest = address.strip_prefix("http://").unwrap();
        let (host, path) = rest.split_once('/').unwrap();
        let address = host.parse().unwrap_or_else(|_| self.forge.addr());
        send(address, "GET", &format!("/{path}"), headers, b"").unwrap()
    }
}

/// Validates all exchanges with a server against GitHub's description, at the end of the test.
pub(crate) fn guarded(forge: &Server) -> Guard {
    let guard = Guard::default();
    let collect = guard.collector();
    forge.on_exchange(move |exchange| collect(&serde_json::to_string(exchange).unwrap()));
    guard
}

/// A response.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Returns whether the body is as long as its `content-length`.
    pub(crate) fn complete(&self) -> bool {
        let promised = self
            .header("content-length")
            .and_then(|text| text.parse().ok());
        promised.unwrap_or(0) == self.body.len()
    }
}

/// Sends one request on a connection of its own. An error means that it was closed without a response.
pub(crate) fn send(
    address: SocketAddr,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> io::Result<Reply> {
    let mut request = format!("{method} {target} HTTP/1.1\r\nconnection: close\r\n");
    if !headers.iter().any(|(name, _)| *name == "host") {
        request.push_str(&format!("host: {address}\r\n"));
    }
    if !headers.iter().any(|(name, _)| *name == "content-length") {
        request.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(request.as_bytes())?;
    stream.write_all(body)?;
    read(&mut stream)
}

/// Reads a response to the end of its connection.
pub(crate) fn read(stream: &mut TcpStream) -> io::Result<Reply> {
    let mut all = Vec::new();
    match stream.read_to_end(&mut all) {
        Ok(_) => {}
        Err(_) if !all.is_empty() => {} // interrupted in the middle
        Err(error) => return Err(error),
    }
    let end = all.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.ok_or(io::ErrorKind::UnexpectedEof)?;
    let head = String::from_utf8_lossy(&all[..end]).into_owned();
    let mut lines = head.lines();
    let status = lines
        .next()
        .unwrap()
        .split(' ')
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    let headers = lines.filter_map(|line| line.split_once(": "));
    Ok(Reply {
        status,
        headers: headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        body: all[end + 4..].to_vec(),
    })
}

/// Commits files to a branch.
fn commit(bare: &Path, branch: &str, files: &[(&str, &str)]) -> CommitId {
    let reference = format!("refs/heads/{branch}");
    let mut stream = format!(
        "commit {reference}\ncommitter Dev <dev@example.com> 1760000000 +0000\ndata 6\nChange\n"
    );
    if !git(bare, &["for-each-ref", &reference], "").is_empty() {
        stream.push_str(&format!("from {reference}^0\n"));
    }
    for (path, content) in files {
        stream.push_str(&format!(
            "M 100644 inline {path}\ndata {}\n{content}\n",
            content.len()
        ));
    }
    git(bare, &["fast-import", "--quiet", "--force"], &stream);
    CommitId::parse(git(bare, &["rev-parse", &reference], "").trim()).unwrap()
}

fn branch(bare: &Path, name: &str, from: &str) {
    git(bare, &["branch", "--force", name, from], "");
}

fn git(bare: &Path, args: &[&str], input: &str) -> String {
    let mut command = Command::new("git");
    command.arg("--git-dir").arg(bare).args(args);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GIT_") {
            command.env_remove(name);
        }
    }
    command
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null");
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "git {args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}
