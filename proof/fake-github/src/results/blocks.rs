//! Assembles an upload as sent by a client of Azure's block blobs: blocks by name and then a list of names, or
//! everything at once.
//!
//! A block that is not in the list is discarded, as there.

use crate::blobs::Blob;
use crate::rest::Answer;
use crate::storage::denied;

use super::{Pending, Results};

/// The purpose of a `PUT` to an upload's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Put {
    /// The whole content, in one request.
    Whole,
    /// One block, by its name.
    Block(String),
    /// The names of all blocks, in order.
    List,
}

impl Put {
    /// Parses the query, and the header that marks an upload in one piece.
    pub(crate) fn read(
        comp: Option<&str>,
        block: Option<&str>,
        blob_type: Option<&str>,
    ) -> Result<Self, Answer> {
        match (comp, block, blob_type) {
            (Some("block"), Some(name), _) => Ok(Self::Block(name.to_owned())),
            (Some("block"), None, _) => Err(denied(400, "MissingRequiredQueryParameter")),
            (Some("blocklist"), _, _) => Ok(Self::List),
            (None, _, Some("BlockBlob")) => Ok(Self::Whole),
            (None, _, _) => Err(denied(400, "MissingRequiredHeader")),
            (Some(_), _, _) => Err(denied(400, "InvalidQueryParameterValue")),
        }
    }
}

impl Results {
    /// Returns whether an upload is still open.
    pub(crate) fn is_open(&self, upload: u64) -> bool {
        self.pending.contains_key(&upload)
    }

    /// Stores a block.
    pub(crate) fn stage(&mut self, upload: u64, name: String, blob: Blob) -> Answer {
        self.change(upload, |pending| {
            pending.blocks.insert(name, blob);
        })
    }

    /// Returns the blocks of a list, in its order.
    pub(crate) fn listed(&self, upload: u64, list: &[u8]) -> Result<Vec<Blob>, Answer> {
        let pending = self.pending.get(&upload).ok_or_else(gone)?;
        let names = names(list).ok_or_else(|| denied(400, "InvalidXmlDocument"))?;
        let blob = |name: &String| pending.blocks.get(name).cloned();
        let blobs: Option<Vec<Blob>> = names.iter().map(blob).collect();
        blobs.ok_or_else(|| denied(400, "InvalidBlockList"))
    }

    /// Sets the whole content.
    pub(crate) fn commit(&mut self, upload: u64, blob: Blob) -> Answer {
        self.change(upload, |pending| {
            pending.blocks.clear();
            pending.content = Some(blob);
        })
    }

    fn change(&mut self, upload: u64, change: impl FnOnce(&mut Pending)) -> Answer {
        let Some(pending) = self.pending.get_mut(&upload) else {
            return gone();
        };
        change(pending);
        Answer::empty(201).header("x-ms-request-server-encrypted", "true")
    }
}

/// Returns the response for an upload that is no longer open.
pub(crate) fn gone() -> Answer {
    denied(404, "ResourceNotFound")
}

/// Returns the names in `<BlockList><Latest>NAME</Latest>...</BlockList>`; `None` for anything else.
fn names(list: &[u8]) -> Option<Vec<String>> {
    let text = std::str::from_utf8(list).ok()?;
    let (_, rest) = text.split_once("<BlockList>")?;
    let (mut rest, _) = rest.split_once("</BlockList>")?;
    let mut names = Vec::new();
    while !rest.trim().is_empty() {
        // A block that is not committed yet is both `Latest` and `Uncommitted`.
        let (kind, after) = rest.trim_start().strip_prefix('<')?.split_once('>')?;
        if kind != "Latest" && kind != "Uncommitted" {
            return None;
        }
        let (name, after) = after.split_once(&format!("</{kind}>"))?;
        names.push(name.to_owned());
        rest = after;
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_list_is_read_in_its_order_and_nothing_else_is_one() {
        let list = "<?xml version=\"1.0\"?><BlockList><Latest>Yg==</Latest>\n<Uncommitted>YQ==</Uncommitted></BlockList>";
        assert_eq!(names(list.as_bytes()).unwrap(), ["Yg==", "YQ=="]);
        assert_eq!(names(b"<BlockList></BlockList>").unwrap(), [""; 0]);
        for bad in [
            "",
            "<BlockList>",
            "<BlockList>a</BlockList>",
            "<BlockList><Latest>a</BlockList>",
            "<BlockList><Committed>a</Committed></BlockList>",
        ] {
            assert_eq!(names(bad.as_bytes()), None, "{bad}");
        }
    }
}
