//! Stores the bytes of assets and artifacts by their SHA-256, in memory or in a folder.
//!
//! Bytes are hashed as they arrive; with a folder, no more than one chunk is in memory at a time. This module does not
//! know releases: access to a blob is decided elsewhere.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom, Write as _};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

/// Bytes per read from a folder.
pub(crate) const CHUNK: usize = 256 * 1024;

/// The digest and size of stored bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Blob {
    /// The SHA-256, as 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// The size in bytes.
    pub size: u64,
}

impl Blob {
    /// Describes `bytes`, which need not be stored anywhere.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self {
            sha256: hex(&Sha256::digest(bytes)),
            size: bytes.len() as u64,
        }
    }
}

/// A store of blobs. Clones share it.
#[derive(Clone, Debug)]
pub struct Blobs {
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    Memory(Arc<Mutex<BTreeMap<String, Chunks>>>),
    Folder(PathBuf),
}

/// The bytes of one blob in memory, in the pieces in which they arrived.
type Chunks = Arc<Vec<Bytes>>;

impl Blobs {
    /// Creates a store in memory.
    #[must_use]
    pub fn in_memory() -> Self {
        Self {
            place: Place::Memory(Arc::default()),
        }
    }

    /// Opens a store in `folder`, which is created if missing.
    pub fn in_folder(folder: impl Into<PathBuf>) -> io::Result<Self> {
        let folder = folder.into();
        std::fs::create_dir_all(&folder)?;
        Ok(Self {
            place: Place::Folder(folder),
        })
    }

    /// Starts a new blob. It is visible only after [`BlobWriter::finish`].
    pub fn writer(&self) -> io::Result<BlobWriter> {
        let sink = match &self.place {
            Place::Memory(_) => Sink::Memory(Vec::new()),
            Place::Folder(folder) => Sink::File(NamedTempFile::new_in(folder)?),
        };
        Ok(BlobWriter {
            store: self.clone(),
            hash: Sha256::new(),
            size: 0,
            sink,
        })
    }

    /// Stores all of `source`.
    pub fn store(&self, mut source: impl Read) -> io::Result<Blob> {
        let mut writer = self.writer()?;
        loop {
            let mut chunk = vec![0; CHUNK];
            let count = source.read(&mut chunk)?;
            if count == 0 {
                return writer.finish();
            }
            chunk.truncate(count);
            writer.write(Bytes::from(chunk))?;
        }
    }

    /// Returns a reader for a part of a blob, or for the whole of it: `0..blob.size`.
    pub fn reader(&self, blob: &Blob, range: Range<u64>) -> io::Result<BlobReader> {
        let missing =
            || io::Error::new(io::ErrorKind::NotFound, format!("no blob {}", blob.sha256));
        let source = match &self.place {
            Place::Memory(map) => {
                let chunks = lock(map).get(&blob.sha256).cloned().ok_or_else(missing)?;
                Source::Memory {
                    chunks,
                    at: 0,
                    skip: range.start,
                }
            }
            Place::Folder(folder) => {
                let mut file = File::open(folder.join(&blob.sha256))?;
                file.seek(SeekFrom::Start(range.start))?;
                Source::File(file)
            }
        };
        Ok(BlobReader {
            source,
            left: range.end.saturating_sub(range.start),
        })
    }

    /// Reads a small blob into memory.
    pub fn read(&self, blob: &Blob) -> io::Result<Vec<u8>> {
        let mut reader = self.reader(blob, 0..blob.size)?;
        let mut all = Vec::new();
        while let Some(chunk) = reader.next_chunk()? {
            all.extend_from_slice(&chunk);
        }
        Ok(all)
    }
}

/// A blob that is being written.
#[derive(Debug)]
pub struct BlobWriter {
    store: Blobs,
    hash: Sha256,
    size: u64,
    sink: Sink,
}

#[derive(Debug)]
enum Sink {
    Memory(Vec<Bytes>),
    File(NamedTempFile),
}

impl BlobWriter {
    /// Appends bytes.
    pub fn write(&mut self, chunk: Bytes) -> io::Result<()> {
        self.hash.update(&chunk);
        self.size += chunk.len() as u64;
        match &mut self.sink {
            Sink::Memory(chunks) => chunks.push(chunk),
            Sink::File(file) => file.write_all(&chunk)?,
        }
        Ok(())
    }

    /// Returns the number of bytes so far.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Stores the bytes under their digest.
    pub fn finish(self) -> io::Result<Blob> {
        let blob = Blob {
            sha256: hex(&self.hash.finalize()),
            size: self.size,
        };
        match (self.sink, &self.store.place) {
            (Sink::Memory(chunks), Place::Memory(map)) => {
                lock(map).insert(blob.sha256.clone(), Arc::new(chunks));
            }
            (Sink::File(file), Place::Folder(folder)) => {
                file.persist(folder.join(&blob.sha256))
                    .map_err(|failed| failed.error)?;
            }
            (Sink::Memory(_), Place::Folder(_)) | (Sink::File(_), Place::Memory(_)) => {
                return Err(io::Error::other(
                    "a blob began in one store and ended in another",
                ));
            }
        }
        Ok(blob)
    }
}

/// A blob, or a part of one, that is being read.
#[derive(Debug)]
pub struct BlobReader {
    source: Source,
    left: u64,
}

#[derive(Debug)]
enum Source {
    Memory {
        chunks: Chunks,
        at: usize,
        skip: u64,
    },
    File(File),
}

impl BlobReader {
    /// Returns the number of bytes left.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.left
    }

    /// Returns the next bytes, or `None` after the last.
    pub fn next_chunk(&mut self) -> io::Result<Option<Bytes>> {
        if self.left == 0 {
            return Ok(None);
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX);
        let chunk = match &mut self.source {
            Source::Memory { chunks, at, skip } => next_in_memory(chunks, at, skip, most),
            Source::File(file) => {
                let mut buffer = vec![0; CHUNK.min(most)];
                let count = file.read(&mut buffer)?;
                buffer.truncate(count);
                Bytes::from(buffer)
            }
        };
        if chunk.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= chunk.len() as u64;
        Ok(Some(chunk))
    }
}

fn next_in_memory(chunks: &[Bytes], at: &mut usize, skip: &mut u64, most: usize) -> Bytes {
    while let Some(chunk) = chunks.get(*at) {
        *at += 1;
        let length = chunk.len() as u64;
        if *skip < length {
            let from = usize::try_from(*skip).unwrap_or(chunk.len());
            *skip = 0;
            return chunk.slice(from..chunk.len().min(from.saturating_add(most)));
        }
        *skip -= length;
    }
    Bytes::new()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    nibbles
        .map(|nibble| char::from(DIGITS[usize::from(nibble)]))
        .collect()
}
