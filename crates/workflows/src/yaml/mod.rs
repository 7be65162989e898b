//! YAML, as far as workflows need it: [`mod@write`] prints a document, [`read`] gives a tree with lines.

pub mod read;
pub mod write;

#[cfg(test)]
mod tests;
