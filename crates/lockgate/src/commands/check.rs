//! `lockgate check`: compares the workflows of the work tree with those that this version would write, and lints them. Only reads
//! files.

use lockgate_core::escape::line;
use lockgate_core::reason::reasons;
use lockgate_workflows::{files, lint, runtime};
use serde::Serialize;

use super::Context;
use crate::cli;
use crate::command_error::CommandError;
use crate::exit::{Exit, Failure};
use crate::observe::work_tree;
use crate::output::document::Problem;

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
    render(context, found, workflows.len())
}

#[derive(Serialize)]
struct Findings {
    findings: Vec<Finding>,
    /// How many workflows the repository has.
    workflows: usize,
}

/// One problem, with its location.
#[derive(Serialize)]
struct Finding {
    #[serde(flatten)]
    problem: Problem,
    path: String,
    line: Option<usize>,
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
            problem: Problem::of(reason),
            path: path.to_owned(),
            line,
            diff,
        }
    }
}

fn render(context: &Context, found: Vec<Finding>, workflows: usize) -> Result<(), Failure> {
    let mut text = String::new();
    for finding in &found {
        let at = finding
            .line
            .map(|line| format!(":{line}"))
            .unwrap_or_default();
        text += &format!(
            "{}{at}: {} ({})\n  next: {}\n",
            line(&finding.path),
            finding.problem.message,
            finding.problem.code,
            finding.problem.hint
        );
        // A diff is untrusted text, so it is escaped line by line.
        for row in finding.diff.iter().flat_map(|diff| diff.lines()) {
            text += &line(row);
            text += "\n";
        }
    }
    let failure = found.first().map(|first| {
        let more = match found.len() {
            1 => String::new(),
            all => format!(", and {} more findings", all - 1),
        };
        let Problem {
            code,
            message,
            hint,
        } = first.problem.clone();
        Failure {
            exit: Exit::Refused,
            code,
            message: message + &more,
            hint,
        }
    });
    if failure.is_none() {
        context
            .reporter
            .detail(&format!("{workflows} workflows are as they should be"));
    }
    let findings = Findings {
        findings: found,
        workflows,
    };
    context.reporter.end(&text, &findings, failure)
}
