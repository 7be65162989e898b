//! A server that plays prepared responses, one per connection, and records the requests.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use lockgate_openapi::{Content, Exchange, Finding};

/// How the server reacts to one request.
pub(super) enum Reply {
    /// Sends these bytes after reading the head and the body.
    Raw(Vec<u8>),
    /// Sends these bytes after reading the head, without waiting for a body.
    Early(Vec<u8>),
    /// Closes the connection after reading the request.
    Nothing,
}

/// Returns a response with a status, headers, a body and its length.
pub(super) fn reply(status: u16, headers: &str, body: &str) -> Reply {
    Reply::Raw(text(status, headers, body))
}

/// Like [`reply`], but sent before the body of the request was read.
pub(super) fn early(status: u16, headers: &str, body: &str) -> Reply {
    Reply::Early(text(status, headers, body))
}

fn text(status: u16, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    let lines: String = headers
        .lines()
        .map(|line| format!("{}\r\n", line.trim()))
        .collect();
    format!(
        "HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n{lines}\r\n{body}"
    )
    .into_bytes()
}

/// A request that was received.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    pub(super) line: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Seen {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

pub(super) struct Server {
    pub(super) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts a server that knows its own address.
    pub(super) fn new(replies: impl FnOnce(&str) -> Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (replies, seen) = (replies(&url), Arc::<Mutex<Vec<Seen>>>::default());
        let kept = Arc::clone(&seen);
        let thread = std::thread::spawn(move || {
            for reply in replies {
                let (stream, _) = listener.accept().unwrap();
                serve(&stream, reply, &kept);
            }
        });
        Self {
            url,
            seen,
            thread: Some(thread),
        }
    }

    /// Starts a server.
    pub(super) fn playing(replies: Vec<Reply>) -> Self {
        Self::new(|_| replies)
    }

    /// Returns the requests, after all responses were played.
    pub(super) fn seen(mut self) -> Vec<Seen> {
        self.thread.take().unwrap().join().unwrap();
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for Server {
    /// Every request of the adapter has to be one that GitHub describes.
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let seen = self.seen.lock().unwrap();
        let findings: Vec<_> = seen.iter().flat_map(findings).collect();
        assert!(findings.is_empty(), "{findings:#?}");
    }
}

/// Returns what violates GitHub's description of a request. Requests to other addresses than the API's are not checked.
fn findings(seen: &Seen) -> Vec<Finding> {
    let mut words = seen.line.split(' ');
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    if !["/repos/", "/user"].iter().any(|api| path.starts_with(api)) {
        return Vec::new();
    }
    let json = seen.header("content-type") == Some("application/json");
    let request = match serde_json::from_slice(&seen.body) {
        Ok(value) if json => Content::Json(value),
        Ok(_) | Err(_) if seen.body.is_empty() => Content::None,
        Ok(_) | Err(_) => Content::Bytes(seen.body.len() as u64),
    };
    lockgate_openapi::findings(&Exchange {
        side: "api".into(),
        agent: "lockgate".into(),
        method: method.into(),
        path: path.into(),
        query: query.into(),
        request,
        status: None,
        headers: BTreeMap::new(),
        response: Content::None,
        fault: None,
    })
}

fn serve(stream: &TcpStream, reply: Reply, kept: &Mutex<Vec<Seen>>) {
    let mut reader = BufReader::new(stream);
    let mut seen = Seen::default();
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    seen.line = line.trim_end().to_owned();
    loop {
        line.clear();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        seen.headers
            .push((name.to_owned(), value.trim().to_owned()));
    }
    let mut writer = stream;
    if !matches!(reply, Reply::Early(_)) {
        if seen.header("expect").is_some() {
            writer.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap();
        }
        let length = seen
            .header("content-length")
            .map_or(0, |text| text.parse().unwrap());
        // An interrupted client sends less than it announced.
        let _ = reader.take(length).read_to_end(&mut seen.body);
    }
    kept.lock().unwrap().push(seen);
    if let Reply::Raw(bytes) | Reply::Early(bytes) = reply {
        // The client may have disconnected.
        let _ = writer.write_all(&bytes);
    }
    let _ = stream.shutdown(Shutdown::Write);
}
