//! Any printed text is read back unchanged, without affecting anything else.

use proptest::prelude::*;

use super::read::{Kind, Node, read};
use super::write::{Item, Table, Value, document, scalar};
use crate::custom_blocks::CustomBlocks;

/// Texts that YAML readers have taken for something else.
const TRAPS: &[&str] = &[
    "on",
    "On",
    "ON",
    "off",
    "yes",
    "no",
    "y",
    "n",
    "null",
    "~",
    "",
    "true",
    "FALSE",
    "1e3",
    "0x10",
    "0o7",
    "010",
    "1_000",
    "12:30:45",
    "2024-01-01",
    ".inf",
    "-.INF",
    ".nan",
    "nan",
    "-",
    "- x",
    "? x",
    ": x",
    "x: y",
    "x:",
    "x #y",
    "#x",
    "&a",
    "*a",
    "!x",
    "|",
    ">",
    "'",
    "\"",
    "%x",
    "@x",
    "`x",
    "[x",
    "{x",
    "x]",
    "a, b",
    "<<",
    "=",
    " x",
    "x ",
    "---",
    "...",
    "${{ x }}",
    "a\nb",
    "a\tb",
    "\u{feff}x",
    "x\u{2028}y",
    "\u{202e}x",
    "\u{85}",
    "\u{7f}",
    "ü",
    "\u{1f600}",
    "x\\y",
];

fn text_of(node: &Node) -> Option<(&str, bool)> {
    match &node.kind {
        Kind::Scalar { text, plain } => Some((text, *plain)),
        Kind::List(_) | Kind::Table(_) => None,
    }
}

/// Checks a document with a text in every kind of position against the expected tree.
fn holds(text: &str) {
    let mut inner = Table::default();
    inner.put_why("a", Value::Text(text.to_owned()), "why");
    inner.put("b", Value::Words(vec![text.to_owned(), "x".to_owned()]));
    inner.text("c", "end");
    let mut table = Table::default();
    table.put("list", Value::List(vec![Item::Table(inner)]));
    table.text("after", text);
    let printed = document(&table, &CustomBlocks::default());
    let root = read(&printed).unwrap_or_else(|error| panic!("{error}\n{printed}"));
    let keys: Vec<_> = root.rows().filter_map(|(key, _)| key.text()).collect();
    assert_eq!(keys, ["list", "after"], "{printed}");
    let items: Vec<_> = root.get("list").unwrap().items().collect();
    assert_eq!(items.len(), 1, "{printed}");
    let keys: Vec<_> = items[0].rows().filter_map(|(key, _)| key.text()).collect();
    assert_eq!(keys, ["a", "b", "c"], "{printed}");
    let words: Vec<_> = items[0].get("b").unwrap().items().collect();
    assert_eq!(words.len(), 2, "{printed}");
    for node in [
        root.get("after").unwrap(),
        items[0].get("a").unwrap(),
        words[0],
    ] {
        let (found, plain) = text_of(node).unwrap();
        assert_eq!(found, text, "{printed}");
        // Without quotes only what no reader takes for a number, a date or a truth value.
        let tame = text.starts_with(|c: char| c.is_ascii_alphabetic() || "$/(_".contains(c));
        assert!(!plain || tame, "{printed}");
    }
    assert!(printed.is_ascii(), "{printed}");
}

#[test]
fn every_trap_is_read_back_as_the_text_that_it_was() {
    for text in TRAPS {
        holds(text);
    }
    for word in ["on", "No", "TRUE", "null", "y"] {
        assert!(scalar(word).starts_with('\''), "{word}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_back_as_it_was(
        pieces in proptest::collection::vec(prop_oneof![
            proptest::sample::select(TRAPS).prop_map(str::to_owned),
            "[ -~]{0,6}",
            "(.|\\n){0,3}",
        ], 0..6),
    ) {
        holds(&pieces.concat());
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "([-:#&*!|>'\"%@`\\[\\]{},? \\n\\t]|[a-c]){0,60}") {
        let _ = read(&text);
    }
}

#[test]
fn what_could_mean_two_things_is_refused_with_its_line() {
    for (text, problem) in [
        (
            "a: 1\nb: 2\na: 3\n",
            "line 3: the key \"a\" stands there twice",
        ),
        ("a: 1\n---\nb: 2\n", "line 3: there is a second document"),
        ("[a]: 1\n", "line 1: a key is not a text"),
    ] {
        assert_eq!(read(text).unwrap_err().to_string(), problem);
    }
    assert!(read("a: [").is_err());
    assert!(read(&"[".repeat(100)).is_err());
}

#[test]
fn aliases_are_put_in_full_and_no_bomb_goes_off() {
    let root = read("a: &x [1, 2]\nb: *x\n").unwrap();
    assert_eq!(root.get("b").unwrap().items().count(), 2);
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for at in 1..9 {
        let before = format!("*a{}, ", at - 1).repeat(9);
        bomb += &format!("a{at}: &a{at} [{before}]\n");
    }
    assert!(read(&bomb).is_err());
}

#[test]
fn a_value_knows_its_line() {
    let root = read("a:\n  - b: 1\n    c: |\n      x\n      y\n").unwrap();
    let item = root.get("a").unwrap().items().next().unwrap();
    assert_eq!(item.get("b").unwrap().line, 2);
    // For a text of several lines: the line on which the text begins.
    assert_eq!(item.get("c").unwrap().line, 4);
}
