//! Bodies of responses: whole, streamed, or truncated.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::mpsc;

use crate::blobs::BlobReader;

/// The most chunks that may wait between the reader and the socket.
const AHEAD: usize = 4;

/// The body of a response.
pub(crate) struct Reply {
    parts: Parts,
    /// The rest of the `content-length`.
    left: u64,
    /// An error, delayed until the bytes before it are sent.
    failing: Option<(io::Error, u8)>,
}

enum Parts {
    Whole(Option<Bytes>),
    Streamed(mpsc::Receiver<io::Result<Bytes>>),
    Cut(Option<Bytes>),
}

impl Reply {
    /// Creates a complete body.
    pub(crate) fn whole(bytes: Bytes) -> Self {
        let left = bytes.len() as u64;
        Self::new(Parts::Whole(Some(bytes)), left)
    }

    /// Creates a body that announces all of `bytes`, and breaks off after `kept`.
    pub(crate) fn cut(mut bytes: Bytes, kept: u64) -> Self {
        let claimed = bytes.len() as u64;
        bytes.truncate(usize::try_from(kept).unwrap_or(usize::MAX));
        Self::new(Parts::Cut(Some(bytes)), claimed)
    }

    /// Creates a body that a thread reads as the client receives it. `flip` flips a bit in its middle; `kept` breaks it
    /// off.
    pub(crate) fn streamed(reader: BlobReader, flip: bool, kept: Option<u64>) -> Self {
        let (sender, receiver) = mpsc::channel(AHEAD);
        let left = reader.left();
        tokio::task::spawn_blocking(move || feed(reader, &sender, flip, kept));
        Self::new(Parts::Streamed(receiver), left)
    }

    fn new(parts: Parts, left: u64) -> Self {
        Self {
            parts,
            left,
            failing: None,
        }
    }
}

/// Flips one bit in the middle.
pub(crate) fn flipped(bytes: &[u8]) -> Bytes {
    let mut bytes = bytes.to_vec();
    let middle = bytes.len() / 2;
    if let Some(byte) = bytes.get_mut(middle) {
        *byte ^= 1;
    }
    Bytes::from(bytes)
}

fn feed(
    mut reader: BlobReader,
    sender: &mpsc::Sender<io::Result<Bytes>>,
    mut flip: bool,
    kept: Option<u64>,
) {
    let mut may_go = kept.unwrap_or(u64::MAX);
    loop {
        let chunk = match reader.next_chunk() {
            Ok(Some(chunk)) => chunk,
            Ok(None) => return,
            Err(error) => {
                let _ = sender.blocking_send(Err(error));
                return;
            }
        };
        let chunk = if std::mem::take(&mut flip) {
            flipped(&chunk)
        } else {
            chunk
        };
        let going = usize::try_from(may_go)
            .unwrap_or(usize::MAX)
            .min(chunk.len());
        may_go -= going as u64;
        // An error means that the client has disconnected.
        if sender.blocking_send(Ok(chunk.slice(..going))).is_err() {
            return;
        }
        if going < chunk.len() {
            let _ = sender.blocking_send(Err(broken_off()));
            return;
        }
    }
}

fn broken_off() -> io::Error {
    io::Error::new(
        io::ErrorKind::ConnectionAborted,
        "a fault broke the body off",
    )
}

impl Body for Reply {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = self.get_mut();
        if let Some((error, rounds)) = this.failing.take() {
            // Earlier bytes have to leave the server first.
            if rounds == 0 {
                return Poll::Ready(Some(Err(error)));
            }
            this.failing = Some((error, rounds - 1));
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let next = match &mut this.parts {
            Parts::Whole(bytes) => bytes.take().filter(|bytes| !bytes.is_empty()).map(Ok),
            Parts::Cut(bytes) => match bytes.take() {
                Some(bytes) if !bytes.is_empty() => Some(Ok(bytes)),
                Some(_) | None => Some(Err(broken_off())),
            },
            Parts::Streamed(receiver) => match receiver.poll_recv(context) {
                Poll::Ready(next) => next,
                Poll::Pending => return Poll::Pending,
            },
        };
        match next {
            Some(Ok(bytes)) => {
                this.left = this.left.saturating_sub(bytes.len() as u64);
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Some(Err(error)) => {
                this.failing = Some((error, 3));
                context.waker().wake_by_ref();
                Poll::Pending
            }
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0 && self.failing.is_none() && !matches!(self.parts, Parts::Cut(_))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
