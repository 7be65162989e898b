//! Measures each stage of a promotion in isolation, with the code that the promotion uses.

use std::io::Read;
use std::thread;

use lockgate::inspect_output::requirements;
use lockgate::stream::{VerifyingReader, Wanted};
use lockgate_core::config::Package;
use lockgate_core::document::Executable;
use lockgate_core::{ArtifactId, CommitId, Tag};
use lockgate_forge::github::{Config, GitHub};
use lockgate_forge::{Body, Forge as _, NewRelease, Token};

use crate::table::once;

/// One of the executables.
pub(crate) struct One {
    pub(crate) executable: Executable,
    pub(crate) artifact: ArtifactId,
    /// The artifact as GitHub stores it.
    pub(crate) zip: Vec<u8>,
}

pub(crate) fn forge(api_url: &str, repository: &str) -> GitHub {
    let token = Some(Token::new("automation-token"));
    GitHub::new(Config::new(api_url, repository.parse().unwrap(), token)).unwrap()
}

/// Downloads the artifacts and drops them.
pub(crate) fn download(forge: &GitHub, all: &[One]) -> f64 {
    once(|| {
        for one in all {
            let body = forge.open_artifact(one.artifact).unwrap();
            assert_eq!(drain(body.reader), one.zip.len() as u64);
        }
    })
}

/// Unpacks, digests and inspects the artifacts from memory, and drops the output.
pub(crate) fn unzip_and_hash(package: &Package, all: &[One]) -> f64 {
    let mut total = 0.0;
    for one in all {
        let zip = one.zip.clone();
        let size = Some(zip.len() as u64);
        let body = Body {
            size,
            content_type: Some("application/zip".to_owned()),
            reader: Box::new(std::io::Cursor::new(zip)),
        };
        let variant = package.variant(&one.executable.variant).unwrap();
        let wanted = Wanted {
            executable: &one.executable,
            stored_sha256: None,
            requirements: requirements(variant),
        };
        total += once(|| {
            let count = thread::scope(|scope| drain(VerifyingReader::begin(scope, body, wanted)));
            assert_eq!(count, one.executable.size);
        });
    }
    total
}

/// Uploads files of the same sizes from memory to a draft.
pub(crate) fn upload(forge: &GitHub, head: &CommitId, all: &[One]) -> f64 {
    let tag: Tag = "alone-v1".parse().unwrap();
    let draft = forge
        .create_draft(&NewRelease {
            tag: &tag,
            target: head,
            title: "alone",
            notes: "",
            prerelease: false,
        })
        .unwrap();
    let mut total = 0.0;
    for one in all {
        let bytes = vec![0; one.executable.size as usize];
        total += once(|| {
            let sent = forge.upload(
                &draft,
                one.executable.name.as_str(),
                one.executable.size,
                &mut bytes.as_slice(),
            );
            assert!(sent.unwrap().complete);
        });
    }
    forge.delete_release(draft.id).unwrap();
    total
}

fn drain(mut from: impl Read) -> u64 {
    let mut buffer = vec![0; 256 * 1024];
    let mut total = 0;
    loop {
        match from.read(&mut buffer).unwrap() {
            0 => return total,
            count => total += count as u64,
        }
    }
}
