//! Messages 3000-3999: SSH sessions and channels.
//!
//! `{session}` is a session's number, as in `D TUNNELS`; `{server}` is host and port of the SSH
//! server.

use crate::message::{Message, Severity};

/// Every message of this file.
pub(super) const ALL: &[&Message] = &[
    &SESSION_OPENED,
    &SESSION_CLOSED,
    &SESSION_LOST,
    &DIAL_FAILED,
    &SSH_LOGIN_REFUSED,
    &KEEPALIVE_LOST,
    &SESSION_EXHAUSTED,
    &HOST_KEY_UNKNOWN,
    &HOST_KEY_CHANGED,
    &HOST_KEY_NEW,
    &HOST_KEY_REVOKED,
    &KNOWN_HOSTS_LINE,
    &IDENTITY_FAILED,
    &CIPHER_STOCK,
    &FORWARD_ASTRAY,
    &FORWARD_LEFT,
    &SESSION_LOST_EARLY,
];

/// Logged in: session, SSH server, user, profile, login method, algorithms, host key fingerprint.
pub const SESSION_OPENED: Message = Message {
    number: 3001,
    severity: Severity::I,
    text: "session {session} to {server} opened, user {user}, profile {profile}, login by \
        {method}, {algorithms}, host key {key}",
    explanation: "The SSH server proved its host key and accepted the login. The algorithms are \
        those negotiated for this session.",
    action: "Connections of filters with this profile are carried through the session until it has \
        been idle for IDLETIME.",
    response: "None.",
};

/// A session ended in order: session, SSH server, reason.
pub const SESSION_CLOSED: Message = Message {
    number: 3002,
    severity: Severity::I,
    text: "session {session} to {server} closed: {reason}",
    explanation: "zoxy closed the session: it was idle, the profile was changed by a refresh, or \
        zoxy stops.",
    action: "The next connection that needs this profile opens a new session.",
    response: "None. If sessions open and close all the time under steady load, raise IDLETIME of \
        the profile.",
};

/// A session broke: session, SSH server, reason, number of client connections it carried.
pub const SESSION_LOST: Message = Message {
    number: 3003,
    severity: Severity::E,
    text: "session {session} to {server} lost: {reason}; {clients} connection(s) closed",
    explanation: "The connection to the SSH server broke while the session was in use. Transfers \
        that ran through it are incomplete.",
    action: "Its client connections are closed at once, each with ZOX2013I. The next connection \
        opens a new session.",
    response: "Rerun the transfers. If it recurs, look at the SSH server's log and at firewalls \
        that drop long connections; a shorter KEEPALIVE helps against the latter.",
};

/// No session could be opened: profile, SSH server, reason, seconds until the next try is allowed.
pub const DIAL_FAILED: Message = Message {
    number: 3004,
    severity: Severity::E,
    text: "no session to {server} for profile {profile}: {reason}; next try in {seconds} s at the \
        earliest",
    explanation: "Connection, key exchange, host key check or login at the SSH server did not \
        succeed within CONNTIME. A line before this one tells more where host key or login is the \
        cause.",
    action: "Connections that waited for the session fail (ZOX2012E). Further ones wait for the end \
        of the pause and the next dial, but not longer than CONNTIME; the pause grows with each \
        failure up to BACKOFFMAX.",
    response: "Check that the SSH server is up and reachable from this host: ssh -p port host. \
        Once it is, the next connection after the pause succeeds; no command is needed.",
};

/// The SSH server refuses the login: SSH server, user, methods tried, methods the server offers.
pub const SSH_LOGIN_REFUSED: Message = Message {
    number: 3005,
    severity: Severity::E,
    text: "{server} refused the login of user {user}: tried {methods}, server offers {offered}",
    explanation: "Every method of the profile's AUTH setting that the server offers was tried, and \
        none was accepted.",
    action: "The session is given up; ZOX3004E follows. zoxy does not go on trying passwords.",
    response: "Check USER, IDENTITY and PASSWORD of the profile, and on the server the account \
        (locked, expired?) and its authorized_keys with their permissions. The server's log has \
        its reason.",
};

