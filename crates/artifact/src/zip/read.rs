//! The reader: streams the content once, forward, and reports its end only after every record behind it agreed.
//!
//! It holds one input buffer and the state of the inflater, whatever the size of the file. It does not know where the
//! bytes go: a consumer must be able to discard them until the end is reached.

use std::{
    fmt,
    io::{self, Read},
};

use flate2::Decompress;

use super::{
    Expect, Facts, MAX_32, Method, Size,
    error::{Part, ZipError},
    inflate::{Passed, inflate},
    input::Input,
    is_plain_name,
    local::Local,
    tail::{self, Seen},
};
use crate::foreign::shown;

/// The most bytes held in memory for a stored entry of unknown size (see [`SingleFile::open`]).
pub const HELD_MAX: u64 = 8 * 1024 * 1024;

/// The content of the one entry of a zip, as a stream.
///
/// # Hold back the last bytes
///
/// The last bytes of the content come *before* the records that verify them. `read` returns all of the content first
/// and reads the descriptor, the central directory and the end record only on the call after the last byte. That call
/// returns `Ok(0)` if all of them agreed and the source ended; otherwise it fails. A consumer that passes the content
/// on must hold back its last piece until `Ok(0)`, and abort on an error. (A read into an empty buffer also returns
/// `Ok(0)`, as it must; that means nothing.)
///
/// After an error every further read fails. Errors are `io::Error`s with a [`ZipError`] inside: use
/// [`ZipError::from_io`] to get it.
pub struct SingleFile<R> {
    input: Input<R>,
    local: Local,
    name: String,
    size: Size,
    passed: Passed,
    state: State,
}

enum State {
    Deflated(Decompress),
    Stored {
        left: u64,
    },
    /// Stored content whose end is known only from the end of the source.
    Unmeasured,
    /// Content of an `Unmeasured` entry after every record agreed.
    Held {
        content: io::Cursor<Vec<u8>>,
        facts: Facts,
    },
    Tail,
    Done(Facts),
    Poisoned,
}

impl<R: Read> SingleFile<R> {
    /// Reads the local header and checks it against the profile and `expect`.
    ///
    /// A stored entry with a descriptor (the uploader's level 0) does not record where it ends. With [`Size::Exact`] it
    /// is still read as a stream. With [`Size::AtMost`] the first read takes all of the source into memory, at most
    /// [`HELD_MAX`] bytes of content: the profile fixes how many bytes follow the content, so the end of the source
    /// determines where it ended, and every record must confirm that before any byte is returned.
    ///
    /// # Errors
    /// Any [`ZipError`] that the local header causes; [`ZipError::ExpectedName`] and [`ZipError::Zip64`] if no zip
    /// could meet `expect`.
    pub fn open(source: R, expect: Expect<'_>) -> Result<Self, ZipError> {
        if !is_plain_name(expect.name.as_bytes()) {
            return Err(ZipError::ExpectedName {
                name: shown(expect.name.as_bytes()),
            });
        }
        let mut size = match expect.size {
            Size::Exact(size) if size > MAX_32 => {
                return Err(ZipError::Zip64 {
                    part: Part::Content,
                });
            }
            Size::Exact(size) => Size::Exact(size),
            Size::AtMost(cap) => Size::AtMost(cap.min(MAX_32)),
        };
        let mut input = Input::new(source);
        let local = Local::read(&mut input, expect.name.as_bytes())?;
        if !local.has_descriptor() {
            let claimed = local.header.values.size.into();
            ends_at(size, claimed)?;
            size = Size::Exact(claimed);
        }
        let state = match (local.method, size) {
            (Method::Deflated, _) => State::Deflated(Decompress::new(false)),
            (Method::Stored, Size::Exact(left)) => State::Stored { left },
            (Method::Stored, Size::AtMost(_)) => State::Unmeasured,
        };
        Ok(Self {
            input,
            local,
            name: expect.name.to_owned(),
            size,
            passed: Passed::default(),
            state,
        })
    }

    /// Returns what the zip held. Call it after `read` returned `Ok(0)`, or at least after the last byte of content: it
    /// reads the records after the content if that has not happened yet.
    ///
    /// # Errors
    /// [`ZipError::Unfinished`] if there is content left; otherwise as `read`.
    pub fn finish(mut self) -> Result<Facts, ZipError> {
        self.advance(&mut [0])?;
        match self.state {
            State::Done(facts) => Ok(facts),
            State::Deflated(_)
            | State::Stored { .. }
            | State::Unmeasured
            | State::Held { .. }
            | State::Tail
            | State::Poisoned => Err(ZipError::Unfinished),
        }
    }

