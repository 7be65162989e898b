//! Templates: names and arguments with placeholders, such as `tool-v{version}`.
//!
//! Does not know which placeholders belong in which template.

use std::fmt;

use crate::ids::{PackageName, VariantName};
use crate::version::Version;

/// A text with placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Placeholder(Placeholder),
}

/// The known placeholders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placeholder {
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

impl Placeholder {
    /// All placeholders.
    pub const ALL: [Self; 8] = [
        Self::Package,
        Self::Version,
        Self::Variant,
        Self::Arch,
        Self::Os,
        Self::Libc,
        Self::Asset,
        Self::Output,
    ];

    /// Returns its name, as between the braces.
    pub fn name(self) -> &'static str {
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
#[derive(Debug, Clone, Copy, Default)]
pub struct Values<'a> {
    /// `{package}`
    pub package: Option<&'a PackageName>,
    /// `{version}`
    pub version: Option<&'a Version>,
    /// `{variant}`, `{arch}`, `{os}`, `{libc}`
    pub variant: Option<VariantValues<'a>>,
    /// `{asset}`
    pub asset: &'a str,
    /// `{output}`
    pub output: &'a str,
}

/// The values of the placeholders that describe a variant.
#[derive(Debug, Clone, Copy)]
pub struct VariantValues<'a> {
    /// `{variant}`
    pub name: &'a VariantName,
    /// `{arch}`
    pub arch: &'a str,
    /// `{os}`
    pub os: &'a str,
    /// `{libc}`
    pub libc: &'a str,
}

/// The error for an unmatched brace or an unknown placeholder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplateProblem {
    /// A brace has no partner.
    Unbalanced,
    /// There is no placeholder of this name.
    Unknown(String),
}

impl<'a> Values<'a> {
    /// Returns values in which only the package is known.
    pub fn of(package: &'a PackageName) -> Self {
        Self {
            package: Some(package),
            ..Self::default()
        }
    }

    fn get(&self, placeholder: Placeholder) -> String {
        let of_variant =
            |value: fn(VariantValues<'_>) -> &str| self.variant.map_or("", value).to_owned();
        match placeholder {
            Placeholder::Package => self.package.map(ToString::to_string).unwrap_or_default(),
            Placeholder::Version => self.version.map(ToString::to_string).unwrap_or_default(),
            Placeholder::Variant => of_variant(|it| it.name.as_str()),
            Placeholder::Arch => of_variant(|it| it.arch),
            Placeholder::Os => of_variant(|it| it.os),
            Placeholder::Libc => of_variant(|it| it.libc),
            Placeholder::Asset => self.asset.to_owned(),
            Placeholder::Output => self.output.to_owned(),
        }
    }
}

impl Template {
    /// Parses a template.
    ///
    /// # Errors
    /// [`TemplateProblem`] for an unmatched brace or an unknown placeholder.
    pub fn parse(text: &str) -> Result<Self, TemplateProblem> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            let inner = from.strip_prefix('{').ok_or(TemplateProblem::Unbalanced)?;
            let (name, after) = inner.split_once('}').ok_or(TemplateProblem::Unbalanced)?;
            let placeholder = Placeholder::ALL
                .into_iter()
                .find(|placeholder| placeholder.name() == name)
                .ok_or_else(|| TemplateProblem::Unknown(name.to_owned()))?;
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            pieces.push(Piece::Placeholder(placeholder));
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Ok(Self { pieces })
    }

    /// Returns the text with each placeholder replaced.
    pub fn fill(&self, values: &Values<'_>) -> String {
        filled(&self.pieces, values)
    }

    /// Returns how many times it contains a placeholder.
    pub fn count(&self, placeholder: Placeholder) -> usize {
        let wanted = Piece::Placeholder(placeholder);
        self.pieces.iter().filter(|piece| **piece == wanted).count()
    }

    /// Returns a placeholder that it contains but is not allowed, if any.
    pub fn beyond(&self, allowed: &[Placeholder]) -> Option<Placeholder> {
        self.pieces.iter().find_map(|piece| match piece {
            Piece::Placeholder(it) if !allowed.contains(it) => Some(*it),
            Piece::Placeholder(_) | Piece::Text(_) => None,
        })
    }

    /// Returns the text before and after the first occurrence of a placeholder, with the others replaced.
    pub fn split_at(&self, placeholder: Placeholder, values: &Values<'_>) -> (String, String) {
        let wanted = Piece::Placeholder(placeholder);
        let mut sides = self.pieces.splitn(2, |piece| *piece == wanted);
        let mut next = || filled(sides.next().unwrap_or_default(), values);
        (next(), next())
    }

    /// Returns the part of a text in the place of a placeholder, if the rest of the text is the template's.
    pub fn extract<'t>(
        &self,
        placeholder: Placeholder,
        values: &Values<'_>,
        text: &'t str,
    ) -> Option<&'t str> {
        let (before, after) = self.split_at(placeholder, values);
        text.strip_prefix(before.as_str())?
            .strip_suffix(after.as_str())
    }
}

fn filled(pieces: &[Piece], values: &Values<'_>) -> String {
    pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Placeholder(placeholder) => values.get(*placeholder),
        })
        .collect()
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pieces.iter().try_for_each(|piece| match piece {
            Piece::Text(text) => f.write_str(text),
            Piece::Placeholder(placeholder) => write!(f, "{{{}}}", placeholder.name()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn braces_without_a_partner_and_unknown_placeholders_are_refused() {
        for text in [
            "a{",
            "a}",
            "{version",
            "version}",
            "{version}}",
            "{{version}}",
        ] {
            assert!(Template::parse(text).is_err(), "{text}");
        }
        let unknown = TemplateProblem::Unknown("Version".to_owned());
        assert_eq!(Template::parse("v{Version}"), Err(unknown));
    }

    #[test]
    fn a_filled_template_gives_the_version_back_and_no_other_text_does() {
        let package = "tool".parse().unwrap();
        let values = Values::of(&package);
        let template = Template::parse("{package}-v{version}-x").unwrap();
        let extract = |text| template.extract(Placeholder::Version, &values, text);
        assert_eq!(extract("tool-v1.0.0-x"), Some("1.0.0"));
        assert_eq!(extract("tool-v-x"), Some(""));
        for other in ["tool-v2", "other-v2-x", "v2-x", "tool-x", "xtool-v2-x", ""] {
            assert_eq!(extract(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn a_template_is_written_as_it_was_read(text in "(\\{(package|version|os|libc)\\}|[a-z{}.-]){0,8}", version in 0u64..9_999_999_999) {
            let Ok(template) = Template::parse(&text) else { return Ok(()) };
            prop_assert_eq!(template.to_string(), text);
            let version = Version::Integer(version);
            let values = Values { version: Some(&version), ..Values::default() };
            if template.count(Placeholder::Version) == 1 {
                let filled = template.fill(&values);
                let found = template.extract(Placeholder::Version, &values, &filled);
                prop_assert_eq!(found.map(str::to_owned), Some(version.to_string()));
            }
        }
    }
}
