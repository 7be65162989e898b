//! Prints a tree of tables and lists as a document. Any text in it is read back unchanged.
//!
//! This module does not know workflows.

use std::fmt::Write as _;

use crate::custom_blocks::CustomBlocks;

/// A value of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A text, quoted if necessary.
    Text(String),
    /// A whole number.
    Number(u32),
    /// `true` or `false`.
    Flag(bool),
    /// No value, just the key.
    Nothing,
    /// An empty table, on the key's line.
    Empty,
    /// A list of texts, on the key's line.
    Words(Vec<String>),
    /// A text of several lines, each kept unchanged.
    Lines(Vec<String>),
    /// A table, indented.
    Table(Table),
    /// A list of tables, indented.
    List(Vec<Item>),
}

/// A table, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table(Vec<Row>);

/// One row of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Row {
    Entry {
        key: String,
        value: Value,
        why: Option<String>,
    },
    Block(&'static str),
    Gap,
}

/// One item of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A table.
    Table(Table),
    /// A custom block.
    Block(&'static str),
}

impl Table {
    /// Adds a key.
    pub fn put(&mut self, key: &str, value: Value) {
        self.row(key, value, None);
    }

    /// Adds a key, with its reason as a comment.
    pub fn put_why(&mut self, key: &str, value: Value, why: &str) {
        self.row(key, value, Some(why.to_owned()));
    }

    /// Adds a key with a text.
    pub fn text(&mut self, key: &str, text: impl Into<String>) {
        self.put(key, Value::Text(text.into()));
    }

    /// Adds a custom block.
    pub fn custom_block(&mut self, name: &'static str) {
        self.0.push(Row::Block(name));
    }

    /// Adds an empty line.
    pub fn gap(&mut self) {
        self.0.push(Row::Gap);
    }

    fn row(&mut self, key: &str, value: Value, why: Option<String>) {
        let key = key.to_owned();
        self.0.push(Row::Entry { key, value, why });
    }
}

/// Returns the text of a document; `added` holds the content of its custom blocks.
pub fn document(table: &Table, added: &CustomBlocks) -> String {
    let mut out = String::new();
    rows(&mut out, table, 0, "", added);
    out
}

/// Prints the rows of a table; the first one after `lead`, which replaces its indent.
fn rows(out: &mut String, table: &Table, indent: usize, lead: &str, added: &CustomBlocks) {
    let mut lead = Some(lead).filter(|lead| !lead.is_empty());
    for row in &table.0 {
        match row {
            Row::Gap => out.push('\n'),
            Row::Block(name) => added.print(out, name, indent),
            Row::Entry { key, value, why } => {
                match lead.take() {
                    Some(lead) => out.push_str(lead),
                    None => pad(out, indent),
                }
                let why = why
                    .as_ref()
                    .map(|why| format!(" # {why}"))
                    .unwrap_or_default();
                // Keys are our own, never untrusted; `on` is written as usual.
                let _ = write!(out, "{key}:");
                entry(out, value, &why, indent, added);
            }
        }
    }
}

fn entry(out: &mut String, value: &Value, why: &str, indent: usize, added: &CustomBlocks) {
    let _ = match value {
        Value::Text(text) => writeln!(out, " {}{why}", scalar(text)),
        Value::Number(number) => writeln!(out, " {number}{why}"),
        Value::Flag(flag) => writeln!(out, " {flag}{why}"),
        Value::Nothing => writeln!(out, "{why}"),
        Value::Empty => writeln!(out, " {{}}{why}"),
        Value::Words(words) => {
            let words: Vec<String> = words.iter().map(|word| in_flow(word)).collect();
            writeln!(out, " [{}]{why}", words.join(", "))
        }
        Value::Lines(lines) => {
            let _ = writeln!(out, " |{why}");
            for line in lines {
                pad(out, indent + 2);
                let _ = writeln!(out, "{line}");
            }
            Ok(())
        }
        Value::Table(table) => {
            let _ = writeln!(out, "{why}");
            rows(out, table, indent + 2, "", added);
            Ok(())
        }
        Value::List(items) => {
            let _ = writeln!(out, "{why}");
            let lead = format!("{}- ", " ".repeat(indent + 2));
            for item in items {
                match item {
                    Item::Table(table) => rows(out, table, indent + 4, &lead, added),
                    Item::Block(name) => added.print(out, name, indent + 2),
                }
            }
            Ok(())
        }
    };
}

fn pad(out: &mut String, indent: usize) {
    out.extend(std::iter::repeat_n(' ', indent));
}

/// Returns a text as a scalar: plain if every reader of YAML, 1.1 and 1.2, takes it for just that text.
pub fn scalar(text: &str) -> String {
    let first = |c: char| c.is_ascii_alphabetic() || matches!(c, '$' | '/' | '(' | '_');
    let printable = text.bytes().all(|b| (b' '..=b'~').contains(&b));
    let plain = printable
        && text.starts_with(first)
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !is_reserved(text);
    match (plain, printable) {
        (true, _) => text.to_owned(),
        (false, true) => format!("'{}'", text.replace('\'', "''")),
        (false, false) => double_quoted(text),
    }
}

/// Returns a text as a scalar inside `[...]`, where commas and brackets have a meaning.
fn in_flow(text: &str) -> String {
    let tame = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'-' | b'_' | b'.' | b'/');
    if text.bytes().all(tame) {
        return scalar(text);
    }
    match scalar(text) {
        quoted if quoted.starts_with(['\'', '"']) => quoted,
        plain => format!("'{}'", plain.replace('\'', "''")),
    }
}

/// Returns whether YAML 1.1 or 1.2 reads a text as something else. What begins with a digit, a sign or a dot is quoted
/// anyway.
fn is_reserved(text: &str) -> bool {
    const WORDS: [&str; 10] = [
        "null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan",
    ];
    WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// Escapes everything but printable ASCII: a workflow contains no invisible characters.
fn double_quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        let _ = match c {
            '"' | '\\' => write!(out, "\\{c}"),
            ' '..='~' => write!(out, "{c}"),
            _ if u32::from(c) <= 0xff => write!(out, "\\x{:02x}", u32::from(c)),
            _ if u32::from(c) <= 0xffff => write!(out, "\\u{:04x}", u32::from(c)),
            _ => write!(out, "\\U{:08x}", u32::from(c)),
        };
    }
    out + "\""
}
