//! Runs scripts: one instruction per line, with its expected transcript.
//!
//! A line that begins with `> ` is an instruction; the lines below it, up to an empty line, are its transcript; `#`
//! begins a comment. docs/rehearse.md lists the instructions. `--bless` writes the actual transcript into the script.
//! The instructions are implemented in [`super::interpreter`].

use std::path::Path;

use lockgate_core::escape::quoted;

use super::interpreter::Interpreter;
use super::{Rehearsed, Workspace};
use crate::command_error::CommandError;
use crate::commands::Context;
use crate::exit::Failure;

/// Runs a script; returns an error if a transcript differs.
pub(super) fn run(
    context: &Context,
    workspace: &Workspace,
    file: &Path,
    bless: bool,
) -> Result<(), Failure> {
    let place = file.display().to_string();
    let text = std::fs::read_to_string(file)
        .map_err(|error| CommandError::file(format!("read {place}"), &error))?;
    let scenes = parse(&text);
    let mut interpreter = Interpreter::new(workspace);
    let (mut seen_all, mut differs) = (String::new(), None);
    for scene in &scenes {
        seen_all += &scene.before;
        let Some(line) = &scene.instruction else {
            continue;
        };
        let wrong = |problem: String| {
            Failure::from(CommandError::Script {
                place: format!("{place}, line {}", scene.line),
                problem,
            })
        };
        context.reporter.detail(&format!("> {line}"));
        let said = interpreter
            .act(&split(line).map_err(&wrong)?)
            .map_err(|failure| wrong(failure.message))?;
        let seen = interpreter.plain(&said);
        seen_all += &format!("> {line}\n{seen}");
        if seen != scene.transcript && differs.is_none() {
            differs = Some(CommandError::Transcript {
                place: format!("{place}, line {}", scene.line),
                problem: format!(
                    "`{line}` said something else{}",
                    difference(&scene.transcript, &seen)
                ),
            });
        }
    }
    if bless {
        std::fs::write(file, &seen_all)
            .map_err(|error| CommandError::file(format!("write {place}"), &error))?;
        context.reporter.result(
            &format!("{place}: blessed"),
            &Rehearsed::Blessed { script: &place },
        );
        return Ok(());
    }
    if let Some(rehearsal_failed) = differs {
        return Err(rehearsal_failed.into());
    }
    let count = scenes
        .iter()
        .filter(|scene| scene.instruction.is_some())
        .count();
    context.reporter.result(
        &format!("{place}: {count} instructions, as written"),
        &Rehearsed::Same {
            script: &place,
            instructions: count,
        },
    );
    Ok(())
}

/// An instruction, the text before it, and its expected output.
#[derive(Debug, Default, PartialEq, Eq)]
struct Scene {
    line: usize,
    before: String,
    instruction: Option<String>,
    transcript: String,
}

fn parse(text: &str) -> Vec<Scene> {
    let mut scenes = vec![Scene::default()];
    let mut in_transcript = false;
    for (at, line) in text.lines().enumerate() {
        if let Some(instruction) = line.strip_prefix("> ") {
            if scenes
                .last()
                .is_some_and(|scene| scene.instruction.is_some())
            {
                scenes.push(Scene::default());
            }
            in_transcript = true;
            if let Some(scene) = scenes.last_mut() {
                (scene.line, scene.instruction) = (at + 1, Some(instruction.to_owned()));
            }
            continue;
        }
        in_transcript &= !line.is_empty();
        if in_transcript {
            if let Some(scene) = scenes.last_mut() {
                scene.transcript += &format!("{line}\n");
            }
            continue;
        }
        if scenes
            .last()
            .is_some_and(|scene| scene.instruction.is_some())
        {
            scenes.push(Scene::default());
        }
        if let Some(scene) = scenes.last_mut() {
            scene.before += &format!("{line}\n");
        }
    }
    scenes
}

/// Splits at spaces; a word that begins with a quote is a JSON string.
fn split(line: &str) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() {
        if rest.starts_with('"') {
            let mut texts = serde_json::Deserializer::from_str(rest).into_iter::<String>();
            let text = texts
                .next()
                .and_then(Result::ok)
                .ok_or_else(|| format!("{} is not a text in quotes", quoted(rest)))?;
            let end = texts.byte_offset();
            found.push(text);
            rest = rest.get(end..).unwrap_or_default().trim_start();
        } else {
            let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
            found.push(word.to_owned());
            rest = after.trim_start();
        }
    }
    Ok(found)
}

fn difference(expected: &str, seen: &str) -> String {
    let (mut expected, mut seen) = (expected.lines(), seen.lines());
    loop {
        match (expected.next(), seen.next()) {
            (None, None) => return String::new(),
            (a, b) if a == b => {}
            (a, b) => {
                return format!(
                    ":\n  expected: {}\n  seen:     {}",
                    a.unwrap_or("(nothing more)"),
                    b.unwrap_or("(nothing more)")
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_reads_into_scenes_and_writes_back_as_it_was() {
        let text = "# A title\n\n> sample minimal\n> push\nfirst\nsecond\n\n# more\n> open x\n";
        let scenes = parse(text);
        let found: Vec<_> = scenes
            .iter()
            .map(|s| (s.instruction.as_deref(), s.transcript.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                (Some("sample minimal"), ""),
                (Some("push"), "first\nsecond\n"),
                (Some("open x"), "")
            ]
        );
        let back: String = scenes
            .iter()
            .map(|s| {
                format!(
                    "{}{}{}",
                    s.before,
                    s.instruction
                        .as_ref()
                        .map(|i| format!("> {i}\n"))
                        .unwrap_or_default(),
                    s.transcript
                )
            })
            .collect();
        assert_eq!(back, text);
    }

    #[test]
    fn words_split_at_spaces_and_quotes_hold_anything() {
        assert_eq!(
            split(r#"write a/b "x\n\"y\"" z"#),
            Ok(vec![
                "write".into(),
                "a/b".into(),
                "x\n\"y\"".into(),
                "z".into()
            ])
        );
        assert!(split(r#"write "open"#).is_err());
    }
}
