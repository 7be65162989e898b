//! Templates: names and arguments with placeholders, such as `tool-v{version}`.
//!
//! Does not know which placeholders a key requires; [`super::parse`] does.

use std::fmt;

use super::Variant;
use crate::ids::PackageName;
use crate::version::Version;

/// A text with placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Hole(Hole),
}

/// The known placeholders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hole {
    /// `{package}`
    Package,
    /// `{version}`
    Version,
    /// `{variant}`
    Variant,
    /// `{arch}`
    Arch,
    /// `{os}`
    Os,
    /// `{libc}`; empty if the variant does not specify one.
    Libc,
    /// `{asset}`: the name of the executable.
    Asset,
    /// `{output}`: the path of the executable.
    Output,
}

impl Hole {
    pub(super) const ALL: [Self; 8] = [
        Self::Package,
        Self::Version,
        Self::Variant,
        Self::Arch,
        Self::Os,
        Self::Libc,
        Self::Asset,
        Self::Output,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Package => "package",
            Self::Version => "version",
            Self::Variant => "variant",
            Self::Arch => "arch",
            Self::Os => "os",
            Self::Libc => "libc",
            Self::Asset => "asset",
            Self::Output => "output",
        }
    }
}

/// The values of the placeholders.
#[derive(Debug, Clone, Copy)]
pub struct Values<'a> {
    /// `{package}`
    pub package: &'a PackageName,
    /// `{version}`
    pub version: Option<&'a Version>,
    /// `{variant}`, `{arch}`, `{os}`, `{libc}`
    pub variant: Option<&'a Variant>,
    /// `{asset}`
    pub asset: &'a str,
    /// `{output}`
    pub output: &'a str,
}

impl<'a> Values<'a> {
    /// Returns values in which only the package is known.
    pub fn none(package: &'a PackageName) -> Self {
        Self {
            package,
            version: None,
            variant: None,
            asset: "",
            output: "",
        }
    }
}

/// The error for an unmatched brace or an unknown placeholder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TemplateProblem {
    Unbalanced,
    Unknown(String),
}

impl Template {
    pub(super) fn parse(text: &str) -> Result<Self, TemplateProblem> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            let inner = from.strip_prefix('{').ok_or(TemplateProblem::Unbalanced)?;
            let (name, after) = inner.split_once('}').ok_or(TemplateProblem::Unbalanced)?;
            let hole = Hole::ALL
                .into_iter()
                .find(|hole| hole.name() == name)
                .ok_or_else(|| TemplateProblem::Unknown(name.to_owned()))?;
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            pieces.push(Piece::Hole(hole));
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Ok(Self { pieces })
    }

    /// Returns the text with each placeholder replaced.
    pub fn fill(&self, values: &Values<'_>) -> String {
        self.fill_with(|hole| match hole {
            Hole::Package => values.package.to_string(),
            Hole::Version => values.version.map(ToString::to_string).unwrap_or_default(),
            Hole::Variant => values
                .variant
                .map(|v| v.name.to_string())
                .unwrap_or_default(),
            Hole::Arch => values.variant.map(|v| v.arch.clone()).unwrap_or_default(),
            Hole::Os => values
                .variant
                .map(|_| "linux".to_owned())
                .unwrap_or_default(),
            Hole::Libc => values
                .variant
                .and_then(|v| v.libc)
                .map(|l| l.as_str().to_owned())
                .unwrap_or_default(),
            Hole::Asset => values.asset.to_owned(),
            Hole::Output => values.output.to_owned(),
        })
    }

    fn fill_with(&self, value: impl Fn(Hole) -> String) -> String {
        self.pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.clone(),
                Piece::Hole(hole) => value(*hole),
            })
            .collect()
    }

    pub(super) fn count(&self, hole: Hole) -> usize {
        self.pieces
            .iter()
            .filter(|piece| **piece == Piece::Hole(hole))
            .count()
    }

    /// Returns a placeholder that it contains but is not allowed, if any.
    pub(super) fn beyond(&self, allowed: &[Hole]) -> Option<Hole> {
        self.pieces.iter().find_map(|piece| match piece {
            Piece::Hole(hole) if !allowed.contains(hole) => Some(*hole),
            Piece::Hole(_) | Piece::Text(_) => None,
        })
    }

    /// Returns the text before and after the one `{version}`, with the package filled in.
    pub(super) fn around_version(&self, package: &PackageName) -> (String, String) {
        const MARK: &str = "\0";
        let text = self.fill_with(|hole| {
            if hole == Hole::Version {
                MARK.to_owned()
            } else {
                package.to_string()
            }
        });
        text.split_once(MARK)
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .unwrap_or((text, String::new()))
    }

    pub(super) fn extract_version<'t>(
        &self,
        package: &PackageName,
        text: &'t str,
    ) -> Option<&'t str> {
        let (before, after) = self.around_version(package);
        text.strip_prefix(before.as_str())?
            .strip_suffix(after.as_str())
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pieces.iter().try_for_each(|piece| match piece {
            Piece::Text(text) => f.write_str(text),
            Piece::Hole(hole) => write!(f, "{{{}}}", hole.name()),
        })
    }
}
