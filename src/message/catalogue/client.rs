//! Messages 2000-2999: listeners, clients, SOCKS and direct connections.
//!
//! A line about one connection begins with `#id`, the number it has from accept to close in every
//! line and in `D CONNS`.

use crate::message::{Message, Severity};

/// Every message of this file.
pub(super) const ALL: &[&Message] = &[
    &CLIENT_REFUSED_ACCESS,
    &CLIENT_REFUSED_LIMIT,
    &HANDSHAKE_FAILED,
    &HANDSHAKE_TIMEOUT,
    &LOGIN_REFUSED,
    &REQUEST_REFUSED,
    &REQUEST_BLOCKED,
    &CONNECTED_DIRECT,
    &CONNECTED_TUNNEL,
    &CONNECT_FAILED,
    &CLOSED,
    &IDLE_CLOSED,
    &FELL_BACK_PLAIN,
    &USERS_FAILED,
    &ACCEPT_PAUSED,
    &ACCEPT_RESUMED,
    &PASSWD_REFUSED,
    &REQUEST_HELD,
];

/// The client's address may not use the listener: client address, listener name.
pub const CLIENT_REFUSED_ACCESS: Message = Message {
    number: 2001,
    severity: Severity::W,
    text: "{client} refused at listener {listener}: address not in CLIENTS",
    explanation: "The CLIENTS setting of the listener does not contain the client's address. \
        Without that setting only this host itself (loopback) may connect.",
    action: "The connection is closed before a byte is read.",
    response: "If the client is to be served, add its address to SET listener CLIENTS and enter F \
        REFRESH. If not, find out who tries.",
};

/// A connection limit is reached: client address, listener name, which limit.
pub const CLIENT_REFUSED_LIMIT: Message = Message {
    number: 2002,
    severity: Severity::W,
    text: "{client} refused at listener {listener}: {what}",
    explanation: "MAXCONN limits all client connections, MAXCLIENT those of one client address. \
        The message says which of them is used up.",
    action: "The connection is closed at once. Running connections are not touched.",
    response: "Enter D CONNS to see who holds the connections. A looping job must be cancelled; if \
        the load is genuine, raise the limit (and the descriptor limit of the service) and enter F \
        REFRESH.",
};

/// A client did not speak SOCKS as it should: connection, client, listener, what was wrong.
pub const HANDSHAKE_FAILED: Message = Message {
    number: 2003,
    severity: Severity::W,
    text: "#{id} {client} at listener {listener}: SOCKS handshake failed: {reason}",
    explanation: "What the client sent is not SOCKS 4, 4a or 5, breaks a length limit, or the \
        client went away before its request was complete.",
    action: "The connection is closed, after the SOCKS reply that fits where there is one.",
    response: "Check that the client is set to SOCKS for this port: a browser or health probe that \
        speaks HTTP to it is the usual cause. One that comes from a port scan needs no action.",
};

/// The handshake took too long: connection, client, listener, the deadline in seconds.
pub const HANDSHAKE_TIMEOUT: Message = Message {
    number: 2004,
    severity: Severity::W,
    text: "#{id} {client} at listener {listener}: no complete SOCKS request within {seconds} s",
    explanation: "The client connected but did not send its whole request within the time of \
        HANDSHAKE. The time runs from the connection on, whatever arrives in between.",
    action: "The connection is closed.",
    response: "A probe that only connects causes this and can be ignored, or pointed elsewhere. \
        For a real client look for packet loss on its path before raising HANDSHAKE.",
};

/// A SOCKS5 user name or password is wrong: connection, client, user name.
pub const LOGIN_REFUSED: Message = Message {
    number: 2005,
    severity: Severity::W,
    text: "#{id} {client} SOCKS login refused for user {user}",
    explanation: "The USERS file of the listener has no such user, or the password is not that \
        user's. The message is the same for both.",
    action: "The client gets the refusal of RFC 1929 and the connection is closed.",
    response: "Correct the credentials of the job or the USERS file. Many of these from one \
        address are an attempt to guess: take the address out of CLIENTS.",
};

