//! `lockgate check`: compares the workflows of the work tree with those that this version would write, and lints them. Only reads
//! files.

use lockgate_core::escape::line;
use lockgate_core::reason::reasons;
use lockgate_workflows::{files, lint, runtime};
use serde_json::json;

use super::Context;
use crate::cli;
use crate::command_error::CommandError;
use crate::exit::{Exit, Failure};
use crate::observe::work_tree;

reasons! {
    /// The difference between a workflow file and the generated one.
    pub enum Drift {
        /// The file has a different content.
        Differs { /** Path. */ path: String } =>
            "check.drift", "{path} is not what lockgate.toml asks for", "run `lockgate init`; your own lines belong between \"lockgate:begin-custom NAME\" and \"lockgate:end-custom NAME\"";
        /// The file does not exist.
        Absent { /** Path. */ path: String } =>
            "check.absent", "{path} is not there", "run `lockgate init`";
        /// A file that Lockgate wrote belongs to no package.
        LeftOver { /** Path. */ path: String } =>
            "check.left-over", "{path} belongs to no package of lockgate.toml", "delete it";
    }
}

/// Runs the command.
pub fn run(context: &Context, _args: &cli::Check) -> Result<(), Failure> {
    let here = context.env.dir.display().to_string();
    let none = || CommandError::NoConfig {
        place: lockgate_core::escape::quoted(&here),
    };
    let root = work_tree::with_config(&context.env.dir).ok_or_else(none)?;
    let config = work_tree::parse(&work_tree::config_text(&root)?.ok_or_else(none)?)?;
    let workflows = work_tree::workflows(&root)?;
    let now = |path: &str| workflows.get(path).cloned();
    let mut found = Vec::new();
    for file in files::of(&config, &now) {
        if !file.is_right() {
            let path = file.path.clone();
            let drift = match &file.now {
                Some(_) => Drift::Differs { path },
                None => Drift::Absent { path },
            };
            found.push(Finding::of(&drift, &file.path, None, Some(file.diff())));
        }
    }
    let ours = files::paths(&config);
    for (path, text) in &workflows {
        if files::is_ours(text) && !ours.contains(path) {
            let drift = Drift::LeftOver { path: path.clone() };
            found.push(Finding::of(&drift, path, None, None));
        }
        for broken in lint::lint(&config, path, text) {
            found.push(Finding::of(&broken, path, Some(broken.line), None));
        }
    }
    if runtime::is_old(context.env.now()) {
        context.reporter.say(&format!(
            "the list of actions that still start is of {}: a newer version of lockgate may know more",
            runtime::REVIEWED
        ));
    }
    render(context, &found, workflows.len())
}

/// One problem, with its location.
struct Finding {
    code: &'static str,
    path: String,
    line: Option<usize>,
    message: String,
    hint: String,
    diff: Option<String>,
}

impl Finding {
    fn of(
        reason: &impl lockgate_core::Reason,
        path: &str,
        line: Option<usize>,
        diff: Option<String>,
    ) -> Self {
        Self {
            code: reason.code(),
            path: path.to_owned(),
            line,
            message: reason.to_string(),
            hint: reason.hint(),
            diff,
        }
    }
}

fn render(context: &Context, found: &[Finding], count: usize) -> Result<(), Failure> {
    let mut text = String::new();
    for finding in found {
        let at = finding
            .line
            .map(|line| format!(":{line}"))
            .unwrap_or_default();
        text += &format!(
            "{}{at}: {} ({})\n  next: {}\n",
            line(&finding.path),
            finding.message,
            finding.code,
            finding.hint
        );
        // A diff is untrusted text, so it is escaped line by line.
        for row in finding.diff.iter().flat_map(|diff| diff.lines()) {
            text += &line(row);
            text += "\n";
        }
    }
    let objects: Vec<_> = found
        .iter()
        .map(|finding| {
            json!({
                "code": finding.code,
                "path": finding.path,
                "line": finding.line,
                "message": finding.message,
                "next": finding.hint,
                "diff": finding.diff,
            })
        })
        .collect();
    context.reporter.result(
        "check",
        &text,
        json!({ "findings": objects, "workflows": count }),
    );
    let Some(first) = found.first() else {
        context
            .reporter
            .detail(&format!("{count} workflows are as they should be"));
        return Ok(());
    };
    let more = match found.len() {
        1 => String::new(),
        all => format!(", and {} more findings", all - 1),
    };
    Err(Failure {
        exit: Exit::Refused,
        code: first.code,
        message: format!("{}{more}", first.message),
        hint: first.hint.clone(),
        reported: true,
    })
}
