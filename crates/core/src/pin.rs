//! pin: turns the digests of a version into the `SHA256SUMS` of the repository.
//!
//! Pins make merge rights the trust anchor: an attacker who can replace a published file can replace its receipt too, but
//! not a file on main. Does not know where the digests were read, nor how the file is written.

use crate::config::Package;
use crate::detect::Never;
use crate::document::Sums;
use crate::escape::quoted;
use crate::ids::{AssetName, RepoPath, RunId, Tag};
use crate::reason::{Verdict, reasons};
use crate::version::Version;

/// The source of the digests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrustSource {
    /// A published release, every byte of which was just read and hashed.
    Release(Tag),
    /// The manifest of a candidate that is not published.
    Candidate(RunId),
}

/// The facts that the decision depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The package, from the config in the work tree.
    pub package: Package,
    /// The version to pin.
    pub version: Version,
    /// The digests.
    pub sums: Sums,
    /// The source of the digests.
    pub ground: TrustSource,
    /// The pins file.
    pub path: RepoPath,
    /// The content of the pins file, if it exists.
    pub file: Option<Vec<u8>>,
    /// Whether to report a difference instead of writing the file.
    pub check: bool,
}

/// Nothing to do: the file already has these digests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// The pins file.
    pub path: RepoPath,
}

/// Write the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The pins file.
    pub path: RepoPath,
    /// The new content.
    pub sums: Sums,
    /// Whether nothing in the repository confirmed these bytes before: the reviewer of the change is the first to confirm them.
    pub first_use: bool,
}

reasons! {
    /// A reason why nothing is pinned.
    pub enum Refusal {
        /// The config names no pins file.
        NoFile { /** Package. */ package: String } =>
            "pin.no-file", "lockgate.toml names no pins file for {package}", "add `pins = \"PATH/SHA256SUMS\"` to its table";
        /// The digests do not cover exactly the variants of the package.
        Incomplete { /** Version. */ version: Version, /** Missing. */ missing: String, /** Too many. */ extra: String } =>
            "pin.incomplete", "what was found of version {version} is not one file for each variant (missing: {missing}; unknown: {extra})", "check that the variants in lockgate.toml are those that were built for this version";
        /// The pins and the release disagree about one file.
        OtherBytes { /** File. */ path: RepoPath, /** Asset. */ name: AssetName, /** Pinned. */ pinned: String, /** Published. */ found: String } =>
            "pin.other-bytes", "{path} pins {name} as {pinned}, and published is {found}", "find out why: if the pins were taken from a candidate that was never promoted, delete {path} and run it again; else tell the maintainers, as published bytes may have been replaced";
        /// A release that cannot be verified.
        ForeignRelease { /** Tag. */ tag: Tag, /** Why. */ why: String } =>
            "pin.release-foreign", "{tag} is not pinned, as it is not known to be published by a promotion: {why}", "find out who published it; where only the token may not tell, run it with a GITHUB_TOKEN that has `actions: read`";
        /// The check found a difference.
        Differs { /** File. */ path: RepoPath, /** How. */ problem: String } =>
            "pin.differs", "{path} does not pin this version: {problem}", "run `lockgate pin` without --check, and commit the file";
    }
}

/// Decides how the pins file changes.
pub fn decide(facts: &Facts) -> Verdict<Done, Box<Plan>, Never, Refusal> {
    let path = facts.path.clone();
    if let Some(refusal) = incomplete(facts) {
        return Verdict::Refuse(refusal);
    }
    let old = facts.file.as_deref().map(Sums::parse);
    if let Some(Ok(old)) = &old
        && *old == facts.sums
    {
        return Verdict::Done(Done { path });
    }
    if let (Some(Ok(old)), TrustSource::Release(_)) = (&old, &facts.ground)
        && let Some((name, pinned, found)) = other_bytes(old, &facts.sums)
    {
        return Verdict::Refuse(Refusal::OtherBytes {
            path,
            name,
            pinned,
            found,
        });
    }
    if facts.check {
        let problem = match &old {
            None => "there is no such file".to_owned(),
            Some(Err(problem)) => problem.to_string(),
            Some(Ok(old)) => difference(old, &facts.sums),
        };
        return Verdict::Refuse(Refusal::Differs { path, problem });
    }
    Verdict::Proceed(Box::new(Plan {
        path,
        sums: facts.sums.clone(),
        first_use: matches!(facts.ground, TrustSource::Release(_)),
    }))
}

fn incomplete(facts: &Facts) -> Option<Refusal> {
    let wanted: Vec<AssetName> = facts
        .package
        .variants
        .iter()
        .map(|variant| facts.package.asset(variant, &facts.version))
        .collect();
    let missing: Vec<String> = wanted
        .iter()
        .filter(|name| facts.sums.get(name).is_none())
        .map(ToString::to_string)
        .collect();
    let extra: Vec<String> = facts
        .sums
        .iter()
        .filter(|(name, _)| !wanted.contains(name))
        .map(|(name, _)| name.to_string())
        .collect();
    let list = |names: &[String]| match names {
        [] => "none".to_owned(),
        names => names.join(", "),
    };
    (!missing.is_empty() || !extra.is_empty()).then(|| Refusal::Incomplete {
        version: facts.version.clone(),
        missing: list(&missing),
        extra: list(&extra),
    })
}