/// The SSH server is silent: session, SSH server, keepalive requests without an answer.
pub const KEEPALIVE_LOST: Message = Message {
    number: 3006,
    severity: Severity::E,
    text: "session {session} to {server} is dead: {misses} keepalive requests without an answer",
    explanation: "The TCP connection still seems open, but the SSH server has answered nothing for \
        KEEPALIVE times KEEPCOUNT seconds: it hangs, or the path is cut without a word.",
    action: "The session is closed and its clients with it; ZOX3003E follows.",
    response: "Check the SSH server and the network path to it. If the server is known to stall \
        for longer, raise KEEPALIVE or KEEPCOUNT of the profile.",
};

/// A session takes no more channels: session, SSH server, channels in use, those with a client.
pub const SESSION_EXHAUSTED: Message = Message {
    number: 3007,
    severity: Severity::W,
    text: "session {session} to {server} takes no more channels: {channels} in use, {open} of \
        them by connections",
    explanation: "Most of the session's channels belong to connections that are gone, more than \
        CHANNELS: the SSH server has not yet answered opens that were given up after OPENTIME, or \
        has not closed channels that zoxy closed.",
    action: "New connections are carried by another session. This one is closed when its last \
        connection has ended.",
    response: "Look for ZOX2012E lines before this one: a target that does not answer, asked for \
        again and again, has this effect. Otherwise the SSH server is slow or stuck.",
};

/// Nobody vouches for the host key: SSH server, fingerprint it showed.
pub const HOST_KEY_UNKNOWN: Message = Message {
    number: 3010,
    severity: Severity::E,
    text: "host key of {server} is not known: {fingerprint}",
    explanation: "The SSH server showed a key that no HOSTKEY card and no known_hosts file of the \
        profile has, and STRICTKEY is YES, or ASK and no operator has confirmed it.",
    action: "The session is given up before any credential is sent; ZOX3004E follows.",
    response: "Get the server's fingerprint from its administrator by another way. If it equals \
        the one above, add a HOSTKEY card with it (or the key to known_hosts) and enter F REFRESH. \
        Never copy the value from this message without that comparison.",
};

/// The host key differs from the recorded one: SSH server, expected and found fingerprint, where
/// the expected one is recorded.
pub const HOST_KEY_CHANGED: Message = Message {
    number: 3011,
    severity: Severity::A,
    text: "HOST KEY OF {server} HAS CHANGED: expected {expected} ({place}), found {found}",
    explanation: "The SSH server showed a key other than the recorded one. Either the server got a \
        new key, or somebody stands between zoxy and the server.",
    action: "The session is refused before any credential is sent, with STRICTKEY NEW too. Every \
        connection through this server fails until an operator acts.",
    response: "Ask the server's administrator whether the key was changed, and for the new \
        fingerprint. Only if it equals the one found, replace the record at the place named and \
        enter F REFRESH. Otherwise treat it as an attack and call security.",
};

/// STRICTKEY NEW accepted a key: SSH server, fingerprint.
pub const HOST_KEY_NEW: Message = Message {
    number: 3012,
    severity: Severity::W,
    text: "host key of {server} accepted unseen: {fingerprint}",
    explanation: "Nobody knows this server's key, and STRICTKEY NEW of the profile accepts it at \
        first sight. The first contact is not protected against an impostor.",
    action: "The session is opened, and the server is held to this key while zoxy runs. Nothing is \
        written to disk.",
    response: "Compare the fingerprint with the administrator's, then make it permanent with a \
        HOSTKEY card and set STRICTKEY back to YES.",
};

