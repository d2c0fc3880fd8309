//! GET, PUT, APPEND and listings: one file between a data connection and its local place.
//!
//! What is received takes its place when the server's final reply says that it is whole, and not
//! before. MGET and MPUT ([`several`](super::several)) do the same for each of their files.

use super::Session;
use super::commands::usage;
use crate::batch::failure::{ClientCode, Failure};
use crate::batch::local;
use crate::batch::subcommand::{Verb, words};
use crate::batch::text::{DataType, Receiver, Sender};
use crate::dataset::RecordKind;
use crate::message::catalogue::{BATCH_BOUNDARIES_LOST, BATCH_PADDED, BATCH_TRUNCATED};

impl Session {
    pub(super) fn list(&mut self, verb: Verb, command: &str, rest: &str) -> Result<(), Failure> {
        let words = words(rest).map_err(|problem| usage(verb, &problem))?;
        let command = match &words[..] {
            [] => command.to_owned(),
            [name] if !name.starts_with('(') => format!("{command} {name}"),
            _ => return Err(usage(verb, &"expected a name or pattern, or nothing")),
        };
        for line in self.listing(&command)? {
            self.out.line(&line);
        }
        Ok(())
    }

    /// Bytes and lines of a listing, which is kept until the server says that it is whole.
    pub(super) fn listing(&mut self, command: &str) -> Result<Vec<String>, Failure> {
        const MOST: usize = 4 << 20;
        let mut bytes = Vec::new();
        self.link()?.receive(command, false, |piece| {
            bytes.extend_from_slice(piece);
            match bytes.len() {
                0..=MOST => Ok(()),
                _ => Err(usage(Verb::Dir, &"the listing is longer than 4 MiB; name a pattern")),
            }
        })?;
        let text = String::from_utf8_lossy(&bytes);
        Ok(text.lines().map(|line| line.trim_end_matches('\r').to_owned()).collect())
    }

    pub(super) fn get_subcommand(&mut self, rest: &str) -> Result<(), Failure> {
        let (names, replaces) = transfer_operands(Verb::Get, rest)?;
        let (remote, local) = match &names[..] {
            [remote] => (remote, remote.rsplit('/').next().unwrap_or(remote)),
            [remote, local] => (remote, local.as_str()),
            _ => return Err(usage(Verb::Get, &"expected a file, perhaps a local name, (REPLACE")),
        };
        self.get(remote, local, replaces)
    }

    /// Receives a file. It takes its place when the server has said that it is whole.
    pub(super) fn get(&mut self, remote: &str, local: &str, replaces: bool) -> Result<(), Failure> {
        self.control()?;
        let name = self.directory.name(local);
        let name = name.map_err(|problem| usage(Verb::Get, &format!("{local} {problem}")))?;
        let is_text = self.kind != DataType::Binary;
        let sink = local::create(&self.store, &name, &self.settings, replaces, is_text)?;
        let mut receiver = Receiver::new(name.to_string(), sink, self.kind, &self.settings);
        let mut link = self.link()?;
        let moved =
            link.receive(&format!("RETR {remote}"), !is_text, |bytes| receiver.push(bytes))?;
        let received = receiver.finish()?;
        let committed = received.sink.commit();
        committed.map_err(|error| local::failure(ClientCode::FileWrite, &name, &error))?;
        let (written, lrecl) = (received.written, received.lrecl);
        for (message, count) in
            [(&BATCH_PADDED, written.padded), (&BATCH_TRUNCATED, written.truncated)]
        {
            if count > 0 {
                let line = message.render(&[("name", &name), ("count", &count), ("lrecl", &lrecl)]);
                link.out.line(&line);
            }
        }
        link.say("received", &name.to_string(), moved);
        Ok(())
    }

    pub(super) fn put_subcommand(&mut self, rest: &str, appends: bool) -> Result<(), Failure> {
        let verb = if appends { Verb::Append } else { Verb::Put };
        let (names, _) = transfer_operands(verb, rest)?;
        let (local, remote) = match &names[..] {
            [local] => (local, None),
            [local, remote] => (local, Some(remote.as_str())),
            _ => return Err(usage(verb, &"expected a local file, and perhaps a name for it")),
        };
        self.put(verb, local, remote, appends)
    }

    /// Sends a file.
    pub(super) fn put(
        &mut self,
        verb: Verb,
        local: &str,
        remote: Option<&str>,
        appends: bool,
    ) -> Result<(), Failure> {
        self.control()?;
        let name = self.directory.name(local);
        let name = name.map_err(|problem| usage(verb, &format!("{local} {problem}")))?;
        let remote = remote.map(str::to_owned).or_else(|| name.remote());
        let remote =
            remote.ok_or_else(|| usage(verb, &"a DD needs a name for it at the server"))?;
        let source = local::open(&self.store, &name)?;
        if let (Some(attributes), true) = (source.attributes, self.settings.send_site) {
            let (lrecl, recfm, blksize) =
                (attributes.lrecl(), attributes.recfm(), attributes.blksize());
            let form = match recfm.kind {
                RecordKind::Fixed => Some("FIX"),
                RecordKind::Variable => Some("VAR"),
                _ => None,
            };
            if let Some(form) = form {
                self.site(&format!(
                    "SITE {form}recfm {lrecl} LRECL={lrecl} RECFM={recfm} BLKSIZE={blksize}"
                ))?;
            }
        }
        let command = match (appends, self.settings.unique) {
            (true, _) => format!("APPE {remote}"),
            (false, true) => format!("STOU {remote}"),
            (false, false) => format!("STOR {remote}"),
        };
        let mut sender = Sender::new(name.to_string(), source, self.kind, &self.settings);
        if sender.loses_boundaries() {
            self.out.line(&BATCH_BOUNDARIES_LOST.render(&[("name", &name)]));
        }
        let mut link = self.link()?;
        let moved = link.send(&command, |piece| sender.next(piece))?;
        link.say("sent", &name.to_string(), moved);
        Ok(())
    }
}

/// Names of a transfer, and whether (REPLACE stands behind them.
pub(super) fn transfer_operands(verb: Verb, rest: &str) -> Result<(Vec<String>, bool), Failure> {
    let mut names = words(rest).map_err(|problem| usage(verb, &problem))?;
    let at = names.iter().position(|word| word.starts_with('('));
    let Some(at) = at else { return Ok((names, false)) };
    let options = names.split_off(at).join(" ").to_ascii_uppercase();
    match options.trim_matches(['(', ')', ' ']) {
        "REPLACE" => Ok((names, true)),
        other => Err(usage(verb, &format!("({other}: expected (REPLACE"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replace_stands_behind_the_names() {
        let operands = |rest| transfer_operands(Verb::Get, rest).ok();
        let names = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        assert_eq!(operands("a b (replace"), Some((names(&["a", "b"]), true)));
        assert_eq!(operands("a ( REPLACE )"), Some((names(&["a"]), true)));
        assert_eq!(operands("a"), Some((names(&["a"]), false)));
        assert_eq!(operands("a (REPLAC"), None);
    }
}
