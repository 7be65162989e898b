//! Queries git's object database through one `git cat-file` that stays open: starting a process for each object would cost more
//! than all other reads together.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use lockgate_core::ObjectId;

/// The open database, closed when this is dropped.
#[derive(Debug)]
pub struct Objects {
    child: Child,
    ask: Option<ChildStdin>,
    answer: BufReader<ChildStdout>,
}

/// The database's entry for a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// The object.
    pub id: ObjectId,
    /// The size, in bytes.
    pub size: u64,
}

impl Objects {
    /// Opens the database of a prepared `git` command.
    pub fn open(mut git: Command) -> std::io::Result<Self> {
        git.args(["cat-file", "--batch-command"]);
        git.stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = git.spawn()?;
        let (ask, answer) = (child.stdin.take(), child.stdout.take());
        let answer = answer.ok_or_else(|| std::io::Error::other("git has no output"))?;
        Ok(Self {
            child,
            ask,
            answer: BufReader::new(answer),
        })
    }

    /// Returns the object that a name refers to, if any. A name must be one line.
    pub fn info(&mut self, name: &str) -> std::io::Result<Option<Info>> {
        self.tell(&format!("info {name}\n"))?;
        self.head()
    }

    /// Returns the bytes of an object, unless there are more than `most`; and its size.
    pub fn contents(
        &mut self,
        id: &ObjectId,
        most: u64,
    ) -> std::io::Result<Option<(Vec<u8>, u64)>> {
        match self.info(id.as_str())? {
            None => return Ok(None),
            Some(info) if info.size > most => return Ok(Some((Vec::new(), info.size))),
            Some(_) => {}
        }
        self.tell(&format!("contents {id}\n"))?;
        let Some(info) = self.head()? else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        self.answer
            .by_ref()
            .take(info.size)
            .read_to_end(&mut bytes)?;
        let mut end = [0];
        self.answer.read_exact(&mut end)?;
        Ok(Some((bytes, info.size)))
    }

    fn tell(&mut self, line: &str) -> std::io::Result<()> {
        let gone = || std::io::Error::other("git went away");
        self.ask
            .as_mut()
            .ok_or_else(gone)?
            .write_all(line.as_bytes())
    }

    /// Parses `<object> SP <type> SP <size>`, or `<name> SP missing`: git-cat-file(1), "Batch output".
    fn head(&mut self) -> std::io::Result<Option<Info>> {
        let mut line = String::new();
        if self.answer.read_line(&mut line)? == 0 {
            return Err(std::io::Error::other("git went away"));
        }
        let mut words = line.trim_end().split(' ');
        let info = (|| {
            let (id, _kind, size) = (words.next()?, words.next()?, words.next()?);
            Some(Info {
                id: id.parse().ok()?,
                size: size.parse().ok()?,
            })
        })();
        Ok(info)
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        // The process ends at the end of its input.
        self.ask = None;
        let _ = self.child.wait();
    }
}
