//! Messages 4000-4999: FTP dialogues.
//!
//! Those under 4500 stand in replies to the FTP client and so in the log of its job; those from
//! 4500 on are written to zoxy's log and begin with `#id`.

use crate::message::{Message, Severity};

/// Every message of this file.
pub(super) const ALL: &[&Message] = &[
    &FTP_CONNECTED,
    &FTP_TRANSFER,
    &FTP_NOT_ABORTED,
    &FTP_LOGIN_REFUSED,
    &FTP_TOO_MANY_LOGINS,
    &FTP_SSH_FAILED,
    &FTP_NO_FTP_SERVER,
    &FTP_CONTROL_LOST,
    &FTP_STOPPING,
    &FTP_NOT_UTF8,
    &FTP_SECURITY_REFUSED,
    &FTP_LINE_TOO_LONG,
    &FTP_REPLY_TOO_LONG,
    &FTP_EBCDIC,
    &FTP_ADDRESS_UNREADABLE,
    &FTP_FOREIGN_ADDRESS,
    &FTP_LONG_FORM,
    &FTP_EPSV_ONLY,
    &FTP_NO_PASSIVE,
    &FTP_LOW_DATA_PORT_REFUSED,
    &FTP_DATA_REFUSED,
    &FTP_CLIENT_UNREACHABLE,
    &FTP_DATA_GONE,
    &FTP_DATA_BROKEN,
    &FTP_BOUNCE,
    &FTP_SECURITY_ASKED,
    &FTP_LOW_DATA_PORT,
    &FTP_CONTRADICTED,
    &FTP_EBCDIC_CLIENT,
];

/// Reply 530, or 421 with the profile's own credential: reason.
pub const FTP_LOGIN_REFUSED: Message = Message {
    number: 4001,
    severity: Severity::E,
    text: "SSH server refused the login: {reason}",
    explanation: "The SSH server does not accept the user name and password of the FTP dialogue, \
        or the profile's own credential. The FTP server has not been asked.",
    action: "The client is told 530 and may send USER and PASS again, three times in all. With a \
        credential of the profile it is told 421 and the connection is closed.",
    response: "Correct the user name or password of the job, or the credential of the profile. \
        The account has to exist at the SSH server, and may be locked or expired there.",
};

/// Reply 421: reason of the last refusal.
pub const FTP_TOO_MANY_LOGINS: Message = Message {
    number: 4002,
    severity: Severity::E,
    text: "too many refused logins, the last one: {reason}",
    explanation: "The SSH server refused three logins in one FTP dialogue.",
    action: "The client is told 421 and the connection is closed.",
    response: "As for ZOX4001E. If nobody knows of these logins, find out who tries.",
};

/// Reply 421: reason.
pub const FTP_SSH_FAILED: Message = Message {
    number: 4003,
    severity: Severity::E,
    text: "no way to the FTP server: {reason}",
    explanation: "The SSH server cannot be reached, its host key is not the expected one, the \
        session was lost, or it cannot connect to the FTP server.",
    action: "The client is told 421 and the connection is closed. Neither user name nor password \
        were sent anywhere if the host key is at fault.",
    response: "The reason says which of these it was; the messages 3000-3999 of the same \
        connection in zoxy's log say more.",
};

/// Reply 421: the target's first line is no reply.
pub const FTP_NO_FTP_SERVER: Message = Message {
    number: 4004,
    severity: Severity::E,
    text: "the target does not greet as an FTP server does",
    explanation: "The control channel is open, but the first line from the target has no reply \
        code: something else than FTP listens there.",
    action: "The client is told 421 and the connection is closed. The target was sent nothing.",
    response: "Correct the port in the job, or the ports of the filter with action FTPTUN.",
};

/// Reply 421: the server's side of the control connection has ended.
pub const FTP_CONTROL_LOST: Message = Message {
    number: 4005,
    severity: Severity::E,
    text: "control connection to the FTP server lost",
    explanation: "The FTP server, the SSH server or the network ended the control connection \
        without the reply 221 or 421.",
    action: "The client is told 421, its data connections are closed.",
    response: "Look for a message about the SSH session in zoxy's log. If there is none, the FTP \
        server closed: look into its log.",
};

