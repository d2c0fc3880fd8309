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
    &FTP_CANCELLED,
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
    &FTP_FORWARD_REFUSED,
    &FTP_PORT_REFUSED,
    &FTP_SERVER_ABSENT,
    &FTP_DATA_DISPUTED,
    &FTP_BOUNCE,
    &FTP_SECURITY_ASKED,
    &FTP_LOW_DATA_PORT,
    &FTP_CONTRADICTED,
    &FTP_EBCDIC_CLIENT,
    &FTP_REPLY_CUT,
    &FTP_OTHER_HOST,
    &FTP_SECURITY_REFUSED_PLAIN,
    &FTP_CONNECTED_PLAIN,
    &FTP_STRANGER,
    &FTP_FORWARD_DENIED,
    &FTP_PORT_DENIED,
];

/// Reply 530, or 421 with the profile's own credential: reason.
pub const FTP_LOGIN_REFUSED: Message = Message {
    number: 4001,
    severity: Severity::E,
    text: "SSH server refused the login: {reason}",
    explanation: "The SSH server does not accept the user name and password of the FTP dialogue, \
        or the profile's own credential, or both of them where APPLOGIN has both tried. The FTP server \
        has not been asked.",
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

/// Reply 421: an operator has cancelled the dialogue.
pub const FTP_CANCELLED: Message = Message {
    number: 4008,
    severity: Severity::W,
    text: "cancelled by an operator",
    explanation: "An operator entered F CANCEL with the number of this control connection.",
    action: "The client is told 421 and its data connections are cut; a transfer that ran is \
        incomplete, and its record says FAILED.",
    response: "Ask the operator before the job is rerun: ZOX0008I in the log has who it was.",
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
    explanation: "The first command of the client begins with EBCDIC letters. The FTP client of \
        z/OS sends ASCII, unless a translation table for the data is used for the control \
        connection too.",
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
    response: "Allow passive mode at the FTP server, or set ACTIVE FORWARD for the filter.",
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
        its PORT or EPRT, or the connection of its SOCKS BIND is gone. Or it asked for passive mode, and \
        has not connected within DATATIME.",
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

/// Last line of a reply that the FTP server did not end.
pub const FTP_REPLY_CUT: Message = Message {
    number: 4040,
    severity: Severity::W,
    text: "the rest of this reply did not come",
    explanation: "The FTP server had begun a reply of several lines when its dialogue ended: zoxy \
        stops, or the SSH session or the control connection is lost. A client takes whatever follows \
        for lines of that reply until its code comes again, with a blank behind it.",
    action: "This line ends the reply, under its own code. What that code says is the FTP server's \
        word; a listing in the reply is incomplete. Then the client is told 421 with the reason, \
        unless the reply itself was the last one of its dialogue (221, 421).",
    response: "As for the 421 that follows.",
};

/// Reply 530: FTP server of the dialogue, the one a renewed USER asks for.
pub const FTP_OTHER_HOST: Message = Message {
    number: 4041,
    severity: Severity::E,
    text: "this dialogue is with {host}; log in to {other} on a connection of its own",
    explanation: "The client sent USER with another host than that of its first login (COMPOSITE \
        YES). The SSH session and the control connection were opened for the first one.",
    action: "The client is told 530; the FTP server is not asked, and a login there stays as it is.",
    response: "Have the job close the connection and open another one for the other host.",
};

/// Reply 534 or 503 in a dialogue that goes on without SSH: command.
pub const FTP_SECURITY_REFUSED_PLAIN: Message = Message {
    number: 4042,
    severity: Severity::E,
    text: "{command} refused: the data connections of a dialogue inside of TLS cannot be followed. \
        This dialogue is in clear, its SSH server cannot be reached",
    explanation: "The client asked for TLS or another mechanism of RFC 2228 in a dialogue that has \
        fallen back to plain. zoxy has to read the dialogue to carry its data connections, with SSH \
        and without.",
    action: "The command is refused with 534 or 503 and not sent to the server.",
    response: "Remove the cause for which the SSH server cannot be reached (ZOX3004E, ZOX2015W). If \
        nothing may go in clear, set column 38 of the filter to N.",
};

/// Reply 425: reason.
pub const FTP_FORWARD_REFUSED: Message = Message {
    number: 4050,
    severity: Severity::E,
    text: "no port for the FTP server to connect to: {reason}",
    explanation: "With ACTIVE FORWARD the FTP server connects to a port that the SSH server listens \
        on for zoxy. The SSH server does not, or has too many of them.",
    action: "The client is told 425. The FTP server was not asked.",
    response: "Allow remote forwarding to the user at the SSH server; for OpenSSH: \
        AllowTcpForwarding yes or remote, no DisableForwarding, no PermitListen or one with any \
        port, no restrict or permitlisten in authorized_keys that forbids it.",
};

/// Reply 425: command and address, the server's reply.
pub const FTP_PORT_REFUSED: Message = Message {
    number: 4051,
    severity: Severity::E,
    text: "the FTP server does not take {command} {address}: {reply}",
    explanation: "With ACTIVE FORWARD zoxy names an address of the SSH server's host to the FTP \
        server. FTP servers take one only if the control connection comes from that address.",
    action: "The client is told 425. The SSH server does not listen there any more.",
    response: "Set FWDADDR of the filter to the address from which the FTP server sees the SSH \
        server connect; its log shows it. Or make the FTP server take other addresses, such as \
        port_promiscuous of vsftpd, AllowForeignAddress of proftpd.",
};

/// Reply 425: reason.
pub const FTP_SERVER_ABSENT: Message = Message {
    number: 4052,
    severity: Severity::E,
    text: "no data connection from the FTP server: {reason}",
    explanation: "With ACTIVE FORWARD the FTP server was told where to connect, and took it, but \
        no connection that may be its own came in time.",
    action: "The client is told 425, and not what the FTP server says about this transfer later. \
        The SSH server does not listen any more.",
    response: "FWDADDR has to be reached from the FTP server: for anything but loopback OpenSSH \
        needs GatewayPorts clientspecified, and listens on loopback without a word if it has not. \
        A firewall may stand between, or DATATIME be short. ZOX4550W in zoxy's log shows \
        connections that were refused: FWDFROM may lack an address of the FTP server.",
};

/// Reply 426: more than one connection came.
pub const FTP_DATA_DISPUTED: Message = Message {
    number: 4053,
    severity: Severity::E,
    text: "more than one data connection came for this transfer",
    explanation: "With ACTIVE FORWARD the FTP server connects once for a transfer. A second \
        connection came, from an address that may be the FTP server's: one of them is not its own, \
        and the data may have gone to somebody else, or come from there.",
    action: "The data connection is reset. The client is told 426 in place of the server's 226 or \
        250.",
    response: "Find out who else connects, from the FTP server's host: ZOX4550W in zoxy's log has \
        address and port. Do not trust what was received.",
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
    text: "#{id} {client}: {command} refused, TLS inside of an FTP dialogue cannot be followed",
    explanation: "The client is set up for TLS or another mechanism of RFC 2228.",
    action: "The client is told 534 or 503; most clients then end.",
    response: "As for ZOX4010E, or ZOX4042E if ZOX4540W has the same #id.",
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
    explanation: "The first command of the client begins with EBCDIC letters.",
    action: "The client is told 500 in EBCDIC and the connection is closed.",
    response: "As for ZOX4013E.",
};

/// A connection to a forwarded port was refused: connection, client, who connected, port, reason.
pub const FTP_STRANGER: Message = Message {
    number: 4550,
    severity: Severity::W,
    text: "#{id} {client}: connection from {origin} to forwarded port {port} refused: {reason}",
    explanation: "With ACTIVE FORWARD the SSH server listens for the FTP server of this dialogue. \
        Somebody connected who is not expected: before the transfer and not alone, after its \
        connection had come, or from an address that is not the FTP server's.",
    action: "The SSH server is told to close the connection; no byte of it was used. The port stays \
        open for the FTP server. With the 16th the port is given up: the transfer gets 425.",
    response: "If the address is one of the FTP server's, add it to FWDFROM of the filter. \
        Otherwise find out who connects: a scanner, or somebody who wants the data.",
};

/// No forward: connection, client, SSH server, address, reason.
pub const FTP_FORWARD_DENIED: Message = Message {
    number: 4551,
    severity: Severity::W,
    text: "#{id} {client}: SSH server {server} does not listen at {address} for the FTP server: \
        {reason}",
    explanation: "ACTIVE FORWARD of the filter needs remote forwarding at the SSH server.",
    action: "The client is told 425.",
    response: "As for ZOX4050E.",
};

/// The FTP server refused the forwarded address: connection, client, command, address, reply.
pub const FTP_PORT_DENIED: Message = Message {
    number: 4552,
    severity: Severity::W,
    text: "#{id} {client}: the FTP server does not take {command} {address}: {reply}",
    explanation: "As for ZOX4051E.",
    action: "The client is told 425.",
    response: "As for ZOX4051E.",
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

/// A dialogue goes on without SSH: id, client, target, filter, address of the FTP server.
pub const FTP_CONNECTED_PLAIN: Message = Message {
    number: 4540,
    severity: Severity::W,
    text: "#{id} {client} FTP dialogue with {target} IN CLEAR, filter {filter}, connected to {address}",
    explanation: "The SSH server could not be reached (ZOX2015W), the filter has Y in column 38, and \
        zoxy has connected to the FTP server without SSH. User, password and data of this dialogue \
        travel unencrypted.",
    action: "The dialogue goes on; its data connections go to the FTP server in clear too. Its \
        ZOX4521I lines have a dash in place of the SSH server, D FTP shows PLAIN.",
    response: "As for ZOX2015W.",
};