/// Returns the first file that both sides know with different bytes.
fn other_bytes(old: &Sums, new: &Sums) -> Option<(AssetName, String, String)> {
    new.iter().find_map(|(name, found)| {
        let pinned = old.get(name)?;
        (pinned != found).then(|| (name.clone(), pinned.to_string(), found.to_string()))
    })
}

fn difference(old: &Sums, new: &Sums) -> String {
    if let Some((name, pinned, found)) = other_bytes(old, new) {
        return format!("it says {pinned} for {name}, not {found}");
    }
    match new.iter().find(|(name, _)| old.get(name).is_none()) {
        Some((name, _)) => format!("it lacks {}", quoted(name.as_str())),
        None => "it lists files that are not of this version".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reason as _;
    use crate::config::Config;

    fn sums(lines: &[(&str, char)]) -> Sums {
        let text: String = lines
            .iter()
            .map(|(name, digit)| format!("{}  {name}\n", digit.to_string().repeat(64)))
            .collect();
        Sums::parse(text.as_bytes()).unwrap()
    }

    fn facts() -> Facts {
        let config = Config::parse(
            r#"
[package.tool]
version-file = "VERSION"
sources = ["src/**"]
tag = "tool-v{version}"
asset = "tool-{variant}-v{version}"
pins = "src/SHA256SUMS"
build = { command = ["make"], output = "out/{asset}" }
variant.amd64 = {}
variant.arm64 = {}
"#,
        );
        Facts {
            package: config.unwrap().packages.into_values().next().unwrap(),
            version: Version::Integer(2),
            sums: sums(&[("tool-amd64-v2", 'a'), ("tool-arm64-v2", 'b')]),
            ground: TrustSource::Release("tool-v2".parse().unwrap()),
            path: "src/SHA256SUMS".parse().unwrap(),
            file: None,
            check: false,
        }
    }

    fn say(change: impl FnOnce(&mut Facts)) -> String {
        let mut facts = facts();
        change(&mut facts);
        match decide(&facts) {
            Verdict::Done(_) => "done".to_owned(),
            Verdict::Proceed(plan) => format!("write, first use: {}", plan.first_use),
            Verdict::Refuse(refusal) => refusal.code().to_owned(),
        }
    }

    #[test]
    fn a_file_is_written_unless_it_says_so_already() {
        let before = |facts: &mut Facts| {
            facts.file = Some(sums(&[("tool-amd64-v1", 'a')]).to_string().into_bytes());
        };
        assert_eq!(say(|_| ()), "write, first use: true");
        assert_eq!(say(before), "write, first use: true");
        assert_eq!(
            say(|f| f.file = Some(b"nonsense\n".to_vec())),
            "write, first use: true"
        );
        assert_eq!(
            say(|f| f.ground = TrustSource::Candidate(RunId(7))),
            "write, first use: false"
        );
        assert_eq!(
            say(|f| f.file = Some(f.sums.to_string().into_bytes())),
            "done"
        );
    }

    #[test]
    fn pins_are_never_bent_to_what_is_published() {
        let other = sums(&[("tool-amd64-v2", 'a'), ("tool-arm64-v2", 'c')]);
        let pinned = |facts: &mut Facts| facts.file = Some(other.to_string().into_bytes());
        assert_eq!(say(pinned), "pin.other-bytes");
        let unpublished = |facts: &mut Facts| {
            pinned(facts);
            facts.ground = TrustSource::Candidate(RunId(7));
        };
        assert_eq!(say(unpublished), "write, first use: false");
    }

    #[test]
    fn only_one_file_for_each_variant_is_pinned() {
        assert_eq!(
            say(|f| f.sums = sums(&[("tool-amd64-v2", 'a')])),
            "pin.incomplete"
        );
        assert_eq!(
            say(|f| f.sums = sums(&[
                ("tool-amd64-v2", 'a'),
                ("tool-arm64-v2", 'b'),
                ("tool-x-v2", 'c')
            ])),
            "pin.incomplete"
        );
        assert_eq!(say(|f| f.version = Version::Integer(3)), "pin.incomplete");
    }

    #[test]
    fn a_check_writes_nothing() {
        let check = |file: Option<Vec<u8>>| {
            let mut facts = facts();
            facts.check = true;
            facts.file = file;
            match decide(&facts) {
                Verdict::Done(_) => "done".to_owned(),
                Verdict::Proceed(_) => "write".to_owned(),
                Verdict::Refuse(refusal) => refusal.to_string(),
            }
        };
        let right = facts().sums.to_string();
        assert_eq!(check(Some(right.into_bytes())), "done");
        assert_eq!(
            check(None),
            "src/SHA256SUMS does not pin this version: there is no such file"
        );
        let older = sums(&[("tool-amd64-v1", 'a')]).to_string();
        assert_eq!(
            check(Some(older.into_bytes())),
            "src/SHA256SUMS does not pin this version: it lacks \"tool-amd64-v2\""
        );
        let more = format!("{}{}  tool-arm64-v3\n", facts().sums, "d".repeat(64));
        assert_eq!(
            check(Some(more.into_bytes())),
            "src/SHA256SUMS does not pin this version: it lists files that are not of this version"
        );
    }
}