/// Reply 421: zoxy stops.
pub const FTP_STOPPING: Message = Message {
    number: 4006,
    severity: Severity::W,
    text: "zoxy is stopping",
    explanation: "An operator stopped zoxy, and the time for running connections is over.",
    action: "The client is told 421; a transfer that still ran is incomplete.",
    response: "Rerun the job once zoxy is up again.",
};

/// Reply 530: bytes that cannot be a user name or password of SSH.
pub const FTP_NOT_UTF8: Message = Message {
    number: 4007,
    severity: Severity::E,
    text: "user name or password is not UTF-8",
    explanation: "SSH carries user names and passwords in UTF-8 (RFC 4252). The client sent bytes \
        above X'7F' in another code page.",
    action: "The client is told 530; nothing was sent to the SSH server.",
    response: "Use letters, digits and signs of ASCII, or let the client send UTF-8.",
};

/// Reply 534 or 503: command.
pub const FTP_SECURITY_REFUSED: Message = Message {
    number: 4010,
    severity: Severity::E,
    text: "{command} refused: SSH protects this connection, and inside of TLS its data \
        connections could not be followed",
    explanation: "The client asked for TLS or another mechanism of RFC 2228. zoxy has to read the \
        dialogue to carry the data connections, and cannot once it is encrypted.",
    action: "The command is refused with 534 or 503 and not sent to the server.",
    response: "Remove SECURE_FTP, SECURE_MECHANISM or the option -a from the job or from its \
        FTP.DATA, or carry the connection with action TUNNEL and a passive client.",
};

/// Reply 500: a command line over the limit.
pub const FTP_LINE_TOO_LONG: Message = Message {
    number: 4011,
    severity: Severity::E,
    text: "command line too long",
    explanation: "A command line may have 4096 bytes, its end included.",
    action: "The client is told 500, the line is dropped, the dialogue goes on.",
    response: "Shorten the path name. If it is short, the client does not speak FTP.",
};

/// Reply 421: a reply line over the limit.
pub const FTP_REPLY_TOO_LONG: Message = Message {
    number: 4012,
    severity: Severity::E,
    text: "reply line of the FTP server too long",
    explanation: "One line of a reply may have 8192 bytes, its end included; a reply may have any \
        number of lines.",
    action: "The client is told 421 and the connection is closed.",
    response: "Find out what listens at the target: it hardly is an FTP server.",
};

/// Reply 500, in EBCDIC.
pub const FTP_EBCDIC: Message = Message {
    number: 4013,
    severity: Severity::E,
    text: "this control connection is EBCDIC, ASCII is needed",
    explanation: "The first byte of the client is an EBCDIC letter. The FTP client of z/OS sends \
        ASCII, unless a translation table for the data is used for the control connection too.",
    action: "The client is told 500 in EBCDIC and the connection is closed.",
    response: "Look for CCTRANS, CTRLCONN and TRANSLATE in the FTP.DATA and the options of the \
        job; name a table for the data only (SBDATACONN, SBTRANS).",
};

/// Reply 501: command, reason.
pub const FTP_ADDRESS_UNREADABLE: Message = Message {
    number: 4020,
    severity: Severity::E,
    text: "{command} cannot be read: {reason}",
    explanation: "The argument is not in the form of RFC 959 (PORT) or RFC 2428 (EPRT), or the \
        port is 0.",
    action: "The client is told 501.",
    response: "Report it to the owner of the client program.",
};

/// Reply 504: command, address.
pub const FTP_FOREIGN_ADDRESS: Message = Message {
    number: 4021,
    severity: Severity::E,
    text: "{command} {address} refused: neither this client nor a BIND of it",
    explanation: "PORT and EPRT may name the client's own address, with a port of 1024 or above, \
        or what zoxy answered to a SOCKS BIND of the same client. Anything else could be used to \
        make zoxy connect to a third party (RFC 2577).",
    action: "The client is told 504; no connection is made.",
    response: "If address translation stands between client and zoxy, use passive mode or SOCKS \
        BIND. A transfer between two servers cannot be tunneled.",
};