/// A request zoxy does not serve: connection, client, what was asked for.
pub const REQUEST_REFUSED: Message = Message {
    number: 2006,
    severity: Severity::W,
    text: "#{id} {client} request refused: {reason}",
    explanation: "The SOCKS request was well formed but asks for something zoxy does not do here: \
        a command such as BIND or UDP ASSOCIATE, an address type, or a login method the listener \
        does not offer.",
    action: "The client gets the SOCKS reply code for it and the connection is closed.",
    response: "Set the client to what is served. For FTP over this path use passive mode; where \
        USERS is set, the client must log in with SOCKS5.",
};

/// The filters forbid the target: connection, client, target, filter name or "no filter matched".
pub const REQUEST_BLOCKED: Message = Message {
    number: 2007,
    severity: Severity::W,
    text: "#{id} {client} blocked from {target}: {filter}",
    explanation: "The first filter that matches the target has action BLOCK, or no filter matches \
        at all, which blocks too.",
    action: "The client gets the SOCKS reply \"not allowed by ruleset\" and the connection is \
        closed.",
    response: "Run zoxy explain with this host and port to see the decision. If the target is to \
        be reached, add or move a FILTER card and enter F REFRESH. Note that a filter on addresses \
        never matches a target given as a name.",
};

/// Connected without SSH: connection, client, target, filter, address that was connected to.
pub const CONNECTED_DIRECT: Message = Message {
    number: 2010,
    severity: Severity::I,
    text: "#{id} {client} connected to {target} at {address}, filter {filter}, direct",
    explanation: "The target answered and the client has been told so. The bytes travel as the \
        application sends them, without SSH.",
    action: "Data is relayed until both sides are done; ZOX2013I ends the connection.",
    response: "None. If this target must not be reached in clear text, change the filter named \
        here.",
};

/// Connected through SSH: connection, client, target, filter, profile, SSH server.
pub const CONNECTED_TUNNEL: Message = Message {
    number: 2011,
    severity: Severity::I,
    text: "#{id} {client} connected to {target}, filter {filter}, profile {profile}, tunnel \
        through {server}",
    explanation: "The SSH server reached the target and the client has been told so. Up to the SSH \
        server the bytes are encrypted; from there to the target they are not, unless they were \
        before.",
    action: "Data is relayed until both sides are done; ZOX2013I ends the connection.",
    response: "None.",
};

/// The target could not be reached: connection, client, target, filter, reason.
pub const CONNECT_FAILED: Message = Message {
    number: 2012,
    severity: Severity::E,
    text: "#{id} {client} could not be connected to {target}, filter {filter}: {reason}",
    explanation: "The filter allows the target, but it could not be reached: directly, or through \
        an SSH session. The reason says which step failed.",
    action: "The client gets the SOCKS reply code for the reason and the connection is closed. \
        zoxy does not try again by itself.",
    response: "\"Connection refused\": the service at the target is down. A time-out: a firewall \
        or a dead host between zoxy (or the SSH server) and the target. If the reason is the SSH \
        session, the ZOX3nnn lines before this one tell more.",
};

/// A connection ended: connection, client, target, bytes from and to the client, seconds, reason.
pub const CLOSED: Message = Message {
    number: 2013,
    severity: Severity::I,
    text: "#{id} {client} closed, target {target}, {up} bytes up, {down} bytes down, {seconds} s: \
        {reason}",
    explanation: "The end of a connection that had been connected. Up counts what the client sent, \
        down what it received.",
    action: "The connection's descriptors and buffers are free again.",
    response: "None if the reason is that both sides had finished. Otherwise the reason says which \
        side broke off, and the job's own log whether the transfer was complete.",
};

