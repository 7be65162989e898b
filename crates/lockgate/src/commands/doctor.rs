//! `lockgate doctor`: checks the repository's settings, and reports which promises they protect.

use lockgate_core::config::{Package, TrustLevel};
use lockgate_core::doctor::{self, Facts, Finding, Outcome, Problem};
use lockgate_core::gate::GATE_ENVIRONMENT;
use lockgate_core::promote::ENVIRONMENT;
use lockgate_core::settings::{BranchRules, Reading};
use lockgate_core::{BranchName, Reason as _};
use lockgate_forge::{Forge as _, Settings as _};
use serde::Serialize;

use super::Context;
use crate::cli;
use crate::exit::{Exit, Failure};
use crate::observe::remote::{Base, Remote, Roles};
use crate::output::document;

/// Runs the command.
pub fn run(context: &Context, args: &cli::Doctor) -> Result<(), Failure> {
    let remote = Remote::open(&context.env)?;
    let Base { branch, tree, .. } = remote.base(args.base.as_deref())?;
    let config = tree.config(&format!("the branch {branch}"))?;
    let hardened = args.hardened || config.workflows.level == TrustLevel::Hardened;
    let repository = remote.forge.repository()?;
    let facts = Facts {
        written_for: (config.workflows.branch.clone(), repository.default_branch),
        private: repository.private.then_some(repository.name),
        packages: config
            .packages
            .values()
            .map(|package| (package.name.clone(), tag_prefix(package)))
            .collect(),
        rules: remote.forge.branch_rules(&branch)?,
        listed: listed(&remote, &config.workflows.branches)?,
        environment: (
            ENVIRONMENT.to_owned(),
            remote.environment(ENVIRONMENT, Roles::All)?,
        ),
        gate_environment: match hardened {
            true => Some((
                GATE_ENVIRONMENT.to_owned(),
                remote.forge.environment(GATE_ENVIRONMENT)?,
            )),
            false => None,
        },
        app: context
            .env
            .var("LOCKGATE_APP_ID")
            .and_then(|id| id.parse().ok()),
        immutable: remote.forge.immutable_releases()?,
        tags: remote.forge.tag_rules()?,
        workflows: remote.forge.workflow_rights()?,
        hardened,
        branch,
    };
    render(context, &doctor::decide(&facts))
}

/// Reads the rulesets of each of these branches: one call for each.
fn listed(
    remote: &Remote<'_>,
    branches: &[BranchName],
) -> Result<Vec<(BranchName, Reading<BranchRules>)>, Failure> {
    let mut all = Vec::new();
    for branch in branches {
        all.push((branch.clone(), remote.forge.branch_rules(branch)?));
    }
    Ok(all)
}

/// Returns the common prefix of a package's tags.
fn tag_prefix(package: &Package) -> String {
    let template = package.tag.to_string();
    let template = template.replace("{package}", package.name.as_str());
    template.split('{').next().unwrap_or_default().to_owned()
}

fn render(context: &Context, findings: &[Finding]) -> Result<(), Failure> {
    let mut text = String::new();
    for finding in findings {
        let (word, problem) = parts(finding);
        text += &format!("{word:7}  {}\n", finding.question);
        if let Some(problem) = problem {
            text += &format!(
                "         {problem} ({})\n         next: {}\n",
                problem.code(),
                problem.hint()
            );
        }
    }
    let of = |wanted: &str| {
        let all = findings.iter().map(parts);
        all.filter(|(word, _)| *word == wanted)
            .find_map(|(_, problem)| problem)
    };
    // A setting that could not be read is not a pass; a token with more permissions may still find it correct.
    let failure = match (of("fail"), of("unknown")) {
        (Some(problem), _) => Some(Failure::new(Exit::Refused, problem)),
        (None, Some(problem)) => Some(Failure::new(Exit::CouldNot, problem)),
        (None, None) => None,
    };
    let findings: Vec<Checked<'_>> = findings
        .iter()
        .map(|finding| {
            let (outcome, problem) = parts(finding);
            Checked {
                question: &finding.question,
                outcome,
                problem: problem.map(document::Problem::of),
            }
        })
        .collect();
    context.reporter.end(&text, &Findings { findings }, failure)
}

#[derive(Serialize)]
struct Findings<'a> {
    findings: Vec<Checked<'a>>,
}

#[derive(Serialize)]
struct Checked<'a> {
    question: &'a str,
    outcome: &'static str,
    #[serde(flatten)]
    problem: Option<document::Problem>,
}

fn parts(finding: &Finding) -> (&'static str, Option<&Problem>) {
    match &finding.outcome {
        Outcome::Pass => ("pass", None),
        Outcome::Note(problem) => ("note", Some(problem)),
        Outcome::Fail(problem) => ("fail", Some(problem)),
        Outcome::Unknown(problem) => ("unknown", Some(problem)),
    }
}
