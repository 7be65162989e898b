//! Transfers one file from one address to one sink: hashed on the way, bounded, retried after temporary errors, resumed
//! where it broke off.
//!
//! Parts of two responses are one file only if the digest matches. If it does not, the transfer restarts once, in one
//! piece. Does not know the source of the digest.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use lockgate_format::ids::Digest;
use lockgate_http::{Address, Attempts, Policy};

use crate::copy::{Digested, HashingCounter, PumpError};
use crate::event::{Event, Listener, Progress};
use crate::http::{Arriving, Net, Resume, RetryAdvice, TransferError, broken, later, never};
use crate::login::Login;
use crate::options::Retry;

/// An attempt that transfers this many bytes is progress and is not counted.
const WORTH_ANOTHER: u64 = 1 << 20;

/// A destination of bytes.
pub(crate) trait Sink: Write {
    /// Discards what was written.
    fn restart(&mut self) -> io::Result<()>;
}

impl Sink for Vec<u8> {
    fn restart(&mut self) -> io::Result<()> {
        self.clear();
        Ok(())
    }
}

impl Sink for io::Sink {
    fn restart(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sink for File {
    fn restart(&mut self) -> io::Result<()> {
        // ext4 writes a file that was ever truncated to the disk when it is closed.
        if self.metadata()?.len() > 0 {
            self.set_len(0)?;
        }
        self.rewind()
    }
}

/// What is known about the file before the transfer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'w> {
    /// The name to show.
    pub(crate) asset: &'w str,
    /// Its digest, if it is known; without it a transfer is never resumed.
    pub(crate) sha256: Option<Digest>,
    /// Its size, if it is known.
    pub(crate) size: Option<u64>,
    /// The limit in bytes, if the size is not known.
    pub(crate) most: u64,
}

impl Wanted<'_> {
    /// Returns the most bytes to read.
    pub(crate) fn limit(&self) -> u64 {
        self.size.unwrap_or(self.most)
    }
}

/// A partial download: the sink, and the size and digest of what was written to it.
pub(crate) struct PartialDownload<'s> {
    sink: &'s mut dyn Sink,
    counter: HashingCounter,
    /// Whether it has parts of more than one response.
    patched: bool,
    /// Whether it must come from one response.
    in_one_piece: bool,
    /// The address of the last part, and its validator there.
    validator: Option<(Address, String)>,
}

/// Whether the end of a response was certain, or may have been a broken connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    Certainly,
    Perhaps,
}

/// Why a file did not arrive.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// The address did not provide the file.
    TransferError(TransferError),
    /// The file is larger than allowed.
    Longer,
    /// The sink could not be written.
    Disk(io::Error),
    /// The caller stopped the transfer.
    Caller,
}

/// The network, as transfers use it.
pub(crate) struct Transport<'l> {
    pub(crate) net: &'l Net,
    pub(crate) retry: &'l Retry,
    pub(crate) listener: Option<&'l Listener>,
    pub(crate) stop: Option<&'l AtomicBool>,
    /// The login of the mirror that is asked.
    pub(crate) login: Option<&'l Login>,
    /// The time limit of a transfer, if it is shorter than usual.
    pub(crate) limit: Option<Duration>,
}

impl<'s> PartialDownload<'s> {
    /// Starts with an empty sink.
    pub(crate) fn new(sink: &'s mut dyn Sink) -> Self {
        Self {
            sink,
            counter: HashingCounter::default(),
            patched: false,
            in_one_piece: false,
            validator: None,
        }
    }

    /// Starts with the content of a file, which is read and hashed, and resumes from its end.
    pub(crate) fn of_file(file: &'s mut File, most: u64) -> io::Result<Self> {
        let mut counter = HashingCounter::default();
        file.rewind()?;
        let read = counter.copy(file, &mut io::sink(), most, &mut |_| ());
        if let Err(PumpError::Read(error)) = read {
            return Err(error);
        }
        // Longer than allowed: invalid.
        if read.is_err() {
            file.restart()?;
            counter = HashingCounter::default();
        }
        file.seek(SeekFrom::Start(counter.size()))?;
        Ok(Self {
            patched: counter.size() > 0,
            counter,
            ..Self::new(file)
        })
    }

    /// Returns the size and digest of what is here.
    pub(crate) fn digested(&self) -> Digested {
        self.counter.digested()
    }

    pub(crate) fn restart(&mut self) -> Result<(), Stopped> {
        (self.counter, self.patched, self.validator) = (HashingCounter::default(), false, None);
        self.sink.restart().map_err(Stopped::Disk)
    }

    fn resume(&self, address: &Address, wanted: &Wanted<'_>) -> Option<Resume<'_>> {
        let (from, etag) = (self.counter.size(), self.validator.as_ref());
        let useful = wanted.sha256.is_some() && !self.in_one_piece && from > 0;
        useful.then_some(Resume {
            from,
            etag: etag
                .filter(|(of, _)| of == address)
                .map(|(_, etag)| etag.as_str()),
        })
    }
}

/// A reader that fails once the caller stops.
struct Stoppable<'s, R> {
    bytes: R,
    line: &'s Transport<'s>,
}

impl<R: Read> Read for Stoppable<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.line.stopped() {
            return Err(io::Error::other("the caller wants no more"));
        }
        self.bytes.read(buffer)
    }
}

