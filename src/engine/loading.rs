//! What a start and a refresh both do before anything changes: read the deck and the files a
//! running proxy holds, and bind the addresses that are new.
//!
//! Everything that is wrong has been said in the log when a [`Rejected`] comes back; it carries the
//! same lines for the operator who asked.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use super::accept::Acceptor;
use super::passed::PassedSockets;
use super::shared::Live;
use crate::config::{self, Config, Diagnostic, Listener, LoadError, LoadOptions, Loaded};
use crate::dataset::FileName;
use crate::message::catalogue::{LISTEN_FAILED, USERS_FAILED};
use crate::message::{Argument, Message};
use crate::say;
use crate::socks::users::Users;

/// A deck that is not put in force.
#[derive(Debug)]
pub struct Rejected {
    /// What kind of thing is wrong.
    pub cause: Cause,
    /// The messages that say what is wrong.
    pub lines: Vec<String>,
    /// How many of them are errors.
    pub errors: usize,
}

/// What keeps a deck from being put in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The deck, or a file it names, has errors.
    Deck,
    /// The deck cannot be read.
    Unreadable,
    /// An address cannot be bound.
    Address,
}

/// Reads and checks the deck and the users of its listeners.
pub fn read_deck(deck: &FileName, options: &LoadOptions) -> Result<Arc<Live>, Rejected> {
    let Loaded { config, warnings } = config::load(deck, options).map_err(|error| {
        error.diagnostics().iter().for_each(Diagnostic::emit);
        Rejected {
            cause: match error {
                LoadError::Unreadable(_) => Cause::Unreadable,
                LoadError::Invalid(_) => Cause::Deck,
            },
            lines: error.diagnostics().iter().map(|diagnostic| diagnostic.line.clone()).collect(),
            errors: error.errors().max(1),
        }
    })?;
    warnings.iter().for_each(Diagnostic::emit);
    let mut users = HashMap::new();
    for listener in &config.listeners {
        let Some(path) = &listener.users else { continue };
        let read = Users::load(path).map_err(|error| {
            let arguments: &[Argument<'_>] =
                &[("listener", &listener.name), ("file", &path), ("reason", &error)];
            Rejected::said(Cause::Deck, &USERS_FAILED, arguments)
        })?;
        users.insert(listener.name.clone(), Arc::new(read));
    }
    Ok(Arc::new(Live::new(config, users)))
}

/// Opens the doors of addresses that have none yet, in deck order: with the socket that was passed
/// for an address, or else with one that is bound now.
pub fn bind_new(
    config: &Config,
    bound: &HashMap<SocketAddr, usize>,
    passed: &PassedSockets,
) -> Result<Vec<Acceptor>, Rejected> {
    let new = |listener: &&Arc<Listener>| !bound.contains_key(&listener.address);
    let open = |listener: &Arc<Listener>| {
        open(listener, passed).map_err(|error| {
            let arguments: &[Argument<'_>] =
                &[("name", &listener.name), ("address", &listener.address), ("reason", &error)];
            Rejected::said(Cause::Address, &LISTEN_FAILED, arguments)
        })
    };
    let acceptors = config.listeners.iter().filter(new).map(open).collect();
    passed.report_unused(config);
    acceptors
}

fn open(listener: &Listener, passed: &PassedSockets) -> io::Result<Acceptor> {
    match passed.at(listener.address) {
        Some((socket, name)) => {
            let acceptor = Acceptor::from_listening(socket?)?;
            say!(PASSED_USED, listener = listener.name, name = name);
            Ok(acceptor)
        }
        None => Acceptor::bind(listener.address),
    }
}

impl Rejected {
    fn said(cause: Cause, message: &Message, arguments: &[Argument<'_>]) -> Self {
        message.emit(arguments);
        Self { cause, lines: vec![message.render(arguments)], errors: 1 }
    }
}
