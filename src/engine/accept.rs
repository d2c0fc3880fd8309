//! A listening socket that survives a shortage of descriptors or memory.
//!
//! Owned by the worker that registered it, which tells it of readiness events and calls
//! [`Acceptor::accept_batch`] between other work. Readiness is edge-triggered: an edge is kept in
//! `ready` until the kernel says that nobody waits.
//!
//! When the system is short of something, the clients stay in the backlog, where they wait as they
//! would for a slow server. Nobody is accepted only to be turned away, so no descriptor is kept in
//! reserve. The owner calls again when a connection has closed or after [`RETRY`].

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use mio::event::Source;
use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry, Token};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};
use rustix::process::{Resource, Rlimit};

use super::sockets::{canonical, tune_client, tune_loopback};

/// How long after a shortage to try again if no connection has closed meanwhile.
pub const RETRY: Duration = Duration::from_millis(100);

/// A listening socket and what is known of its backlog.
#[derive(Debug)]
pub struct Acceptor {
    listener: TcpListener,
    /// Somebody may wait in the backlog.
    ready: bool,
    /// The last batch ended in a shortage.
    paused: bool,
}

/// What a batch came to.
#[derive(Debug)]
pub struct Batch {
    /// Connections handed over.
    pub accepted: usize,
    /// When to call again.
    pub state: AcceptState,
    /// What the operator should hear, once per episode.
    pub notice: Option<Notice>,
}

/// When to call [`Acceptor::accept_batch`] again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AcceptState {
    /// After the next readiness event.
    Drained,
    /// After other connections had their turn: the budget is used up.
    More,
    /// When a connection has closed, or after [`RETRY`].
    Paused,
}

/// Begin and end of an episode of shortage.
#[derive(Debug)]
pub enum Notice {
    /// No connection can be accepted, for this reason.
    Paused(io::Error),
    /// A whole batch went well again.
    Resumed,
}

impl Acceptor {
    /// Listens on the address. An IPv6 address takes IPv6 clients only: IPv4 has cards of its own.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let family = match address {
            SocketAddr::V4(_) => AddressFamily::INET,
            SocketAddr::V6(_) => AddressFamily::INET6,
        };
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = rustix::net::socket_with(family, SocketType::STREAM, flags, None)?;
        // After a restart, connections of the old process may still be in TIME-WAIT.
        sockopt::set_socket_reuseaddr(&socket, true)?;
        // Accepted sockets inherit the options of the listening one: a few system calls once, not
        // for every client.
        tune_client(&socket)?;
        tune_loopback(&socket, address.ip());
        if address.is_ipv6() {
            sockopt::set_ipv6_v6only(&socket, true)?;
        }
        rustix::net::bind(&socket, &address)?;
        rustix::net::listen(&socket, BACKLOG)?;
        let listener = TcpListener::from_std(socket.into());
        Ok(Self { listener, ready: true, paused: false })
    }

    /// The address it listens on, with the port the system chose if none was asked for.
    pub fn local_address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Notes a readiness event.
    pub fn mark_ready(&mut self) {
        self.ready = true;
    }

    /// Accepts until nobody waits, `budget` attempts (at least one) are used up or the system is short of
    /// something; each connection goes to `take`, non-blocking and close-on-exec.
    pub fn accept_batch(
        &mut self,
        budget: usize,
        mut take: impl FnMut(TcpStream, SocketAddr),
    ) -> Batch {
        let mut accepted = 0;
        let mut attempts = 0;
        while self.ready {
            if attempts == budget {
                return self.end_batch(accepted, AcceptState::More);
            }
            attempts += 1;
            match self.listener.accept() {
                Ok((socket, peer)) => {
                    accepted += 1;
                    take(socket, canonical(peer));
                }
                Err(error) => match verdict(&error) {
                    Verdict::Drained => self.ready = false,
                    Verdict::Next => log::debug!("a client left before it was accepted: {error}"),
                    Verdict::Pause => return self.pause(accepted, error),
                },
            }
        }
        self.end_batch(accepted, AcceptState::Drained)
    }

    fn end_batch(&mut self, accepted: usize, state: AcceptState) -> Batch {
        let was_paused = std::mem::replace(&mut self.paused, false);
        Batch { accepted, state, notice: was_paused.then_some(Notice::Resumed) }
    }

    /// An episode begins, or goes on: one connection that closes and makes room for one that
    /// waits does not end it, or the log would fill with pairs of messages.
    fn pause(&mut self, accepted: usize, error: io::Error) -> Batch {
        let was_paused = std::mem::replace(&mut self.paused, true);
        let notice = (!was_paused).then_some(Notice::Paused(error));
        Batch { accepted, state: AcceptState::Paused, notice }
    }
}

impl Source for Acceptor {
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        self.listener.register(registry, token, interests)
    }

    fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        self.listener.reregister(registry, token, interests)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        self.listener.deregister(registry)
    }
}

/// Raises the soft limit of open descriptors to the hard one; returns what it is then.
pub fn raise_descriptor_limit() -> u64 {
    let Rlimit { current, maximum } = rustix::process::getrlimit(Resource::Nofile);
    if current == maximum {
        return current.unwrap_or(u64::MAX);
    }
    match rustix::process::setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        Ok(()) => maximum.unwrap_or(u64::MAX),
        Err(error) => {
            log::debug!("descriptor limit stays at {current:?}: {error}");
            current.unwrap_or(u64::MAX)
        }
    }
}

