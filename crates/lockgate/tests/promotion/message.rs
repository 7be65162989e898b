//! The part of HTTP that a relay has to understand: where a message ends.

use std::io::{self, BufRead, Read};

/// A complete request or response, or a request whose body has not arrived yet.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    /// The first line, without its line break.
    pub(crate) first: String,
    /// The headers, without line breaks.
    headers: Vec<String>,
    pub(crate) body: Vec<u8>,
}

impl Message {
    /// Reads the next head on a connection; `None` at its end.
    pub(crate) fn head(from: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if from.read_line(&mut line)? == 0 {
                return Ok(None);
            }
            match line.trim_end() {
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let first = lines.remove(0);
        Ok(Some(Self {
            first,
            headers: lines,
            body: Vec::new(),
        }))
    }

    /// Creates a response of our own.
    pub(crate) fn answer(kind: &str, body: &str) -> Self {
        let headers = [
            format!("content-type: {kind}"),
            format!("content-length: {}", body.len()),
        ];
        Self {
            first: "HTTP/1.1 200 OK".to_owned(),
            headers: headers.to_vec(),
            body: body.as_bytes().to_vec(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// Removes a header, and sets a new value if there is one.
    pub(crate) fn set(&mut self, name: &str, value: Option<&str>) {
        self.headers.retain(|line| {
            let known = line.split_once(':').map_or("", |(known, _)| known);
            !known.eq_ignore_ascii_case(name)
        });
        self.headers
            .extend(value.map(|value| format!("{name}: {value}")));
    }

    /// Replaces text in all headers, and in a body that is text.
    pub(crate) fn replace(&mut self, from: &str, to: &str) {
        for header in &mut self.headers {
            *header = header.replace(from, to);
        }
        if let Ok(text) = std::str::from_utf8(&self.body) {
            self.body = text.replace(from, to).into_bytes();
        }
        if self
            .header("content-length")
            .is_some_and(|length| length != "0")
        {
            let length = self.body.len().to_string();
            self.set("content-length", Some(&length));
        }
    }

    /// Returns the announced length of the body. None of our requests and none of the fake's responses is chunked.
    pub(crate) fn length(&self) -> usize {
        assert_eq!(self.header("transfer-encoding"), None);
        let length = self.header("content-length");
        length.map_or(0, |length| length.parse().unwrap())
    }

    /// Reads the body, which is everything that is left or what the head announces.
    pub(crate) fn read_body(&mut self, from: &mut impl Read) -> io::Result<()> {
        self.body.resize(self.length(), 0);
        from.read_exact(&mut self.body)
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut text = self.first.clone() + "\r\n";
        for header in &self.headers {
            text = text + header + "\r\n";
        }
        text += "\r\n";
        [text.as_bytes(), &self.body].concat()
    }

    /// Returns method and path, without what differs from run to run.
    pub(crate) fn name(&self) -> String {
        let mut words = self.first.split(' ');
        let (method, address) = (words.next().unwrap(), words.next().unwrap());
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        // Ids, sizes, and digests.
        let digits = |part: &str| part.chars().all(|c| c.is_ascii_digit());
        let varies = |part: &str| {
            (part.len() >= 3 && digits(part))
                || (part.len() >= 40 && part.chars().all(|c| c.is_ascii_hexdigit()))
        };
        let part = |part: &'_ str| match varies(part) {
            true => "*".to_owned(),
            false => part.to_owned(),
        };
        let parts: Vec<String> = path.split('/').map(part).collect();
        // Of a query, only the name of an uploaded file distinguishes calls.
        let file = query.split('&').find(|pair| pair.starts_with("name="));
        let file = file.map_or_else(String::new, |file| format!("?{file}"));
        format!("{method} {}{file}", parts.join("/"))
    }
}
