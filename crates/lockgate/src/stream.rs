//! Streams an artifact into a release: read once, checked, and sent on; never whole in memory, never on disk.
//!
//! One thread receives, digests the stored bytes and unpacks; the caller's thread digests the content, inspects its headers and
//! sends. The last piece is held back until all checks have passed, so that wrong bytes never complete an upload.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::Scope;

use lockgate_artifact::artifact::{Artifact, ArtifactError};
use lockgate_artifact::digest::HashingReader;
use lockgate_artifact::executable::{self, InspectError, Inspector, KEPT_PREFIX, Requirements};
use lockgate_artifact::zip::{Expect, Size, ZipError};
use lockgate_core::Digest;
use lockgate_core::document::Executable;
use lockgate_core::promote::{Fault, UploadFault, WrongContent};
use lockgate_forge::Body;
use sha2::{Digest as _, Sha256};

use crate::inspect_output::Refused;
use crate::observe::candidate::form;

/// The size of a piece, in bytes. Small enough to stay in a core's own cache on its way from one thread to the other:
/// measured, a megabyte costs a third more time.
const PIECE: usize = 64 * 1024;
/// The number of pieces that may wait between the two threads.
const WAITING: usize = 16;

/// A piece, or the end of the content: complete and checked, or an error.
type Message = Result<Option<Vec<u8>>, UploadFault>;

/// The expected properties of an artifact.
pub struct Wanted<'a> {
    /// The executable, from the manifest.
    pub executable: &'a Executable,
    /// The digest of the stored bytes, from GitHub.
    pub stored_sha256: Option<Digest>,
    /// The requirements of the variant's row; `None` if they are not checked.
    pub requirements: Option<Requirements>,
}

/// The content of an artifact, as a reader for an upload.
pub struct VerifyingReader<'a> {
    wanted: Wanted<'a>,
    pieces: Receiver<Message>,
    spare: SyncSender<Vec<u8>>,
    /// The bytes that may be returned.
    current: Vec<u8>,
    given: usize,
    /// The bytes that may not be returned yet.
    held: Option<Vec<u8>>,
    hash: Sha256,
    inspector: Inspector,
    ended: bool,
    /// The reason why reading failed, for the sender.
    pub fault: Option<UploadFault>,
}

impl<'a> VerifyingReader<'a> {
    /// Starts to receive. The thread ends when the content has ended, or when this is dropped.
    pub fn begin<'scope>(scope: &'scope Scope<'scope, '_>, body: Body, wanted: Wanted<'a>) -> Self {
        let (send, pieces) = sync_channel(WAITING);
        let (spare, empty) = sync_channel(WAITING + 2);
        let (name, size, stored) = (
            wanted.executable.name.to_string(),
            wanted.executable.size,
            wanted.stored_sha256,
        );
        scope.spawn(move || {
            let end = receive(body, &name, size, stored, &send, &empty);
            // If the receiver was dropped, the result is no longer needed.
            let _ = send.send(end.map(|()| None));
        });
        let ranges = wanted.executable.header_ranges.iter();
        Self {
            inspector: Inspector::keeping(KEPT_PREFIX, ranges),
            wanted,
            pieces,
            spare,
            current: Vec::new(),
            given: 0,
            held: None,
            hash: Sha256::new(),
            ended: false,
            fault: None,
        }
    }

    /// Makes the next piece available; the last one only when all checks have passed.
    fn advance(&mut self) -> Result<(), UploadFault> {
        while self.given == self.current.len() && !self.ended {
            let message = self.pieces.recv().unwrap_or_else(|_| {
                Err(UploadFault::Source(Fault::Unavailable(
                    "the receiving thread was lost".to_owned(),
                )))
            });
            let next = match message? {
                Some(piece) => {
                    self.hash.update(&piece);
                    self.inspector.update(&piece);
                    self.held.replace(piece)
                }
                None => {
                    self.agree()?;
                    self.ended = true;
                    self.held.take()
                }
            };
            let used = std::mem::replace(&mut self.current, next.unwrap_or_default());
            let _ = self.spare.try_send(used);
            self.given = 0;
        }
        Ok(())
    }

    fn agree(&mut self) -> Result<(), UploadFault> {
        let executable = self.wanted.executable;
        let wrong = |what: String, next| {
            UploadFault::WrongBytes(WrongContent {
                problem: format!("the artifact {}: {what}", executable.name),
                next,
            })
        };
        let digest = Digest::new(std::mem::take(&mut self.hash).finalize().into());
        if digest != executable.sha256 {
            let expected = executable.sha256;
            let what = format!("its SHA-256 is {digest}, the manifest's is {expected}");
            return Err(wrong(what, None));
        }
        let refuse = |refused: Refused, next: String| {
            let what = format!("{} ({})", refused.problems, refused.codes);
            wrong(what, Some(next))
        };
        // The build runs the same check with the same code.
        let passed = |refused: Refused| {
            let next = format!(
                "{}; and find out who changed what the build left: it refuses such an executable itself",
                refused.next
            );
            refuse(refused, next)
        };
        let facts = match std::mem::take(&mut self.inspector).finish() {
            Ok(facts) => facts,
            Err(error @ InspectError::NotKept { .. }) => {
                let refused = Refused::unreadable(&error);
                let next = refused.next.clone();
                return Err(refuse(refused, next));
            }
            Err(error) => return Err(passed(Refused::unreadable(&error))),
        };
        let Some(requirements) = &self.wanted.requirements else {
            return Ok(());
        };
        let violations = executable::check(&facts, requirements, None);
        match Refused::violations(&violations) {
            None => Ok(()),
            Some(refused) => Err(passed(refused)),
        }
    }
}

