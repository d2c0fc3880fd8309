//! Data connections: who opens them, and how.
//!
//! | session | way of the data |
//! |---|---|
//! | IPv6, or EPSV4 and the server knows EPSV | EPSV, and a connection to the server |
//! | FWFRIENDLY | PASV, and a connection to the address of the reply, or with PASSIVEIGNOREADDR to the server |
//! | else, by SOCKS | BIND, PORT with the address that it gave, and the connection of the BIND |
//! | else | PORT or EPRT, and a connection from the server |

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};

use super::control::{Control, broken};
use super::failure::{ClientCode, Failure};
use super::net::{self, Deadline};
use super::output::Output;
use super::settings::Settings;
use super::socks::{self, Bound, SocksError};
use super::socksfile::Way;
use crate::ftp::address::{format_eprt, format_port, parse_227, parse_229};
use crate::message::catalogue::{BATCH_NOT_CONNECTED, BATCH_REFUSED, ZOS_BIND_REFUSED};

/// A data connection that the server was told of.
pub enum Pending {
    /// It is there.
    Connected(TcpStream),
    /// It comes out of a BIND.
    Bound(Bound),
    /// It comes from this address.
    Listening(TcpListener, IpAddr),
}

/// Arranges one with the server.
pub fn prepare(
    control: &mut Control,
    settings: &Settings,
    out: &mut Output,
) -> Result<Pending, Failure> {
    let is_ipv6 = control.server.is_ipv6();
    if (is_ipv6 || settings.epsv4) && !control.is_without_epsv {
        let reply = control.ask("EPSV", settings.timers.reply, out)?;
        if reply.code == 229 {
            let port = parse_229(&reply.line).map_err(|error| unreadable("EPSV", &error))?;
            return connect(control, SocketAddr::new(control.server.ip(), port), settings);
        }
        if is_ipv6 && settings.firewall_friendly {
            return Err(refused("EPSV", control.last));
        }
        control.is_without_epsv = true;
    }
    if settings.firewall_friendly {
        let reply = control.ask("PASV", settings.timers.reply, out)?;
        if reply.code != 227 {
            return Err(refused("PASV", control.last));
        }
        let address = parse_227(&reply.line).map_err(|error| unreadable("PASV", &error))?;
        let ip = match settings.passive_ignore_address {
            true => control.server.ip(),
            false => (*address.ip()).into(),
        };
        return connect(control, SocketAddr::new(ip, address.port()), settings);
    }
    let (pending, command) = active(control, settings)?;
    let reply = control.ask(&command, settings.timers.reply, out)?;
    match reply.code.is_completion() {
        true => Ok(pending),
        false => Err(refused(command.split(' ').next().unwrap_or_default(), control.last)),
    }
}

fn connect(control: &Control, target: SocketAddr, settings: &Settings) -> Result<Pending, Failure> {
    let deadline = Deadline::after(settings.timers.open);
    match (&control.way, target) {
        (Way::Socks(server), SocketAddr::V4(v4)) => socks::connect(server, v4, deadline)
            .map_err(|error| not_connected(&target, &error, error.is_timeout())),
        _ => net::connect(target, deadline).map_err(|error| {
            not_connected(&target, &error, error.kind() == io::ErrorKind::TimedOut)
        }),
    }
    .map(Pending::Connected)
}

/// The data connection that the server makes, and the command that tells it where.
fn active(control: &Control, settings: &Settings) -> Result<(Pending, String), Failure> {
    if let (Way::Socks(server), SocketAddr::V4(peer)) = (&control.way, control.server) {
        let bound = socks::bind(server, peer, Deadline::after(settings.timers.open));
        let bound = bound.map_err(|error| bind_failed(&error))?;
        let command = format!("PORT {}", format_port(bound.address));
        return Ok((Pending::Bound(bound), command));
    }
    let listen = || {
        let listener = TcpListener::bind((control.local()?.ip(), 0))?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    };
    let (listener, address) =
        listen().map_err(|error: io::Error| broken(&error, "listening for the data connection"))?;
    let command = match address {
        SocketAddr::V4(address) => format!("PORT {}", format_port(address)),
        address => format!("EPRT {}", format_eprt(address)),
    };
    Ok((Pending::Listening(listener, control.server.ip()), command))
}

impl Pending {
    /// The connection, once it is there; `what` is the command that it is for. A negative reply that
    /// comes instead is an error.
    pub fn accept(
        self,
        control: &mut Control,
        what: &str,
        settings: &Settings,
        out: &mut Output,
    ) -> Result<TcpStream, Failure> {
        let deadline = Deadline::after(settings.timers.reply);
        let refused_instead = match &self {
            Self::Connected(_) => None,
            Self::Bound(bound) => control.wait_for_data(what, bound.socket(), deadline, out)?,
            Self::Listening(listener, _) => control.wait_for_data(what, listener, deadline, out)?,
        };
        if let Some(code) = refused_instead {
            return Err(refused(what, code.number()));
        }
        match self {
            Self::Connected(stream) => Ok(stream),
            Self::Bound(bound) => bound.accept(deadline).map_err(|error| bind_failed(&error)),
            Self::Listening(listener, peer) => {
                net::accept(&listener, deadline, |from| from.ip().to_canonical() == peer)
                    .map_err(|error| broken(&error, "waiting for the data connection"))
            }
        }
    }
}

/// EZA2233I, and the server is given up.
fn bind_failed(error: &SocksError) -> Failure {
    match error {
        SocksError::Refused(..) => {
            let line = ZOS_BIND_REFUSED.render(&[("reason", error)]);
            Failure::new(ClientCode::Connect, line).lost()
        }
        _ => not_connected(&"the SOCKS server for a BIND", error, error.is_timeout()).lost(),
    }
}

/// A connection that cannot be made.
pub fn not_connected(
    target: &dyn std::fmt::Display,
    reason: &dyn std::fmt::Display,
    is_timeout: bool,
) -> Failure {
    let code = if is_timeout { ClientCode::TimedOut } else { ClientCode::Connect };
    let line = BATCH_NOT_CONNECTED.render(&[("target", target), ("reason", reason)]);
    Failure::new(code, line)
}

/// A command that the server refused.
pub fn refused(command: &str, reply: u16) -> Failure {
    let line = BATCH_REFUSED.render(&[("subcommand", &command), ("reply", &reply)]);
    Failure::new(ClientCode::Server, line)
}

fn unreadable(command: &str, error: &dyn std::fmt::Display) -> Failure {
    not_connected(&"the data port", &format!("the reply to {command}: {error}"), false)
}