/// Nothing moved for too long: connection, client, target, the limit in seconds.
pub const IDLE_CLOSED: Message = Message {
    number: 2014,
    severity: Severity::W,
    text: "#{id} {client} closed, target {target}: nothing moved for {seconds} s",
    explanation: "The idle limit of the filter (IDLETIME, or HALFTIME once one side has finished \
        sending) was reached without a byte in either direction.",
    action: "Both sides of the connection are closed; ZOX2013I follows.",
    response: "If the application was waiting on purpose (a long step at the server), raise the \
        limit of that filter. Otherwise look for the side that hung.",
};

/// SSH could not be had and the filter allows plain: connection, client, target, filter, reason.
pub const FELL_BACK_PLAIN: Message = Message {
    number: 2015,
    severity: Severity::W,
    text: "#{id} {client} GOES ON WITHOUT SSH to {target}, filter {filter}: {reason}",
    explanation: "The SSH server of this connection cannot be reached, and the filter has Y in column \
        38, which allows a plain connection instead. What the application sends, passwords \
        included, travels unencrypted.",
    action: "zoxy connects to the target directly; ZOX2010I, for an FTP dialogue ZOX4540W, or \
        ZOX2012E follows. D STATUS counts them. This never happens after a host key or a login was \
        refused, nor because zoxy is short of something.",
    response: "Remove the cause, which the ZOX3nnn lines before this one tell. If clear text is \
        not acceptable for this target, set column 38 of the filter to N and enter F REFRESH: the \
        connection then fails instead.",
};

/// The file with SOCKS users cannot be used: listener, file, reason.
pub const USERS_FAILED: Message = Message {
    number: 2016,
    severity: Severity::E,
    text: "listener {listener}: users file {file} cannot be used: {reason}",
    explanation: "The USERS file of the listener could not be read, or a line of it is wrong. \
        Nobody could log in at this listener.",
    action: "zoxy does not start; a refresh is refused and the old deck and users stay.",
    response: "Correct the file, or its permissions for the user zoxy runs under, then start zoxy \
        or enter F REFRESH again.",
};

/// New connections wait: listener, the system's reason.
pub const ACCEPT_PAUSED: Message = Message {
    number: 2020,
    severity: Severity::W,
    text: "listener {listener} pauses: {reason}",
    explanation: "The system cannot give zoxy another connection, as a rule because descriptors \
        are used up (EMFILE, ENFILE) or memory is short.",
    action: "Nothing more is accepted until a connection ends or a moment has passed; waiting \
        clients stay in the listener's queue. Running connections go on. ZOX2021I follows.",
    response: "Compare D STATUS with the descriptor limit (LimitNOFILE of the service): a \
        tunnelled connection needs one descriptor, a direct one up to six. Raise the limit or \
        lower MAXCONN.",
};

/// New connections are taken again: listener.
pub const ACCEPT_RESUMED: Message = Message {
    number: 2021,
    severity: Severity::I,
    text: "listener {listener} resumes",
    explanation: "The shortage reported by ZOX2020W is over.",
    action: "Waiting clients are accepted.",
    response: "None, but remove the cause of the shortage before it returns.",
};

/// `zoxy passwd` made no line: reason.
pub const PASSWD_REFUSED: Message = Message {
    number: 2090,
    severity: Severity::E,
    text: "no line made for the users file: {reason}",
    explanation: "The password cannot be used, or it could not be read, or the line could not be \
        written.",
    action: "No line is made; zoxy passwd ends with return code 8 when the password is at fault, \
        with 12 when the system is.",
    response: "Repeat the command. A password has 1 to 255 bytes (RFC 1929).",
};

/// A request came while an operator keeps new ones out: who, where to, why.
pub const REQUEST_HELD: Message = Message {
    number: 2017,
    severity: Severity::W,
    text: "#{id} {client} to {target} refused: {reason}",
    explanation: "An operator has quiesced zoxy (F QUIESCE) or drained the profile of the filter that \
        matched (F DRAIN).",
    action: "The client gets a SOCKS general failure, an FTP client that logs in now 421. It is not \
        connected, and does not fall back to plain.",
    response: "None, if this is meant. F RESUME, with the profile if it was drained, takes requests \
        again; then rerun the job.",
};
