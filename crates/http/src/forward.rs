//! Rewrites plain `http` requests for a proxy: the whole address in the first line (RFC 9112, 3.2.2), and the proxy's login.
//!
//! A connection carries several requests, and a body can look like the head of a request. So the bytes of each body are counted
//! and passed on as they are.

use std::borrow::Cow;

use ureq::http::Uri;

/// A proxy that is sent the whole address of plain requests.
#[derive(Debug, Clone)]
pub(crate) struct Forward {
    /// Its address.
    pub(crate) uri: Uri,
    /// The value of `Proxy-Authorization`, if the proxy has a user name or password.
    pub(crate) login: Option<String>,
}

/// The requests of one connection to a proxy.
#[derive(Debug)]
pub(crate) struct Forwarded {
    proxy: Forward,
    /// Host and port of the server.
    server: String,
    /// How much of the current request's body has yet to be sent, in bytes.
    body: u64,
}

impl Forwarded {
    pub(crate) fn new((proxy, server): (Forward, String)) -> Self {
        Self {
            proxy,
            server,
            body: 0,
        }
    }

    /// Returns the bytes to send to the proxy. The HTTP library writes each head in one piece, without any of its body.
    pub(crate) fn rewrite<'o>(&mut self, output: &'o [u8]) -> Cow<'o, [u8]> {
        if self.body > 0 {
            self.body = self.body.saturating_sub(output.len() as u64);
            return output.into();
        }
        let Some((method, target, rest)) = first_line(output) else {
            return output.into();
        };
        self.body = content_length(rest);
        let mut all = format!("{method} http://{}{target} HTTP/1.1\r\n", self.server);
        if let Some(login) = &self.proxy.login {
            all += &format!("Proxy-Authorization: {login}\r\n");
        }
        let mut all = all.into_bytes();
        all.extend_from_slice(rest);
        all.into()
    }
}

/// Returns method, path and the headers of a head.
fn first_line(head: &[u8]) -> Option<(&str, &str, &[u8])> {
    let end = head.windows(2).position(|two| two == b"\r\n")?;
    let (line, rest) = (head.get(..end)?, head.get(end + 2..)?);
    let line = std::str::from_utf8(line).ok()?.strip_suffix(" HTTP/1.1")?;
    let (method, target) = line.split_once(' ')?;
    target.starts_with('/').then_some((method, target, rest))
}

fn content_length(headers: &[u8]) -> u64 {
    let mut lines = headers.split(|byte| *byte == b'\n');
    let length = lines.find_map(|line| {
        let (name, value) = std::str::from_utf8(line).ok()?.split_once(':')?;
        let named = name.eq_ignore_ascii_case("content-length");
        named.then(|| value.trim().parse().ok()).flatten()
    });
    length.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forwarded(login: Option<&str>) -> Forwarded {
        let proxy = Forward {
            uri: Uri::from_static("http://proxy:3128"),
            login: login.map(str::to_owned),
        };
        Forwarded::new((proxy, "a:8".to_owned()))
    }

    fn sent(to: &mut Forwarded, output: &str) -> String {
        String::from_utf8(to.rewrite(output.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn a_proxy_is_sent_the_whole_address_and_its_login() {
        let head = "GET /x?y HTTP/1.1\r\nhost: a:8\r\n\r\n";
        let line = "GET http://a:8/x?y HTTP/1.1\r\n";
        let plain = sent(&mut forwarded(None), head);
        assert_eq!(plain, format!("{line}host: a:8\r\n\r\n"));
        let login = "Proxy-Authorization: Basic bWU6\r\n";
        let with_login = sent(&mut forwarded(Some("Basic bWU6")), head);
        assert_eq!(with_login, format!("{line}{login}host: a:8\r\n\r\n"));
    }

    #[test]
    fn a_body_that_looks_like_a_request_is_passed_on_as_it_is() {
        let mut to = forwarded(Some("Basic bWU6"));
        let body = "GET /x HTTP/1.1\r\n\r\n";
        let head = format!(
            "POST /y HTTP/1.1\r\ncontent-length: {}\r\n\r\n",
            2 * body.len()
        );
        assert!(sent(&mut to, &head).starts_with("POST http://a:8/y HTTP/1.1\r\n"));
        assert_eq!(sent(&mut to, body), body);
        assert_eq!(sent(&mut to, body), body);
        let next = "DELETE /z HTTP/1.1\r\n\r\n";
        assert!(sent(&mut to, next).starts_with("DELETE http://a:8/z HTTP/1.1\r\n"));
        assert!(sent(&mut to, next).starts_with("DELETE http://a:8/z HTTP/1.1\r\n"));
    }
}