impl Transport<'_> {
    pub(crate) fn stopped(&self) -> bool {
        self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed))
    }

    pub(crate) fn tell(&self, event: &Event<'_>) {
        if let Some(listener) = self.listener {
            listener(event);
        }
    }

    /// Completes a file. If the digest is known and the result has another, the result came in one piece.
    pub(crate) fn receive(
        &self,
        address: &Address,
        wanted: Wanted<'_>,
        partial: &mut PartialDownload<'_>,
    ) -> Result<Digested, Stopped> {
        let mut deadline = self.net.deadline();
        if let Some(limit) = self.limit {
            deadline = deadline.min(Instant::now() + limit);
        }
        let policy = Policy {
            attempts: self.retry.attempts,
            ..self.net.policy().clone()
        };
        let mut attempts = Attempts::new(&policy);
        let mut doubted = None;
        loop {
            if self.stopped() {
                return Err(Stopped::Caller);
            }
            let before = partial.counter.size();
            let end = self.once(address, &wanted, partial, deadline);
            let (problem, again) = match end {
                Err(_) if self.stopped() => return Err(Stopped::Caller),
                Ok(ended) => {
                    let digested = partial.digested();
                    let fits = wanted.sha256.is_none_or(|sha256| sha256 == digested.sha256);
                    let certain = ended == Ended::Certainly || doubted == Some(digested);
                    if fits || (!partial.patched && certain) {
                        return Ok(digested);
                    }
                    if partial.patched {
                        let problem = "the parts that came are not of one file".to_owned();
                        (problem, RetryAdvice::FromTheStart)
                    } else {
                        // A truncated file and a wrong one cannot be distinguished until the same bytes arrive twice.
                        doubted = Some(digested);
                        let problem =
                            "the connection was closed before the end, or the file is another one";
                        (problem.to_owned(), RetryAdvice::After(None))
                    }
                }
                Err(Stopped::Longer) if partial.patched => {
                    let problem = "the parts that came are more than the file".to_owned();
                    (problem, RetryAdvice::FromTheStart)
                }
                Err(Stopped::TransferError(TransferError::Network { problem, again })) => {
                    (problem, again)
                }
                Err(stopped) => return Err(stopped),
            };
            if partial.counter.size() >= before.saturating_add(WORTH_ANOTHER) {
                attempts.progress();
            }
            let stop = |problem| Err(Stopped::TransferError(never(problem)));
            match again {
                RetryAdvice::Never => return stop(problem),
                RetryAdvice::FromTheStart if partial.in_one_piece => return stop(problem),
                RetryAdvice::FromTheStart => {
                    let (asset, why) = (wanted.asset, problem.as_str());
                    self.tell(&Event::Restarting { asset, why });
                    partial.in_one_piece = true;
                    partial.restart()?;
                }
                RetryAdvice::After(asked_for) => {
                    let Some(wait) = attempts.next_wait(asked_for) else {
                        return stop(problem);
                    };
                    self.tell(&Event::Retrying {
                        address: &address.to_string(),
                        problem: &problem,
                        wait,
                    });
                    (self.retry.pause)(wait);
                }
            }
        }
    }

    fn once(
        &self,
        address: &Address,
        wanted: &Wanted<'_>,
        partial: &mut PartialDownload<'_>,
        deadline: Instant,
    ) -> Result<Ended, Stopped> {
        let resume = partial.resume(address, wanted);
        let Arriving {
            body,
            from,
            size,
            framed,
            etag,
        } = self
            .net
            .get(address, resume, self.login, deadline)
            .map_err(Stopped::TransferError)?;
        if from == 0 {
            partial.restart()?;
        } else {
            let asset = wanted.asset;
            self.tell(&Event::Resuming { asset, from });
            partial.patched = true;
        }
        partial.validator = etag.map(|etag| (address.clone(), etag));
        // The size is known and allowed before the first byte is accepted.
        let size = size.or(wanted.size);
        if size.is_some_and(|size| size > wanted.limit()) {
            return Err(Stopped::Longer);
        }
        let mut seen = |received| {
            let asset = wanted.asset;
            self.tell(&Event::Progress(Progress {
                asset,
                received,
                size,
            }));
        };
        let mut body = Stoppable {
            bytes: body,
            line: self,
        };
        let limit = wanted.limit();
        let digested = partial
            .counter
            .copy(&mut body, &mut partial.sink, limit, &mut seen);
        let short = size.is_some_and(|size| partial.counter.size() < size);
        match digested {
            // Without a length and without chunks, a broken connection looks like the end; and a part may end before
            // the file does.
            Ok(()) if short && (!framed || from > 0) => Err(Stopped::TransferError(later(
                "the connection was closed before the end".to_owned(),
            ))),
            Ok(()) if framed || size.is_some() => Ok(Ended::Certainly),
            Ok(()) => Ok(Ended::Perhaps),
            Err(PumpError::Read(_)) if self.stopped() => Err(Stopped::Caller),
            Err(PumpError::Read(error)) => Err(Stopped::TransferError(broken(&error))),
            Err(PumpError::Write(error)) => Err(Stopped::Disk(error)),
            Err(PumpError::Longer) => Err(Stopped::Longer),
        }
    }
}
