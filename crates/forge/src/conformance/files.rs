//! Checks for release assets.

use std::io::{self, Read};

use lockgate_core::Digest;

use super::releases::{make, tool};
use super::{Check, Outcome, Who, World, holds, present, read, refused, same};
use crate::ErrorKind::{Ambiguous, Conflict, Denied, Source};

pub(super) const CHECKS: &[Check] = &[
    ("a file comes back as it was sent, with its digest", file),
    ("everybody reads the files of a release", public_file),
    ("an asset name that is taken is a conflict", taken_name),
    (
        "a source that fails leaves no complete file",
        failing_source,
    ),
    (
        "a frozen release keeps its files and its tag, and its notes can be changed",
        frozen,
    ),
];

fn file(world: &dyn World) -> Outcome {
    let forge = world.forge_as(Who::Automation);
    let made = make(world, &*forge)?;
    let bytes: Vec<u8> = (0..700_000_u32).flat_map(u32::to_be_bytes).collect();
    let size = bytes.len() as u64;
    let sent = forge.upload(&made, "tool-amd64.bin", size, &mut &bytes[..])?;
    let found = present("the file", forge.release(made.id)?.assets.pop())?;
    same(
        "the file",
        (&found.id, found.name.as_str(), found.size, found.complete),
        (&sent.id, "tool-amd64.bin", size, true),
    )?;
    same(
        "the digest",
        found.sha256.unwrap_or_else(|| Digest::of(&bytes)),
        Digest::of(&bytes),
    )?;
    let body = forge.open_asset(found.id)?;
    same("the announced size", body.size.unwrap_or(size), size)?;
    holds("that the bytes are the same", read(body)? == bytes)
}

fn public_file(world: &dyn World) -> Outcome {
    let forge = world.forge_as(Who::Automation);
    let made = make(world, &*forge)?;
    forge.upload(&made, "tool-amd64", 4, &mut &b"data"[..])?;
    forge.publish(made.id)?;
    let anonymous = world.forge_as(Who::Anonymous);
    let mut release = present("the release", anonymous.release_of_tag(&tool()?)?)?;
    let asset = present("the file", release.assets.pop())?;
    holds(
        "that its address names tag and file",
        asset.download_url.ends_with("/tool-v2/tool-amd64"),
    )?;
    same(
        "the bytes",
        read(anonymous.open_asset(asset.id)?)?,
        b"data".to_vec(),
    )
}

fn taken_name(world: &dyn World) -> Outcome {
    let forge = world.forge_as(Who::Automation);
    let made = make(world, &*forge)?;
    forge.upload(&made, "tool-amd64", 4, &mut &b"data"[..])?;
    refused(
        "a second file of the name",
        forge.upload(&made, "tool-amd64", 4, &mut &b"more"[..]),
        &[Conflict],
    )?;
    let asset = present("the file", forge.release(made.id)?.assets.pop())?;
    same(
        "the bytes",
        read(forge.open_asset(asset.id)?)?,
        b"data".to_vec(),
    )
}

/// A source whose digest turns out to be wrong after all of it was read.
struct Doubtful(io::Take<io::Repeat>);

impl Read for Doubtful {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(io::Error::other("the digest is wrong")),
            read => Ok(read),
        }
    }
}

fn failing_source(world: &dyn World) -> Outcome {
    let forge = world.forge_as(Who::Automation);
    let made = make(world, &*forge)?;
    for (name, size) in [("small", 4), ("large", 3_000_000)] {
        let mut source = Doubtful(io::repeat(b'x').take(size));
        refused(
            "a file of a source that fails",
            forge.upload(&made, name, size, &mut source),
            &[Source],
        )?;
    }
    let complete: Vec<_> = forge
        .release(made.id)?
        .assets
        .into_iter()
        .filter(|asset| asset.complete)
        .collect();
    same("the complete files", complete, vec![])
}

fn frozen(world: &dyn World) -> Outcome {
    world.freeze();
    let forge = world.forge_as(Who::Automation);
    let made = make(world, &*forge)?;
    forge.upload(&made, "tool-amd64", 4, &mut &b"data"[..])?;
    holds(
        "that a draft is not frozen",
        !forge.release(made.id)?.immutable,
    )?;
    forge.publish(made.id)?;
    holds(
        "that the release is frozen",
        forge.release(made.id)?.immutable,
    )?;
    let late = forge.upload(&made, "late", 4, &mut &b"data"[..]);
    // Some servers notice only when the bytes have arrived.
    refused("a late file", late, &[Conflict, Denied, Ambiguous])?;
    refused(
        "the tag's deletion",
        forge.delete_tag(&tool()?),
        &[Conflict, Denied],
    )?;
    same(
        "the notes",
        forge
            .describe_release(made.id, "tool 2", "withdrawn")?
            .notes
            .as_str(),
        "withdrawn",
    )?;
    same(
        "the number of files",
        forge.release(made.id)?.assets.len(),
        1,
    )?;
    holds("that the tag is there", world.tag(&tool()?).is_some())
}