/// What an error of accept(2) means for the loop.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// Nobody waits.
    Drained,
    /// The error belongs to one client; the next may be well.
    Next,
    /// Trying on at once would only spin.
    Pause,
}

/// Errors of a connection that died in the backlog are handed to accept(2) on Linux. One that is
/// not known here pauses, which is safe for any cause.
fn verdict(error: &io::Error) -> Verdict {
    match Errno::from_io_error(error) {
        Some(Errno::AGAIN) => Verdict::Drained,
        Some(
            Errno::INTR
            | Errno::CONNABORTED
            | Errno::CONNRESET
            | Errno::PROTO
            | Errno::NOPROTOOPT
            | Errno::NETDOWN
            | Errno::NETUNREACH
            | Errno::HOSTDOWN
            | Errno::HOSTUNREACH
            | Errno::NONET
            | Errno::OPNOTSUPP
            | Errno::TIMEDOUT
            | Errno::PERM,
        ) => Verdict::Next,
        _ => Verdict::Pause,
    }
}

/// Clients that may wait; the kernel lowers it to net.core.somaxconn.
const BACKLOG: i32 = 1024;

#[cfg(test)]
mod tests {
    use std::net::TcpStream as Client;

    use mio::{Events, Poll};

    use super::*;

    #[test]
    fn accepts_in_batches_until_drained() {
        let mut acceptor = Acceptor::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = acceptor.local_address().unwrap();
        let clients: Vec<_> = (0..5).map(|_| Client::connect(address).unwrap()).collect();
        let mut peers = Vec::new();
        let batch = acceptor.accept_batch(3, |_, peer| peers.push(peer));
        assert_eq!((batch.accepted, batch.state), (3, AcceptState::More));
        let batch = acceptor.accept_batch(3, |_, peer| peers.push(peer));
        assert_eq!((batch.accepted, batch.state), (2, AcceptState::Drained));
        assert!(batch.notice.is_none());
        let locals: Vec<_> = clients.iter().map(|c| c.local_addr().unwrap()).collect();
        assert_eq!(peers, locals);
    }

    #[test]
    fn waits_for_the_next_event_once_drained() {
        let mut acceptor = Acceptor::bind("[::1]:0".parse().unwrap()).unwrap();
        let (mut poll, mut events) = (Poll::new().unwrap(), Events::with_capacity(4));
        poll.registry().register(&mut acceptor, Token(7), Interest::READABLE).unwrap();
        assert_eq!(acceptor.accept_batch(10, |_, _| {}).state, AcceptState::Drained);
        let _client = Client::connect(acceptor.local_address().unwrap()).unwrap();
        assert_eq!(acceptor.accept_batch(10, |_, _| {}).accepted, 0);
        poll.poll(&mut events, Some(Duration::from_secs(10))).unwrap();
        assert!(events.iter().any(|event| event.token() == Token(7) && event.is_readable()));
        acceptor.mark_ready();
        assert_eq!(acceptor.accept_batch(10, |_, _| {}).accepted, 1);
    }

    #[test]
    fn clients_have_the_options_of_the_listener() {
        let mut acceptor = Acceptor::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let _client = Client::connect(acceptor.local_address().unwrap()).unwrap();
        let mut accepted = Vec::new();
        acceptor.accept_batch(1, |socket, _| accepted.push(socket));
        let socket = &accepted[0];
        assert!(sockopt::tcp_nodelay(socket).unwrap());
        assert!(sockopt::socket_oobinline(socket).unwrap());
        assert!(sockopt::socket_keepalive(socket).unwrap());
        assert!(sockopt::tcp_keepidle(socket).unwrap() < Duration::from_secs(7200));
    }

    #[test]
    fn an_episode_of_shortage_is_told_once() {
        let mut acceptor = Acceptor::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let shortage = || io::Error::from(Errno::MFILE);
        let first = acceptor.pause(0, shortage());
        assert!(matches!(first.notice, Some(Notice::Paused(_))));
        assert_eq!(first.state, AcceptState::Paused);
        assert!(acceptor.pause(1, shortage()).notice.is_none());
        let _client = Client::connect(acceptor.local_address().unwrap()).unwrap();
        let batch = acceptor.accept_batch(10, |_, _| {});
        assert_eq!(batch.accepted, 1);
        assert!(matches!(batch.notice, Some(Notice::Resumed)));
        assert!(acceptor.accept_batch(10, |_, _| {}).notice.is_none());
    }

    #[test]
    fn errors_of_one_client_do_not_stop_the_others() {
        let of = |errno: Errno| verdict(&errno.into());
        assert_eq!(of(Errno::AGAIN), Verdict::Drained);
        for errno in [Errno::CONNABORTED, Errno::INTR, Errno::PERM, Errno::NETDOWN] {
            assert_eq!(of(errno), Verdict::Next);
        }
        for errno in [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM, Errno::BADF] {
            assert_eq!(of(errno), Verdict::Pause);
        }
    }

    #[test]
    fn an_ipv6_listener_takes_ipv6_only() {
        let acceptor = Acceptor::bind("[::]:0".parse().unwrap()).unwrap();
        assert!(sockopt::ipv6_v6only(&acceptor.listener).unwrap());
    }

    #[test]
    fn a_taken_port_is_an_error() {
        let first = Acceptor::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let error = Acceptor::bind(first.local_address().unwrap()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    }

    #[test]
    fn the_descriptor_limit_is_the_hard_one() {
        let limit = raise_descriptor_limit();
        let hard = rustix::process::getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
        assert_eq!(limit, hard);
    }
}
