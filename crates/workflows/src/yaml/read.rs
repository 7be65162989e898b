//! Reads a document into a tree with line numbers. Strict where a second meaning could hide: one document, no duplicate
//! keys. Aliases are expanded, as on GitHub; merge keys are ordinary keys, as they are there.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

/// A value, and its line number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Line number, from 1.
    pub line: usize,
    /// The kind of value.
    pub kind: Kind,
}

/// The kind of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A scalar; a `plain` one may mean a number, a truth value or nothing.
    Scalar {
        /// Its text.
        text: String,
        /// Whether it was written without quotes.
        plain: bool,
    },
    /// A list.
    List(Vec<Node>),
    /// A table, in its order.
    Table(Vec<(Node, Node)>),
}

/// Why a document cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct ReadError {
    /// Line number, from 1.
    pub line: usize,
    /// What is wrong; untrusted text in it is escaped.
    pub problem: String,
}

/// The deepest nesting that is accepted.
const DEEPEST: usize = 64;
/// The most values that are accepted, with aliases expanded.
const MOST: usize = 100_000;

/// Reads a document.
///
/// # Errors
/// [`ReadError`]: the text is not YAML, or uses what this module refuses.
pub fn read(text: &str) -> Result<Node, ReadError> {
    // Readers skip a byte-order mark before a document.
    let mut reader = Reader {
        parser: Parser::new_from_str(text.trim_start_matches('\u{feff}')),
        depth: 0,
        count: 0,
        anchors: BTreeMap::new(),
    };
    let mut root = None;
    loop {
        let (event, span) = reader.next()?;
        if matches!(event, Event::StreamEnd) {
            break;
        }
        let enclosing = matches!(
            event,
            Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd
        );
        if !enclosing && root.is_some() {
            return Err(wrong(span, "there is a second document"));
        }
        if !enclosing {
            root = Some(reader.value(event, span)?);
        }
    }
    Ok(root.unwrap_or(Node {
        line: 1,
        kind: Kind::Scalar {
            text: String::new(),
            plain: true,
        },
    }))
}

struct Reader<'t> {
    parser: Parser<'t, saphyr_parser::StrInput<'t>>,
    depth: usize,
    count: usize,
    anchors: BTreeMap<usize, Node>,
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Result<(Event<'t>, Span), ReadError> {
        match self.parser.next_event() {
            None => Ok((Event::StreamEnd, Span::default())),
            Some(Ok(found)) => Ok(found),
            Some(Err(error)) => Err(ReadError {
                line: error.marker().line(),
                problem: lockgate_core::escape::line(error.info()),
            }),
        }
    }

    fn value(&mut self, event: Event<'t>, span: Span) -> Result<Node, ReadError> {
        let line = span.start.line();
        self.depth += 1;
        self.count += 1;
        if self.depth > DEEPEST || self.count > MOST {
            return Err(wrong(span, "it is nested too deeply, or too large"));
        }
        let (kind, anchor) = match event {
            Event::Scalar(text, style, anchor, _) => {
                let (text, plain) = (text.into_owned(), style == ScalarStyle::Plain);
                (Kind::Scalar { text, plain }, anchor)
            }
            Event::SequenceStart(anchor, _) => (self.list()?, anchor),
            Event::MappingStart(anchor, _) => (self.table()?, anchor),
            Event::Alias(anchor) => {
                let known = self.anchors.get(&anchor).cloned();
                let node = known.ok_or_else(|| wrong(span, "an alias lies inside of itself"))?;
                self.count += node.size();
                (node.kind, 0)
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd
            | Event::SequenceEnd
            | Event::MappingEnd => return Err(wrong(span, "it ends too early")),
        };
        self.depth -= 1;
        let node = Node { line, kind };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn list(&mut self) -> Result<Kind, ReadError> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Kind::List(items)),
                (event, span) => items.push(self.value(event, span)?),
            }
        }
    }

    fn table(&mut self) -> Result<Kind, ReadError> {
        let mut rows: Vec<(Node, Node)> = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                return Ok(Kind::Table(rows));
            }
            let key = self.value(event, span)?;
            let Some(text) = key.text() else {
                return Err(wrong(span, "a key is not a text"));
            };
            if rows.iter().any(|(other, _)| other.text() == Some(text)) {
                let text = lockgate_core::escape::quoted(text);
                return Err(wrong(span, &format!("the key {text} stands there twice")));
            }
            let (event, span) = self.next()?;
            let value = self.value(event, span)?;
            rows.push((key, value));
        }
    }
}

fn wrong(span: Span, problem: &str) -> ReadError {
    ReadError {
        line: span.start.line().max(1),
        problem: problem.to_owned(),
    }
}

impl Node {
    /// Returns the text of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } => Some(text),
            Kind::List(_) | Kind::Table(_) => None,
        }
    }

    /// Returns the value of a table's key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.rows()
            .find(|(found, _)| found.text() == Some(key))
            .map(|(_, value)| value)
    }

    /// Returns the value at the end of a path of keys.
    pub fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// Returns the rows of a table; empty for any other value.
    pub fn rows(&self) -> impl Iterator<Item = &(Node, Node)> {
        match &self.kind {
            Kind::Table(rows) => rows.iter(),
            Kind::List(_) | Kind::Scalar { .. } => [].iter(),
        }
    }

    /// Returns the items of a list; a scalar or table counts as a list of itself, as in many places on GitHub.
    pub fn items(&self) -> impl Iterator<Item = &Node> {
        match &self.kind {
            Kind::List(items) => items.iter(),
            Kind::Table(_) | Kind::Scalar { .. } => std::slice::from_ref(self).iter(),
        }
    }

    fn size(&self) -> usize {
        match &self.kind {
            Kind::Scalar { .. } => 1,
            Kind::List(items) => 1 + items.iter().map(Self::size).sum::<usize>(),
            Kind::Table(rows) => {
                let each = rows.iter().map(|(key, value)| key.size() + value.size());
                1 + each.sum::<usize>()
            }
        }
    }

    /// Returns every scalar below, including itself.
    pub fn scalars(&self) -> Vec<&Node> {
        match &self.kind {
            Kind::Scalar { .. } => vec![self],
            Kind::List(items) => items.iter().flat_map(Self::scalars).collect(),
            Kind::Table(rows) => rows
                .iter()
                .flat_map(|(key, value)| [key.scalars(), value.scalars()].concat())
                .collect(),
        }
    }
}
