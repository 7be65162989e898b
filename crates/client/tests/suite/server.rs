//! A test server that gives the configured answers, honest or not, and records the requests.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// The answer at a path.
#[derive(Clone)]
pub(crate) enum Answer {
    /// 200 with these bytes.
    Bytes(Vec<u8>),
    /// A status with a short, meaningless body.
    Status(u16),
    /// These head lines (status line first), then these bytes, then the end of the connection.
    Raw(String, Vec<u8>),
    /// A redirect.
    Redirect(String),
    /// 200 and bytes until the client disconnects.
    Endless,
    /// The head of a response, then silence until the client disconnects.
    Stalled,
    /// One answer after the other; the last one is repeated.
    InTurn(Vec<Answer>),
    /// Whatever this function writes.
    By(Arc<Speaker>),
}

/// Writes the response to a request.
pub(crate) type Speaker = dyn Fn(&Asked, &mut dyn Write) -> std::io::Result<()> + Send + Sync;

impl Answer {
    pub(crate) fn by(
        speaker: impl Fn(&Asked, &mut dyn Write) -> std::io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self::By(Arc::new(speaker))
    }

    /// Serves a file as an honest server does, with ranges and a validator.
    pub(crate) fn ranged(bytes: Vec<u8>, etag: &'static str) -> Self {
        Self::by(move |asked, stream| {
            let size = bytes.len();
            let fits = asked.value("if-range").is_none_or(|tag| tag == etag);
            let from = asked.range().filter(|_| fits);
            let (status, more) = match from {
                Some(from) if from >= size => {
                    return write!(
                        stream,
                        "HTTP/1.1 416 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
                    );
                }
                Some(from) => (
                    "206 Partial",
                    format!("Content-Range: bytes {from}-{}/{size}\r\n", size - 1),
                ),
                None => ("200 OK", String::new()),
            };
            let rest = &bytes[from.unwrap_or(0)..];
            write!(
                stream,
                "HTTP/1.1 {status}\r\nConnection: close\r\nETag: {etag}\r\n{more}Content-Length: {}\r\n\r\n",
                rest.len()
            )?;
            stream.write_all(rest)
        })
    }
}

impl Asked {
    /// Returns the value of a header.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        let line = |line: &String| line.starts_with(&format!("{name}: "));
        Some(&self.head.iter().find(|one| line(one))?[name.len() + 2..])
    }

    /// Returns the first byte of `Range: bytes=N-`.
    pub(crate) fn range(&self) -> Option<usize> {
        let text = self.value("range")?.strip_prefix("bytes=")?;
        text.strip_suffix('-')?.parse().ok()
    }
}

/// A recorded request: path, and head lines in lower case.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) head: Vec<String>,
}

#[derive(Clone, Default)]
struct State {
    answers: Arc<Mutex<HashMap<String, Answer>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
    /// Whether the server is no longer needed.
    over: Arc<AtomicBool>,
}

/// The server: on a free port, until it is dropped, because a property starts thousands; 404 for paths without an answer.
pub(crate) struct Server {
    at: SocketAddr,
    state: State,
}

impl Server {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (at, state) = (listener.local_addr().unwrap(), State::default());
        let serving = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if serving.over.load(Ordering::SeqCst) {
                    return;
                }
                let state = serving.clone();
                std::thread::spawn(move || drop(answer(&stream, &state)));
            }
        });
        Self { at, state }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.at)
    }

    pub(crate) fn set(&self, path: &str, answer: Answer) {
        self.state
            .answers
            .lock()
            .unwrap()
            .insert(path.to_owned(), answer);
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.state.asked.lock().unwrap().clone()
    }

    /// Returns how often paths with that ending were requested.
    pub(crate) fn count(&self, end: &str) -> usize {
        self.asked()
            .iter()
            .filter(|asked| asked.path.ends_with(end))
            .count()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.state.over.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for a connection.
        drop(TcpStream::connect(self.at));
    }
}

/// Returns the address of a port of this machine without a listener.
pub(crate) fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

fn answer(mut stream: &TcpStream, state: &State) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut head = Vec::new();
    for line in lines {
        match line? {
            line if line.is_empty() => break,
            line => head.push(line.to_lowercase()),
        }
    }
    let asked = Asked {
        path: path.clone(),
        head,
    };
    state.asked.lock().unwrap().push(asked.clone());
    match next_answer(state, &path) {
        Answer::Bytes(bytes) => {
            write!(
                stream,
                "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
                bytes.len()
            )?;
            stream.write_all(&bytes)
        }
        Answer::Status(status) => {
            write!(
                stream,
                "HTTP/1.1 {status} No\r\nConnection: close\r\nContent-Length: 5\r\n\r\nsorry"
            )
        }
        Answer::Raw(head, bytes) => {
            write!(stream, "{head}\r\nConnection: close\r\n\r\n")?;
            stream.write_all(&bytes)
        }
        Answer::Redirect(location) => {
            write!(
                stream,
                "HTTP/1.1 302 Found\r\nConnection: close\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
            )
        }
        Answer::Endless => {
            write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
            loop {
                stream.write_all(&[7; 4096])?;
            }
        }
        Answer::Stalled => {
            write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nten bytes!"
            )?;
            stream.read(&mut [0]).map(drop)
        }
        Answer::InTurn(_) => Ok(()),
        Answer::By(speaker) => speaker(&asked, &mut stream),
    }
}

fn next_answer(state: &State, path: &str) -> Answer {
    let mut answers = state.answers.lock().unwrap();
    match answers.get_mut(path) {
        Some(Answer::InTurn(turns)) if turns.len() > 1 => turns.remove(0),
        Some(Answer::InTurn(turns)) => turns[0].clone(),
        Some(answer) => answer.clone(),
        None => Answer::Status(404),
    }
}
