//! Receives uploads for the results service: blocks into the store, and their list into one blob.

use std::io;
use std::sync::Arc;

use hyper::body::Incoming;

use super::Shared;
use super::head::RequestHead;
use super::receive::{self, Unread};
use super::respond::{Dropped, on_forge};
use crate::blobs::{Blob, Blobs};
use crate::rest::{Answer, Call};
use crate::results::blocks::{Put, gone};
use crate::storage::denied;

/// Receives a `PUT` to the address of an upload; `flip` corrupts the bytes.
pub(crate) async fn put(
    shared: &Arc<Shared>,
    call: &Call,
    head: &RequestHead,
    flip: bool,
    body: Incoming,
) -> Result<Answer, Dropped> {
    let query = &call.query;
    let put = Put::read(
        query.get("comp"),
        query.get("blockid"),
        head.blob_type.as_deref(),
    );
    let wanted = shared.lock().upload_wanted(call);
    let (upload, put) = match wanted.and_then(|upload| Ok((upload, put?))) {
        Ok(both) => both,
        Err(refused) => {
            receive::drain(body).await;
            return Ok(refused);
        }
    };
    if put == Put::List {
        return list(shared, upload, body).await;
    }
    let writer = shared.blobs.writer().map_err(|_| Dropped)?;
    let blob = match receive::upload(body, writer, flip, None).await {
        Ok(blob) => blob,
        Err(unread) => return unwritten(unread),
    };
    on_forge(shared, move |forge| match put {
        Put::Block(name) => forge.results.stage(upload, name, blob),
        Put::Whole => forge.results.commit(upload, blob),
        Put::List => gone(), // handled above
    })
    .await
}

async fn list(shared: &Arc<Shared>, upload: u64, body: Incoming) -> Result<Answer, Dropped> {
    let list = match receive::small(body).await {
        Ok(list) => list,
        Err(unread) => return unwritten(unread),
    };
    let listed = shared.lock().results.listed(upload, &list);
    let parts = match listed {
        Ok(parts) => parts,
        Err(refused) => return Ok(refused),
    };
    let blobs = shared.blobs.clone();
    // Outside the lock, so that other requests need not wait while bytes are copied.
    let joined = tokio::task::spawn_blocking(move || joined(&blobs, &parts));
    let blob = match joined.await {
        Ok(Ok(blob)) => blob,
        Ok(Err(_)) | Err(_) => return Ok(denied(500, "InternalError")),
    };
    on_forge(shared, move |forge| forge.results.commit(upload, blob)).await
}

fn joined(blobs: &Blobs, parts: &[Blob]) -> io::Result<Blob> {
    let mut writer = blobs.writer()?;
    for part in parts {
        let mut reader = blobs.reader(part, 0..part.size)?;
        while let Some(chunk) = reader.next_chunk()? {
            writer.write(chunk)?;
        }
    }
    writer.finish()
}

fn unwritten(unread: Unread) -> Result<Answer, Dropped> {
    match unread {
        Unread::TooLarge => Ok(denied(413, "RequestBodyTooLarge")),
        Unread::Store(_) => Ok(denied(500, "InternalError")),
        Unread::Short | Unread::Midway => Err(Dropped),
    }
}