    fn advance(&mut self, buf: &mut [u8]) -> Result<usize, ZipError> {
        loop {
            match &mut self.state {
                State::Deflated(decoder) => {
                    let (n, ended) =
                        inflate(decoder, &mut self.input, &mut self.passed, self.size, buf)?;
                    if ended {
                        ends_at(self.size, self.passed.size)?;
                        self.state = State::Tail;
                    }
                    if n > 0 {
                        return Ok(n);
                    }
                }
                State::Stored { left: 0 } => self.state = State::Tail,
                State::Stored { left } => {
                    let room = usize::try_from(*left).map_or(buf.len(), |left| left.min(buf.len()));
                    let buf = buf.get_mut(..room).unwrap_or_default();
                    let n = self.input.copy(Part::Content, buf)?;
                    if n == 0 {
                        return Err(ZipError::Truncated {
                            part: Part::Content,
                        });
                    }
                    *left = left.saturating_sub(n as u64);
                    self.passed.stored(buf.get(..n).unwrap_or_default());
                    return Ok(n);
                }
                State::Unmeasured => self.state = self.hold()?,
                State::Held { content, facts } => match content.read(buf) {
                    Ok(n) if n > 0 => return Ok(n),
                    _ => self.state = State::Done(facts.clone()),
                },
                State::Tail => {
                    let seen = seen(self.local, &self.name, &self.passed);
                    self.state = State::Done(tail::check(&mut self.input, &seen)?);
                }
                State::Done(_) => return Ok(0),
                State::Poisoned => return Err(ZipError::Poisoned),
            }
        }
    }

    /// Reads the rest of the source into memory and cuts it where, by the profile, the content ends.
    fn hold(&mut self) -> Result<State, ZipError> {
        let limit = self.size.limit().min(HELD_MAX);
        let behind = tail::length(&self.name, self.local.has_descriptor());
        let mut bytes = Vec::new();
        loop {
            let chunk = self.input.fill(Part::Content)?;
            let n = chunk.len();
            if n == 0 {
                break;
            }
            bytes.extend_from_slice(chunk);
            self.input.consume(n);
            if bytes.len().saturating_sub(behind) as u64 > limit {
                return Err(ZipError::TooLarge { limit });
            }
        }
        let Some(end) = bytes.len().checked_sub(behind) else {
            return Err(ZipError::Truncated {
                part: Part::Content,
            });
        };
        let records = bytes.split_off(end);
        self.passed.stored(&bytes);
        let seen = seen(self.local, &self.name, &self.passed);
        Ok(State::Held {
            facts: tail::check(&mut Input::new(records.as_slice()), &seen)?,
            content: io::Cursor::new(bytes),
        })
    }
}

impl<R: Read> Read for SingleFile<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        let result = self.advance(buf);
        if result.is_err() {
            self.state = State::Poisoned;
        }
        Ok(result?)
    }
}

impl<R> fmt::Debug for SingleFile<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SingleFile")
            .field("name", &self.name)
            .field("size", &self.size)
            .field("passed", &self.passed.size)
            .finish_non_exhaustive()
    }
}

/// Reads the one file of a zip into memory: for manifests, and for zips that are already in memory.
///
/// # Errors
/// As [`SingleFile::open`] and its `read`.
pub fn read_all(source: impl Read, expect: Expect<'_>) -> Result<(Vec<u8>, Facts), ZipError> {
    let mut file = SingleFile::open(source, expect)?;
    let mut content = Vec::new();
    file.read_to_end(&mut content).map_err(|error| {
        ZipError::from_io(error).unwrap_or_else(|source| ZipError::Source {
            part: Part::Content,
            source,
        })
    })?;
    Ok((content, file.finish()?))
}

fn seen<'a>(local: Local, name: &'a str, passed: &Passed) -> Seen<'a> {
    Seen {
        local,
        name,
        size: passed.size,
        compressed: passed.compressed,
        crc: passed.crc.sum(),
    }
}

/// Checks whether content may end after `found` bytes.
fn ends_at(size: Size, found: u64) -> Result<(), ZipError> {
    match size {
        Size::Exact(expected) if found != expected => Err(ZipError::Size {
            found,
            more: false,
            expected,
        }),
        Size::AtMost(limit) if found > limit => Err(ZipError::TooLarge { limit }),
        Size::Exact(_) | Size::AtMost(_) => Ok(()),
    }
}
