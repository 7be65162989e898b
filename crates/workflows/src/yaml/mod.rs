//! The subset of YAML that workflows need: [`mod@write`] prints a document, [`read`] returns a tree with line numbers.

pub mod read;
pub mod write;

#[cfg(test)]
mod tests;
