//! Messages of the batch FTP client that have the numbers of z/OS FTP, so that what reads job logs finds
//! them. The words behind the number, and the explanations, are ours.

use crate::message::{Argument, fill};

/// One of them: as [`Message`](crate::message::Message), with the whole ID.
#[derive(Debug)]
pub struct ZosMessage {
    /// `EZA1735I`.
    pub id: &'static str,
    /// Text with `{name}` placeholders, without the ID.
    pub text: &'static str,
    /// What happened.
    pub explanation: &'static str,
    /// What the client does.
    pub action: &'static str,
    /// What can be done.
    pub response: &'static str,
}

impl ZosMessage {
    /// ID and text with the placeholders filled in; control characters in values become `?`.
    pub fn render(&self, arguments: &[Argument<'_>]) -> String {
        format!("{} {}", self.id, fill(self.text, arguments))
    }
}

/// All of them, by ID.
pub const ZOS: &[&ZosMessage] = &[
    &ZOS_COMMAND,
    &ZOS_SENT,
    &ZOS_RETURN_CODE,
    &ZOS_BIND_REFUSED,
    &ZOS_TIMED_OUT,
    &ZOS_RESET,
    &ZOS_FIREWALL_FRIENDLY,
    &ZOS_NOT_FIREWALL_FRIENDLY,
    &ZOS_FTPDATA,
];

/// A subcommand is in the next line.
pub const ZOS_COMMAND: ZosMessage = ZosMessage {
    id: "EZA1460I",
    text: "Command:",
    explanation: "The next line is a subcommand that was read from INPUT. Passwords in it are ******.",
    action: "The subcommand is done.",
    response: "None.",
};

/// What is sent: the FTP command.
pub const ZOS_SENT: ZosMessage = ZosMessage {
    id: "EZA1701I",
    text: ">>> {command}",
    explanation: "This FTP command was sent to the server. Passwords in it are ******.",
    action: "Waits for the reply, which is shown as the server sends it.",
    response: "None.",
};

/// EXIT: the code of subcommand and reply, the client error code.
pub const ZOS_RETURN_CODE: ZosMessage = ZosMessage {
    id: "EZA1735I",
    text: "Std Return Code = {standard}, Error Code = {client}",
    explanation: "A subcommand failed, and EXIT or CLIENTEXIT was given. The first code is the number \
        of the subcommand and the server's last reply to it, 16550 for GET and 550; 000 is no reply. \
        The second is the client error code.",
    action: "The client ends with the return code that EXIT and CLIENTERRCODES ask for, modulo 4096.",
    response: "See the message before this one for what failed; docs/batchftp.md has the codes.",
};

/// A BIND that the SOCKS server refused: its answer.
pub const ZOS_BIND_REFUSED: ZosMessage = ZosMessage {
    id: "EZA2233I",
    text: "SOCKS BIND for the data connection failed: {reason}",
    explanation: "The client is active: the SOCKS server was to listen for the data connection, and \
        refused. The reply field is 91 to 93 in version 4, and that of RFC 1928 in version 5.",
    action: "The subcommand fails with client error code 8, and the connection is closed.",
    response: "See whether the control connection goes through an FTPTUN filter of zoxy, whose \
        log has the reason (ZOX2006W). FWFRIENDLY TRUE makes the client passive.",
};

/// A timer ran out: what was waited for.
pub const ZOS_TIMED_OUT: ZosMessage = ZosMessage {
    id: "EZA2589E",
    text: "Connection to server timed out: {operation}",
    explanation: "Nothing came in the time that MYOPENTIME, INACTTIME, DCONNTIME or CCONNTIME gives, \
        or TIMEOUT for all of them.",
    action: "The subcommand fails with client error code 9, and the connection is closed.",
    response: "See whether the server hangs, or something between drops what is sent; if it needs \
        longer, give it more time.",
};

/// The connection was reset: what was in progress.
pub const ZOS_RESET: ZosMessage = ZosMessage {
    id: "EZA2590E",
    text: "Connection to server was reset: {operation}",
    explanation: "The server, or something between, has cut the connection.",
    action: "The subcommand fails with client error code 10, and the connection is closed.",
    response: "Look at the logs of the proxy and the server; run the job again.",
};

/// LOCSTAT: the client opens data connections.
pub const ZOS_FIREWALL_FRIENDLY: ZosMessage = ZosMessage {
    id: "EZA2818I",
    text: "FWFRIENDLY: the client opens data connections",
    explanation: "LOCSTAT shows that data connections are passive.",
    action: "None.",
    response: "LOCSITE NOFWFRIENDLY makes them active.",
};

/// LOCSTAT: the server opens data connections.
pub const ZOS_NOT_FIREWALL_FRIENDLY: ZosMessage = ZosMessage {
    id: "EZA2819I",
    text: "no FWFRIENDLY: the server opens data connections",
    explanation: "LOCSTAT shows that data connections are active: by BIND if a SOCKS server is used.",
    action: "None.",
    response: "LOCSITE FWFRIENDLY makes them passive.",
};

/// FTP.DATA was read: its name.
pub const ZOS_FTPDATA: ZosMessage = ZosMessage {
    id: "EZY2640I",
    text: "Using {file} for local site configuration parameters.",
    explanation: "This is the FTP.DATA of the client: SYSFTPD of a step, or the file of -f.",
    action: "Its statements hold; those that are not known are told (ZOX5001W).",
    response: "None.",
};
