//! Reads the bodies of requests: small ones into memory, uploads into the blob store.

use std::io;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::sync::mpsc;

use super::reply::flipped;
use crate::blobs::{Blob, BlobWriter};

/// The largest body other than an upload, in bytes.
const SMALL: usize = 8 << 20;

/// The most chunks that may wait between the socket and the store.
const AHEAD: usize = 8;

/// Why a body could not be read as announced.
#[derive(Debug)]
pub(crate) enum Unread {
    /// The client stopped sending.
    Short,
    /// The body is larger than anything that the API accepts.
    TooLarge,
    /// The store failed.
    Store(io::Error),
    /// The number of bytes was reached at which a fault occurs.
    Midway,
}

/// Reads a small body.
pub(crate) async fn small(mut body: Incoming) -> Result<Vec<u8>, Unread> {
    let mut all = Vec::new();
    while let Some(chunk) = next(&mut body).await? {
        if all.len() + chunk.len() > SMALL {
            drain(body).await;
            return Err(Unread::TooLarge);
        }
        all.extend_from_slice(&chunk);
    }
    Ok(all)
}

/// Reads a body to its end, so that the client receives the response.
pub(crate) async fn drain(mut body: Incoming) {
    while let Ok(Some(_)) = next(&mut body).await {}
}

/// Reads an upload into the store. The socket and the hash each have a thread.
pub(crate) async fn upload(
    mut body: Incoming,
    writer: BlobWriter,
    mut flip: bool,
    stop_at: Option<u64>,
) -> Result<Blob, Unread> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let store = tokio::task::spawn_blocking(move || store(writer, receiver));
    let mut come = 0;
    while let Some(chunk) = next(&mut body).await? {
        come += chunk.len() as u64;
        if stop_at.is_some_and(|stop| come >= stop) {
            return Err(Unread::Midway);
        }
        let chunk = if std::mem::take(&mut flip) {
            flipped(&chunk)
        } else {
            chunk
        };
        if sender.send(Some(chunk)).await.is_err() {
            break; // the store has failed, which is reported below
        }
    }
    // Marks the intended end; without it the store discards the bytes. The store may have failed, too.
    let _ = sender.send(None).await;
    let stored = store
        .await
        .map_err(io::Error::other)
        .and_then(|stored| stored);
    stored.map_err(Unread::Store)
}

fn store(mut writer: BlobWriter, mut receiver: mpsc::Receiver<Option<Bytes>>) -> io::Result<Blob> {
    while let Some(message) = receiver.blocking_recv() {
        match message {
            Some(chunk) => writer.write(chunk)?,
            None => return writer.finish(),
        }
    }
    Err(io::ErrorKind::UnexpectedEof.into())
}

async fn next(body: &mut Incoming) -> Result<Option<Bytes>, Unread> {
    loop {
        match body.frame().await {
            None => return Ok(None),
            Some(Err(_)) => return Err(Unread::Short),
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
}
