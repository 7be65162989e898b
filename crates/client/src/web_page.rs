//! Distinguishes a web page from a file by its media type and its first bytes.

use lockgate_http::http::{Response, header};
use lockgate_http::{Body, header};

/// Whether the response's media type is a web page's.
pub(crate) fn is_html(response: &Response<Body>) -> bool {
    let kind = header(response, header::CONTENT_TYPE).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("text/html") || kind.eq_ignore_ascii_case("application/xhtml+xml")
}

/// Whether bytes are the beginning of a web page. A server may send an executable with the media type of a page, and a
/// page with another; but no executable, receipt or list of digests begins with `<`.
pub(crate) fn is_web_page(html: bool, first: &[u8]) -> bool {
    let first = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first);
    let first = first.trim_ascii_start();
    let begins = |with: &[u8]| {
        let start = first.get(..with.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(with))
    };
    (html && begins(b"<")) || begins(b"<!doctype html") || begins(b"<html")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_web_page_is_told_by_how_it_begins() {
        let table: [(bool, &[u8], bool); 10] = [
            (true, b"<p>sign in", true),
            (false, b"<p>sign in", false),
            (false, b"<!DOCTYPE html><title>", true),
            (false, b"\xef\xbb\xbf\r\n <HTML lang=en>", true),
            (true, b"\n\n  <", true),
            (true, b"\x7fELF<html>", false),
            (true, b"#!/bin/sh\n", false),
            (true, b"{\"format\": 1}", false),
            (true, b"", false),
            (false, b"<htm", false),
        ];
        for (html, first, expected) in table {
            assert_eq!(is_web_page(html, first), expected, "{html} {first:?}");
        }
    }
}