/// A revoked host key: SSH server, fingerprint, where it is marked revoked.
pub const HOST_KEY_REVOKED: Message = Message {
    number: 3013,
    severity: Severity::A,
    text: "{server} shows a revoked host key: {fingerprint}, revoked by {place}",
    explanation: "A known_hosts file marks this key @revoked: it must not be trusted any more, \
        whoever shows it.",
    action: "The session is refused before any credential is sent. Every connection through this \
        server fails until it shows another key.",
    response: "Tell the server's administrator and security. The server needs a new key; do not \
        remove the revocation.",
};

/// A known_hosts line cannot be used: file and line number, what is wrong with it.
pub const KNOWN_HOSTS_LINE: Message = Message {
    number: 3014,
    severity: Severity::W,
    text: "{place} ignored: {problem}",
    explanation: "The line of the known_hosts file does not have the form that sshd(8) describes, \
        or uses something zoxy does not support.",
    action: "The line is skipped; the other lines of the file count.",
    response: "Correct or remove the line. A server that is known by this line alone will be \
        refused with ZOX3010E.",
};

/// A private key cannot be used: profile, file, reason.
pub const IDENTITY_FAILED: Message = Message {
    number: 3015,
    severity: Severity::E,
    text: "profile {profile}: private key {file} cannot be used: {reason}",
    explanation: "The file could not be read, is not a private key in OpenSSH or PEM format, or \
        its passphrase is missing or wrong.",
    action: "The key is left out; other keys and methods of the profile are still tried.",
    response: "Check the file's owner and permissions for the user zoxy runs under, and PASSPHRASE \
        of the profile. ssh-keygen -y -f file shows whether the key opens.",
};

/// The SSH library's ciphers in place of zoxy's own: what is different.
pub const CIPHER_STOCK: Message = Message {
    number: 3020,
    severity: Severity::W,
    text: "ciphers run at half speed: {reason}",
    explanation: "The SSH library in this program has other tables of ciphers or MACs than those zoxy \
        was made for, so they cannot be replaced by the faster ones.",
    action: "Sessions use the ciphers of the library: correct, but at twice the CPU time or more.",
    response: "Rebuild zoxy with the locked dependencies.",
};

/// A connection to a port that is no forward: session, SSH server, who connected, port, reason.
pub const FORWARD_ASTRAY: Message = Message {
    number: 3030,
    severity: Severity::W,
    text: "session {session} to {server}: connection from {origin} to port {port} refused: {reason}",
    explanation: "The SSH server reported a connection to a port of its own for zoxy, which did not \
        ask for that port in this session, or not any more.",
    action: "The connection is refused. Of a session's only the first 16 are told.",
    response: "None, if it came just after the end of a transfer or a job. An SSH server that does \
        this without being asked is at fault.",
};

/// A forward stays at the server: session, SSH server, address, port.
pub const FORWARD_LEFT: Message = Message {
    number: 3031,
    severity: Severity::W,
    text: "session {session} to {server}: the SSH server did not stop to listen at {address} port \
        {port}",
    explanation: "A port that was forwarded for an FTP server (ACTIVE FORWARD) is used up. The SSH \
        server was told to give it back, and refused.",
    action: "None: connections to the port are refused. It is free when the session ends.",
    response: "Report it to the administrator of the SSH server.",
};

/// A session was lost before it was of use: session, SSH server, seconds since its login, seconds
/// until the next try is allowed.
pub const SESSION_LOST_EARLY: Message = Message {
    number: 3040,
    severity: Severity::W,
    text: "session {session} to {server} was lost {age} s after its login; next dial in {seconds} s",
    explanation: "The SSH server took the login, but the session ended within BACKOFFMIN of it, or \
        without ever reaching a target. That counts as a failed dial.",
    action: "The pause before the next dial doubles with each such loss, from BACKOFFMIN to \
        BACKOFFMAX. It begins anew once a session has lived for BACKOFFMIN and reached a target.",
    response: "Look at the SSH server's log: limits of the account or of the machine, a forced \
        command, a process that is killed.",
};