/// Reply 502: command.
pub const FTP_LONG_FORM: Message = Message {
    number: 4022,
    severity: Severity::E,
    text: "{command} is not supported, use EPRT or EPSV",
    explanation: "LPRT and LPSV (RFC 1639) are obsolete since RFC 2428.",
    action: "The client is told 502.",
    response: "None: clients go on with EPRT, EPSV, PORT or PASV.",
};

/// Reply 503: command.
pub const FTP_EPSV_ONLY: Message = Message {
    number: 4023,
    severity: Severity::E,
    text: "{command} refused: EPSV ALL is in effect",
    explanation: "After EPSV ALL a client has to use EPSV for every transfer (RFC 2428).",
    action: "The client is told 503.",
    response: "Report it to the owner of the client program.",
};

/// Reply 425: the server knows neither EPSV nor PASV.
pub const FTP_NO_PASSIVE: Message = Message {
    number: 4024,
    severity: Severity::E,
    text: "the FTP server takes neither EPSV nor PASV",
    explanation: "An active client is served by a passive data connection to the FTP server, which \
        refused both commands for it.",
    action: "The client is told 425.",
    response: "Allow passive mode at the FTP server.",
};

/// Reply 425: port.
pub const FTP_LOW_DATA_PORT_REFUSED: Message = Message {
    number: 4025,
    severity: Severity::E,
    text: "the FTP server named data port {port}, which is under 1024",
    explanation: "Ports under 1024 belong to services. A data connection does not go there, so \
        that no FTP server can direct clients to them.",
    action: "The client is told 425.",
    response: "Set the range of passive ports of the FTP server to ports of 1024 and above.",
};

/// Reply 425: reason.
pub const FTP_DATA_REFUSED: Message = Message {
    number: 4030,
    severity: Severity::E,
    text: "no data connection to the FTP server: {reason}",
    explanation: "The SSH server could not connect to the data port of the FTP server.",
    action: "The client is told 425. The control connection stays.",
    response: "Allow the passive ports of the FTP server in the firewall between it and the SSH \
        server, and in PermitOpen of the SSH server.",
};

/// Reply 425: reason.
pub const FTP_CLIENT_UNREACHABLE: Message = Message {
    number: 4031,
    severity: Severity::E,
    text: "no data connection to the client: {reason}",
    explanation: "The client asked for active mode, but nothing can be connected to the address of \
        its PORT or EPRT, or the connection of its SOCKS BIND is gone.",
    action: "The client is told 425. The control connection stays.",
    response: "Allow connections from zoxy to the client, or use passive mode (FWFRIENDLY TRUE) \
        or SOCKS BIND.",
};

/// Reply 425: a data connection was lost before its transfer.
pub const FTP_DATA_GONE: Message = Message {
    number: 4032,
    severity: Severity::E,
    text: "the data connection prepared for this transfer is gone",
    explanation: "The connection made for PORT, PASV or a SOCKS BIND ended before a transfer used \
        it: a time-out of the FTP server, or the SSH session or the BIND was lost.",
    action: "The client is told 425. The command was not sent to the server.",
    response: "Rerun the job; if it happens again, look for the reason in zoxy's log.",
};

/// Reply 426: bytes were lost.
pub const FTP_DATA_BROKEN: Message = Message {
    number: 4033,
    severity: Severity::E,
    text: "data connection broke, not all bytes were transferred",
    explanation: "The data connection ended with an error on the way between client and FTP \
        server. What has arrived is incomplete, even if the FTP server took it for a whole file.",
    action: "The client is told 426 in place of the server's 226 or 250.",
    response: "Repeat the transfer. A file that was sent may exist at the server, shortened.",
};

/// A PORT to somebody else: connection, client, command, address.
pub const FTP_BOUNCE: Message = Message {
    number: 4500,
    severity: Severity::W,
    text: "#{id} {client}: {command} {address} refused, it is not the client's address",
    explanation: "The client asked for a data connection to a third party or to a port under 1024 \
        (FTP bounce, RFC 2577), or address translation hides its true address.",
    action: "The client is told 504.",
    response: "As for ZOX4021E. If the client has no reason to do that, find out who it is.",
};

