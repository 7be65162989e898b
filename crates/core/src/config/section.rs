//! A table of the config that knows its position and which of its keys were read.

use std::cell::RefCell;
use std::collections::BTreeSet;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::problem::{ConfigError, ConfigProblem as P};
use crate::escape::quoted;

pub(super) type Value<'t> = Spanned<DeValue<'t>>;

/// A table while it is being read.
pub(super) struct Section<'t> {
    text: &'t str,
    name: String,
    at: usize,
    table: &'t DeTable<'t>,
    known: RefCell<BTreeSet<&'static str>>,
}

impl<'t> Section<'t> {
    pub(super) fn new(text: &'t str, name: String, at: usize, table: &'t DeTable<'t>) -> Self {
        Self {
            text,
            name,
            at,
            table,
            known: RefCell::default(),
        }
    }

    pub(super) fn error(&self, at: usize, problem: P) -> ConfigError {
        ConfigError::at(self.text, at, problem)
    }

    pub(super) fn get(&self, key: &'static str) -> Option<&'t Value<'t>> {
        self.known.borrow_mut().insert(key);
        self.table.get(key)
    }

    /// The key is not there; one that is there and looks like it was misspelt, unless another key is spelt so.
    pub(super) fn missing(&self, key: &'static str, example: &'static str) -> ConfigError {
        let known = self.known.borrow();
        let misspelt = self
            .entries()
            .filter(|(other, ..)| !known.contains(other))
            .find(|(other, ..)| alike(other, key) > ALIKE);
        if let Some((other, at, _)) = misspelt {
            return self.unknown(other, at, format!("did you mean `{key}`?"));
        }
        self.error(
            self.at,
            P::Missing {
                key,
                table: self.name.clone(),
                example,
            },
        )
    }

    pub(super) fn need(
        &self,
        key: &'static str,
        example: &'static str,
    ) -> Result<&'t Value<'t>, ConfigError> {
        self.get(key).ok_or_else(|| self.missing(key, example))
    }

    pub(super) fn text_of(&self, key: &str, value: &'t Value<'t>) -> Result<&'t str, ConfigError> {
        value
            .get_ref()
            .as_str()
            .ok_or_else(|| self.wrong_type(key, value, "a text in quotes"))
    }

    pub(super) fn array_of(
        &self,
        key: &str,
        value: &'t Value<'t>,
    ) -> Result<&'t DeArray<'t>, ConfigError> {
        value
            .get_ref()
            .as_array()
            .ok_or_else(|| self.wrong_type(key, value, "a list of texts, such as [\"a\", \"b\"]"))
    }

    pub(super) fn texts_of(
        &self,
        key: &str,
        value: &'t Value<'t>,
    ) -> Result<Vec<(&'t str, usize)>, ConfigError> {
        self.array_of(key, value)?
            .iter()
            .map(|item| Ok((self.text_of(key, item)?, item.span().start)))
            .collect()
    }

    pub(super) fn bool_of(&self, key: &str, value: &'t Value<'t>) -> Result<bool, ConfigError> {
        value
            .get_ref()
            .as_bool()
            .ok_or_else(|| self.wrong_type(key, value, "true or false"))
    }

    pub(super) fn table_of(
        &self,
        key: &str,
        value: &'t Value<'t>,
    ) -> Result<Section<'t>, ConfigError> {
        let table = value
            .get_ref()
            .as_table()
            .ok_or_else(|| self.wrong_type(key, value, "a table"))?;
        let name = if self.name == TOP {
            format!("[{key}]")
        } else {
            format!("{}.{key}]", self.name.trim_end_matches(']'))
        };
        Ok(Section::new(self.text, name, value.span().start, table))
    }

    /// Reads a typed value of the glossary.
    pub(super) fn word<W: std::str::FromStr<Err = crate::ids::ParseError>>(
        &self,
        key: &str,
        text: &str,
        at: usize,
    ) -> Result<W, ConfigError> {
        text.parse()
            .map_err(|wrong: crate::ids::ParseError| self.bad_value(key, text, at, wrong.expected))
    }

    pub(super) fn bad_value(
        &self,
        key: &str,
        value: &str,
        at: usize,
        expected: &str,
    ) -> ConfigError {
        self.error(
            at,
            P::BadValue {
                key: key.to_owned(),
                value: quoted(value),
                expected: expected.to_owned(),
            },
        )
    }

    fn wrong_type(&self, key: &str, value: &Value<'_>, expected: &'static str) -> ConfigError {
        let found = match value.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.error(
            value.span().start,
            P::WrongType {
                key: key.to_owned(),
                found,
                expected,
            },
        )
    }

    /// Returns the entries of a table whose keys are names.
    pub(super) fn entries(
        &self,
    ) -> impl Iterator<Item = (&'t str, usize, &'t Value<'t>)> + use<'t> {
        self.table
            .iter()
            .map(|(key, value)| (key.get_ref().as_ref(), key.span().start, value))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Rejects the first unknown key, and names the nearest valid one.
    pub(super) fn finish(&self) -> Result<(), ConfigError> {
        let known = self.known.borrow();
        let unknown = self
            .entries()
            .filter(|(key, ..)| !known.contains(key))
            .min_by_key(|(_, at, _)| *at);
        let Some((key, at, _)) = unknown else {
            return Ok(());
        };
        let nearest = known
            .iter()
            .map(|right| (alike(key, right), right))
            .filter(|(similarity, _)| *similarity > ALIKE)
            .max_by(|a, b| a.0.total_cmp(&b.0));
        let instead = match nearest {
            Some((_, right)) => format!("did you mean `{right}`?"),
            None => format!(
                "the keys of {} are {}",
                self.name,
                known
                    .iter()
                    .map(|k| format!("`{k}`"))
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        };
        Err(self.unknown(key, at, instead))
    }

    fn unknown(&self, key: &str, at: usize, instead: String) -> ConfigError {
        let problem = P::UnknownKey {
            key: quoted(key),
            table: self.name.clone(),
            instead,
        };
        self.error(at, problem)
    }
}

/// From where on a key is taken for a misspelt one.
const ALIKE: f64 = 0.75;

/// How alike what was written is to a key: 1 is the same.
fn alike(written: &str, key: &str) -> f64 {
    strsim::jaro_winkler(&written.to_lowercase().replace('_', "-"), key)
}

/// The name of the top level of the file in messages.
pub(super) const TOP: &str = "the file";
