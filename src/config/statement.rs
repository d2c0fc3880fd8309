//! Statements: what each card says by itself, before cards are held against each other.
//!
//! [`read`] parses the fields of every card and reports what is wrong within one; names that other
//! cards refer to are resolved by [`super::build`] once all cards are known, so that cards may stand
//! in any order. A bad field leaves `None`, and the rest of its card is still read.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::card::{Card, Columns};
use super::diagnostic::Report;
use super::field::{Field, Mismatch, Place};
use super::hostkey;
use super::rules::{Destination, PortSet};
use super::{Action, Host, HostKeyPin, ListenerKind};
use crate::message::catalogue::{
    CARD_UNKNOWN_TYPE, FIELD_INVALID, FIELD_MISSING, NAME_DUPLICATE, NAME_INVALID,
};
use crate::message::diagnostic::quoted;

/// SSH port of a PROFILE card that leaves it blank.
const SSH_PORT: u16 = 22;

/// LISTEN: kind, port, address.
const LISTEN: [Columns; 3] = [(19, 26), (28, 32), (34, 71)];

/// PROFILE: port, host.
const PROFILE: [Columns; 2] = [(19, 23), (25, 71)];

/// SET: keyword, value.
const SET: [Columns; 2] = [(19, 30), (32, 71)];

/// HOSTKEY: fingerprint or key.
const HOSTKEY: [Columns; 1] = [(19, 71)];

/// FILTER: action, profile, three flags, ports, destination.
const FILTER: [Columns; 7] = [(19, 25), (27, 34), (36, 36), (37, 37), (38, 38), (40, 50), (52, 71)];

/// All statements of a deck, each kind in deck order.
#[derive(Debug, Default)]
pub(super) struct Statements {
    pub names: Names,
    pub listeners: Vec<Listen>,
    pub profiles: Vec<Server>,
    pub settings: Vec<Set>,
    pub pins: Vec<Pin>,
    pub filters: Vec<Rule>,
}

/// A LISTEN card.
#[derive(Debug)]
pub(super) struct Listen {
    pub name: Field,
    pub kind: Option<ListenerKind>,
    pub address: Option<SocketAddr>,
    /// Where the port stands.
    pub place: Place,
}

/// A PROFILE card.
#[derive(Debug)]
pub(super) struct Server {
    pub name: Field,
    pub port: Option<u16>,
    /// None: the application's.
    pub host: Option<String>,
}

/// A SET card.
#[derive(Debug)]
pub(super) struct Set {
    pub name: Field,
    pub keyword: Field,
    pub value: Field,
}

/// A HOSTKEY card.
#[derive(Debug)]
pub(super) struct Pin {
    pub profile: Field,
    pub key: Option<HostKeyPin>,
}

/// A FILTER card.
#[derive(Debug)]
pub(super) struct Rule {
    pub name: Field,
    pub action: Option<Action>,
    pub profile: Field,
    pub user_from_app: Flag,
    pub host_from_app: Flag,
    pub fallback_plain: Flag,
    pub ports: Option<PortSet>,
    pub destination: Option<Destination>,
}

/// A column with Y or N; blank is N.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flag {
    /// None: neither, reported.
    pub on: Option<bool>,
    pub place: Place,
}

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    Listener,
    Profile,
    Filter,
    /// A card that could not be read: nothing more is said about it.
    Unknown,
}

/// The one name space of the deck: upper-case name, what it stands for, and its card.
#[derive(Debug, Default)]
pub(super) struct Names(HashMap<String, (Owner, usize)>);

impl Names {
    /// What the name stands for.
    pub fn owner(&self, name: &str) -> Option<Owner> {
        self.0.get(name).map(|(owner, _)| *owner)
    }

    /// Enters the name of a card, if it is one and new.
    fn define(&mut self, name: &Field, card: usize, owner: Owner, report: &mut Report) {
        if name.is_blank() {
            report.add(&FIELD_MISSING, name.place(), "blanks", "a name");
            return;
        }
        if report.accept(&NAME_INVALID, name, check_name(&name.text)).is_none() {
            return;
        }
        match self.0.get(&name.text) {
            Some((Owner::Unknown, _)) | None => {
                self.0.insert(name.text.clone(), (owner, card));
            }
            Some((_, first)) => {
                let expected = format!("a name other than that of card {first}");
                report.add(&NAME_DUPLICATE, name.place(), &quoted(&name.text), &expected);
            }
        }
    }
}

/// Reads every card by its type.
pub(super) fn read(cards: &[Card], report: &mut Report) -> Statements {
    let mut all = Statements::default();
    for card in cards {
        match card.kind.text.as_str() {
            "SET" | "HOSTKEY" if card.spoiled => {}
            _ if card.spoiled => all.define_unknown(card),
            "LISTEN" => {
                let listen = listen(card, report);
                all.names.define(&card.name, card.number(), Owner::Listener, report);
                all.listeners.push(listen);
            }
            "PROFILE" => {
                let server = server(card, report);
                all.names.define(&card.name, card.number(), Owner::Profile, report);
                all.profiles.push(server);
            }
            "FILTER" => {
                let rule = rule(card, report);
                all.names.define(&card.name, card.number(), Owner::Filter, report);
                all.filters.push(rule);
            }
            "SET" => {
                let [mut keyword, value] = card.fields(SET, report);
                keyword.text.make_ascii_uppercase();
                all.settings.push(Set { name: card.name.clone(), keyword, value });
            }
            "HOSTKEY" => {
                let [key] = card.fields(HOSTKEY, report);
                let key = required(&key, "a SHA256 fingerprint or a public key", report)
                    .and_then(|text| report.accept(&FIELD_INVALID, &key, hostkey::parse(text)));
                all.pins.push(Pin { profile: card.name.clone(), key });
            }
            kind => {
                let expected = match kind {
                    "" => "a card type, or a continued card before this one: column 72 not blank",
                    _ => "LISTEN, PROFILE, SET, HOSTKEY or FILTER",
                };
                report.add(&CARD_UNKNOWN_TYPE, card.kind.place(), &quoted(kind), expected);
                all.define_unknown(card);
            }
        }
    }
    all
}