/// TLS was asked for: connection, client, command.
pub const FTP_SECURITY_ASKED: Message = Message {
    number: 4501,
    severity: Severity::W,
    text: "#{id} {client}: {command} refused, TLS inside of the tunnel cannot be followed",
    explanation: "The client is set up for TLS or another mechanism of RFC 2228.",
    action: "The client is told 534 or 503; most clients then end.",
    response: "As for ZOX4010E.",
};

/// A low data port: connection, client, port.
pub const FTP_LOW_DATA_PORT: Message = Message {
    number: 4502,
    severity: Severity::W,
    text: "#{id} {client}: the FTP server named data port {port}, refused",
    explanation: "The reply 227 or 229 of the FTP server names a port under 1024.",
    action: "The client is told 425; no connection is made.",
    response: "As for ZOX4025E. A server that does this on purpose is hostile.",
};

/// The server confirmed what is incomplete: connection, client, command, code of the server.
pub const FTP_CONTRADICTED: Message = Message {
    number: 4503,
    severity: Severity::E,
    text: "#{id} {client}: {command} ended with 426, its data connection broke (server said {code})",
    explanation: "The data connection of the transfer broke on its way, which the FTP server cannot \
        know: it took the end of the connection for the end of the file.",
    action: "The client is told 426, the transfer is recorded as failed.",
    response: "Have the transfer repeated. An upload may have left a shortened file at the server.",
};

/// An EBCDIC control connection: connection, client.
pub const FTP_EBCDIC_CLIENT: Message = Message {
    number: 4504,
    severity: Severity::E,
    text: "#{id} {client}: control connection is EBCDIC; probably a translation table for the data \
        is used for it too",
    explanation: "The first byte of the client is an EBCDIC letter.",
    action: "The client is told 500 in EBCDIC and the connection is closed.",
    response: "As for ZOX4013E.",
};

/// A control connection has its channel: id, client, target, filter, user, SSH server.
pub const FTP_CONNECTED: Message = Message {
    number: 4520,
    severity: Severity::I,
    text: "#{id} {client} FTP dialogue with {target}, filter {filter}, SSH user {user} at {server}",
    explanation: "The SSH session is open and the FTP server has been reached through it. Whether \
        the FTP server lets the user in shows in the job.",
    action: "The dialogue goes on; its data connections go through the same SSH session.",
    response: "None.",
};

/// One transfer is over: the accounting record, its fields by name.
pub const FTP_TRANSFER: Message = Message {
    number: 4521,
    severity: Severity::I,
    text: "#{id} {client} {started} {command} {direction} {form} {result} {reply} {bytes} \
        {seconds} {user} {server} {target} {name}",
    explanation: "The accounting record of a transfer, fields apart by one blank: connection, client, \
        start (UTC), FTP command, UP or DOWN, representation type, result, last reply, bytes, \
        seconds, user, SSH server, FTP server, and to the end of the line the file's name. A field \
        that is not known is a dash. RESULT is COMPLETE (the server confirmed it and all bytes were \
        passed on), REFUSED (nothing moved), FAILED or ABORTED.",
    action: "None.",
    response: "For FAILED: the reply code and the messages with the same #id say why; of a job that \
        was cancelled ZOX2013I says how its control connection ended.",
};

/// An upload was cancelled and the server has not said that it knows: connection, client, command,
/// name.
pub const FTP_NOT_ABORTED: Message = Message {
    number: 4560,
    severity: Severity::W,
    text: "#{id} {client}: {command} {name} was cancelled, but the FTP server may keep the shortened \
        file as complete",
    explanation: "The control connection of a job was lost during an upload. The FTP server was asked \
        to abort it, but has not said in 5 seconds that it did, or has confirmed the upload: it reads \
        no commands while it receives, and takes the end of the data for the end of the file.",
    action: "The data connection is closed, the transfer is recorded as failed.",
    response: "Rerun the job, or have the file removed, before anybody uses it.",
};
