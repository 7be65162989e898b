//! The grammar of each textual id, as a predicate.

pub(super) fn object_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

pub(super) fn timestamp(text: &str) -> bool {
    let shape = "dddd-dd-ddTdd:dd:ddZ";
    let fits = |(found, wanted): (u8, u8)| match wanted {
        b'd' => found.is_ascii_digit(),
        other => found == other,
    };
    text.len() == shape.len() && text.bytes().zip(shape.bytes()).all(fits)
}

pub(super) fn lower_name(text: &str) -> bool {
    let inner = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-');
    (1..=40).contains(&text.len())
        && text.bytes().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn safe_characters(text: &str) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

// GitHub rewrites other characters, and leading and trailing dots (GitHub, "Upload a release asset").
pub(super) fn safe_name(text: &str) -> bool {
    (1..=200).contains(&text.len())
        && safe_characters(text)
        && !text.starts_with(['.', '-'])
        && !text.ends_with('.')
}

// git-check-ref-format(1), restricted to names that need no quoting anywhere.
pub(super) fn tag_name(text: &str) -> bool {
    safe_name(text) && !text.contains("..") && !text.ends_with(".lock")
}

pub(super) fn branch_name(text: &str) -> bool {
    let bad =
        |c: char| c.is_control() || matches!(c, ' ' | '~' | '^' | ':' | '?' | '*' | '[' | '\\');
    (1..=255).contains(&text.len())
        && !text.contains(bad)
        && !text.contains("..")
        && !text.contains("//")
        && !text.contains("@{")
        && text != "@"
        && !text.starts_with(['/', '-'])
        && !text.ends_with(['/', '.'])
        && text
            .split('/')
            .all(|part| !part.starts_with('.') && !part.ends_with(".lock"))
}

pub(super) fn login(text: &str) -> bool {
    let name = text.strip_suffix("[bot]").unwrap_or(text);
    (1..=100).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

pub(super) fn repository_name(text: &str) -> bool {
    let part =
        |p: &str| (1..=100).contains(&p.len()) && safe_characters(p) && p != "." && p != "..";
    text.split_once('/')
        .is_some_and(|(owner, name)| part(owner) && part(name))
}

pub(super) fn repo_path(text: &str) -> bool {
    let part = |p: &str| !matches!(p, "" | "." | "..") && !p.eq_ignore_ascii_case(".git");
    text.len() <= 1000
        && crate::escape::is_printable(text)
        && !text.contains('\\')
        && text.split('/').all(part)
}