impl Statements {
    fn define_unknown(&mut self, card: &Card) {
        let unknown = (Owner::Unknown, card.number());
        self.names.0.entry(card.name.text.clone()).or_insert(unknown);
    }
}

fn listen(card: &Card, report: &mut Report) -> Listen {
    let [kind, port, address] = card.fields(LISTEN, report);
    let place = port.place();
    let kind = required(&kind, "SOCKS", report).and_then(|text| {
        let parsed = match text.to_ascii_uppercase().as_str() {
            "SOCKS" => Ok(ListenerKind::Socks),
            _ => Err(Mismatch::whole(text, "SOCKS")),
        };
        report.accept(&FIELD_INVALID, &kind, parsed)
    });
    let port = required(&port, "a port, 1-65535", report)
        .and_then(|text| report.accept(&FIELD_INVALID, &port, parse_port(text)));
    let host = match address.text.as_str() {
        "" => Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        text => {
            let parsed = text
                .parse::<IpAddr>()
                .map_err(|_| Mismatch::whole(text, "an IPv4 or IPv6 address to bind"));
            report.accept(&FIELD_INVALID, &address, parsed)
        }
    };
    let address = host.zip(port).map(SocketAddr::from);
    Listen { name: card.name.clone(), kind, address, place }
}

fn server(card: &Card, report: &mut Report) -> Server {
    let [port, host] = card.fields(PROFILE, report);
    let port = match port.text.as_str() {
        "" => Some(SSH_PORT),
        text => report.accept(&FIELD_INVALID, &port, parse_port(text)),
    };
    let host = match host.text.as_str() {
        "" => None,
        // A bad name is still a name: the filters of this profile are checked as if it were right.
        text => report.accept(&FIELD_INVALID, &host, parse_server(text)).or(Some(String::new())),
    };
    Server { name: card.name.clone(), port, host }
}

fn rule(card: &Card, report: &mut Report) -> Rule {
    let [action, mut profile, user, host, plain, ports, destination] = card.fields(FILTER, report);
    let expected = "DIRECT, BLOCK, TUNNEL or FTPTUN";
    let action = required(&action, expected, report).and_then(|text| {
        let parsed = match text.to_ascii_uppercase().as_str() {
            "DIRECT" => Ok(Action::Direct),
            "BLOCK" => Ok(Action::Block),
            "TUNNEL" => Ok(Action::Tunnel),
            "FTPTUN" => Ok(Action::FtpTunnel),
            _ => Err(Mismatch::whole(text, expected)),
        };
        report.accept(&FIELD_INVALID, &action, parsed)
    });
    profile.text.make_ascii_uppercase();
    Rule {
        name: card.name.clone(),
        action,
        profile,
        user_from_app: flag(&user, report),
        host_from_app: flag(&host, report),
        fallback_plain: flag(&plain, report),
        ports: required(&ports, "ports like 21, 20-21 or 25,110, or * for all", report)
            .and_then(|text| report.accept(&FIELD_INVALID, &ports, PortSet::parse(text))),
        destination: required(&destination, "addresses or names, or * for all", report)
            .and_then(|text| report.accept(&FIELD_INVALID, &destination, Destination::parse(text))),
    }
}

fn flag(field: &Field, report: &mut Report) -> Flag {
    let on = match field.text.as_str() {
        "Y" | "y" => Ok(true),
        "N" | "n" | "" => Ok(false),
        text => Err(Mismatch::whole(text, "Y or N")),
    };
    Flag { on: report.accept(&FIELD_INVALID, field, on), place: field.place() }
}

/// The text of a field that must not be blank; reports one that is.
fn required<'a>(field: &'a Field, expected: &str, report: &mut Report) -> Option<&'a str> {
    if field.is_blank() {
        report.add(&FIELD_MISSING, field.place(), "blanks", expected);
        return None;
    }
    Some(&field.text)
}

fn check_name(name: &str) -> Result<(), Mismatch> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "$#@".contains(c);
    match name.chars().enumerate().find(|(_, c)| !allowed(*c)) {
        Some(_) => Err(Mismatch::whole(name, "a name of letters, digits, $, # and @")),
        None => Ok(()),
    }
}

fn parse_port(text: &str) -> Result<u16, Mismatch> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let port = text.parse().ok().filter(|port| digits && *port > 0);
    port.ok_or_else(|| Mismatch::whole(text, "a port, 1-65535"))
}

/// Name or address of an SSH server: the name as [`Host`] keeps it.
fn parse_server(text: &str) -> Result<String, Mismatch> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
    let mismatch = || Mismatch::whole(text, "the name or address of an SSH server, or blanks");
    match Host::parse(text) {
        Some(Host::Address(address)) => Ok(address.to_string()),
        Some(Host::Name(name)) if name.chars().all(allowed) && !name.contains(':') => Ok(name),
        _ => Err(mismatch()),
    }
}
