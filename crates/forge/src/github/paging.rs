//! Reads listings in pages that are linked by `Link: <...>; rel="next"`.

use serde::de::DeserializeOwned;

use super::answer::Kind;
use super::calls::CachePolicy;
use super::http_client::HttpClient;
use crate::{ErrorKind, ForgeError};

/// The most pages that are read: 10,000 items.
const PAGES: usize = 100;

/// One page of a response, not parsed yet.
#[derive(Clone)]
pub(super) struct Page {
    pub(super) body: Vec<u8>,
    /// The address of the next page, on the API's own host.
    pub(super) next: Option<String>,
}

/// Reads a listing to its end. `url` has no query, or one that `&` can follow; `items` extracts the items of a page.
pub(super) fn all<P: DeserializeOwned, T>(
    http_client: &HttpClient,
    operation: &str,
    url: &str,
    again: CachePolicy,
    items: impl Fn(P) -> Vec<T>,
) -> Result<Vec<T>, ForgeError> {
    let separator = if url.contains('?') { '&' } else { '?' };
    let mut next = Some(format!("{url}{separator}per_page=100"));
    let mut found = Vec::new();
    for _ in 0..PAGES {
        let Some(url) = next else { return Ok(found) };
        let page = http_client.page(operation, &url, again)?;
        found.extend(items(http_client.parsed(
            Kind::Read,
            operation,
            &page.body,
        )?));
        next = page.next;
    }
    match next {
        None => Ok(found),
        Some(_) => Err(http_client.error(
            ErrorKind::InvalidResponse,
            operation,
            "there is no end of pages",
        )),
    }
}

/// Returns the target of `rel="next"` in a `Link` header (RFC 8288).
pub(super) fn next(link: &str) -> Option<&str> {
    let mut rest = link;
    while let Some((_, tail)) = rest.split_once('<') {
        let (target, tail) = tail.split_once('>')?;
        let parameters = tail.split('<').next().unwrap_or_default();
        let is_next = parameters
            .split([';', ','])
            .filter_map(|parameter| parameter.trim().strip_prefix("rel="))
            .any(|value| {
                value
                    .trim_matches('"')
                    .split(' ')
                    .any(|relation| relation.eq_ignore_ascii_case("next"))
            });
        if is_next {
            return Some(target);
        }
        rest = tail;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::next;

    #[test]
    fn the_next_page_is_the_target_of_that_relation() {
        let table = [
            (
                r#"<https://a/?page=2>; rel="next", <https://a/?page=9>; rel="last""#,
                Some("https://a/?page=2"),
            ),
            (
                r#"<https://a/?page=1>; rel="prev", <https://a/?a=1,2&page=3>; rel="next""#,
                Some("https://a/?a=1,2&page=3"),
            ),
            (
                r#"<https://a/?page=1>; rel="first", <https://a/?page=1>; rel="prev""#,
                None,
            ),
            ("<https://a/>; rel=next", Some("https://a/")),
            (
                r#"<https://a/>; title="x"; rel="last next""#,
                Some("https://a/"),
            ),
            ("", None),
            ("<https://a/", None),
        ];
        for (link, expected) in table {
            assert_eq!(next(link), expected, "{link}");
        }
    }
}