impl Read for VerifyingReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.fault.is_some() {
            return Err(io::Error::other("the artifact failed before"));
        }
        if let Err(fault) = self.advance() {
            let error = io::Error::other(format!("{fault:?}"));
            self.fault = Some(fault);
            return Err(error);
        }
        let ready = self.current.get(self.given..).unwrap_or_default();
        let count = ready.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), ready.get(..count)) {
            to.copy_from_slice(from);
        }
        self.given += count;
        Ok(count)
    }
}

fn receive(
    body: Body,
    name: &str,
    size: u64,
    stored: Option<Digest>,
    send: &SyncSender<Message>,
    empty: &Receiver<Vec<u8>>,
) -> Result<(), UploadFault> {
    let form = form(&body);
    let mut raw = HashingReader::new(body.reader);
    let fault = |error: ArtifactError| {
        // If the transfer broke, nothing is known about the artifact itself.
        if let ArtifactError::Source(error)
        | ArtifactError::Zip(ZipError::Source { source: error, .. }) = &error
        {
            let broke = format!("the artifact {name} broke off: {error}");
            return UploadFault::Source(Fault::Unavailable(broke));
        }
        UploadFault::WrongBytes(format!("the artifact {name}: {error} ({})", error.code()).into())
    };
    let mut content = Artifact::open(
        form,
        &mut raw,
        Expect {
            name,
            size: Size::Exact(size),
        },
    )
    .map_err(fault)?;
    loop {
        let mut piece = empty.try_recv().unwrap_or_default();
        piece.resize(PIECE, 0);
        let count =
            fill(&mut content, &mut piece).map_err(|error| fault(ArtifactError::from_io(error)))?;
        piece.truncate(count);
        if count == 0 {
            break;
        }
        if send.send(Ok(Some(piece))).is_err() {
            return Ok(());
        }
    }
    content.finish().map_err(fault)?;
    let (_, digest, _) = raw.finish();
    match stored {
        Some(expected) if expected != Digest::new(digest) => {
            let what = format!("the artifact {name}: what is stored is not what the forge listed");
            Err(UploadFault::WrongBytes(what.into()))
        }
        Some(_) | None => Ok(()),
    }
}

/// Reads until the piece is full or the content has ended.
fn fill(content: &mut impl Read, piece: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(workspace) = piece
        .get_mut(filled..)
        .filter(|workspace| !workspace.is_empty())
    {
        match content.read(workspace) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests;
