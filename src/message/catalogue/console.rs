//! Messages 0500-0999: what the operator's console and `zoxy ctl` answer.
//!
//! Most go to the console only, not to the log.

use crate::message::{Message, Severity};

/// Every message of this file.
pub(super) const ALL: &[&Message] = &[
    &DISPLAY_HEADING,
    &DISPLAY_END,
    &DISPLAY_MORE,
    &REFRESH_REFUSED,
    &COMMAND_MISSING,
    &COMMAND_UNKNOWN,
    &COMMAND_OPERAND,
    &COMMAND_TOO_LONG,
    &COMMAND_NOT_TEXT,
    &COMMAND_LATE,
    &ANSWER_LATE,
    &CONSOLE_BUSY,
    &CONSOLE_REFUSED,
    &CTL_NO_ZOXY,
    &CTL_BROKEN_OFF,
    &NO_TERMINAL,
    &WATCH_WRONG,
    &NOT_THERE,
    &CANCELLED,
    &NOTHING_CHANGED,
    &REPLY_NOT_TAKEN,
    &RECONNECT_ASKED,
    &REPORT_UNREADABLE,
    &NO_SUCH_MESSAGE,
    &KEY_ASKED,
];

/// First line of a display: its name, the time.
pub const DISPLAY_HEADING: Message = Message {
    number: 500,
    severity: Severity::I,
    text: "{display} at {time}",
    explanation: "The display of a D command follows, taken at this time (UTC). Byte counts with \
        K, M, G, T are in units of 1024; UP is from the client, DOWN to the client.",
    action: "None.",
    response: "None.",
};

/// Last line of a display: its name, number of entries shown, number there are.
pub const DISPLAY_END: Message = Message {
    number: 501,
    severity: Severity::I,
    text: "END OF {display}, {shown} OF {total}",
    explanation: "The display is complete. The numbers are the entries shown and those there \
        are.",
    action: "None.",
    response: "None.",
};

/// Entries were left out: how many, the command that shows them or another way.
pub const DISPLAY_MORE: Message = Message {
    number: 502,
    severity: Severity::I,
    text: "{more} more, not shown; {way}",
    explanation: "A display has a bound, so that it can be read and does not hold up the proxy. \
        The oldest entries are shown.",
    action: "None.",
    response: "Enter the command named, if there is one, to see more.",
};

/// The refresh command was not carried out: the reason.
pub const REFRESH_REFUSED: Message = Message {
    number: 504,
    severity: Severity::E,
    text: "refresh refused: {reason}",
    explanation: "The console command F REFRESH changed nothing. Where the deck is the reason, the \
        log has every error with member, card and columns.",
    action: "zoxy goes on with the deck it had (return code 8).",
    response: "Correct the deck, check it with zoxy check, then enter F REFRESH again.",
};

/// The line is empty: what can be entered.
pub const COMMAND_MISSING: Message = Message {
    number: 510,
    severity: Severity::E,
    text: "no command; enter one of {expected}",
    explanation: "The line sent to the console is empty.",
    action: "Nothing is done (return code 8).",
    response: "Enter one of the commands named.",
};

/// The verb is not known: what was found, what can be entered.
pub const COMMAND_UNKNOWN: Message = Message {
    number: 511,
    severity: Severity::E,
    text: "{found} is not a command; enter one of {expected}",
    explanation: "The first word of the line is not a command of zoxy. Upper and lower case are \
        the same.",
    action: "Nothing is done (return code 8).",
    response: "Enter one of the commands named.",
};

/// An operand is wrong, missing or too many: the verb, what is wrong, what can be entered.
pub const COMMAND_OPERAND: Message = Message {
    number: 512,
    severity: Severity::E,
    text: "{command}: {problem}; enter {expected}",
    explanation: "The command is known, but not with this operand.",
    action: "Nothing is done (return code 8).",
    response: "Enter the command as the message shows it.",
};

/// A line with no end: the limit in bytes.
pub const COMMAND_TOO_LONG: Message = Message {
    number: 513,
    severity: Severity::E,
    text: "command longer than {limit} bytes",
    explanation: "What was sent to the console has no line end within the limit.",
    action: "Nothing is done (return code 8) and the console connection is closed.",
    response: "Use zoxy ctl. If another program sends this, it has the wrong socket.",
};

/// The line is not printable text.
pub const COMMAND_NOT_TEXT: Message = Message {
    number: 514,
    severity: Severity::E,
    text: "command is not printable ASCII text",
    explanation: "The line sent to the console holds control characters or bytes outside ASCII.",
    action: "Nothing is done (return code 8) and the console connection is closed.",
    response: "Use zoxy ctl. A command sent in EBCDIC must be converted first.",
};

/// No whole line in time: the limit in seconds.
pub const COMMAND_LATE: Message = Message {
    number: 515,
    severity: Severity::E,
    text: "no complete command within {seconds} s",
    explanation: "A program connected to the console but did not send a whole line in time.",
    action: "The console connection is closed (return code 8).",
    response: "Use zoxy ctl, which sends the line at once.",
};

/// The workers did not answer in time: the limit in seconds.
pub const ANSWER_LATE: Message = Message {
    number: 516,
    severity: Severity::E,
    text: "no answer from the workers within {seconds} s",
    explanation: "The command was understood, but what it needs did not come together in time. The \
        machine is overloaded or a worker hangs.",
    action: "The console connection is closed (return code 8). A command that changes something \
        may still take effect.",
    response: "Enter D STATUS. If that fails too, look at the processor load of the host, and if a \
        worker hangs, restart zoxy after collecting the log.",
};

/// Too many consoles: how many there may be.
pub const CONSOLE_BUSY: Message = Message {
    number: 517,
    severity: Severity::E,
    text: "all {limit} consoles are in use",
    explanation: "So many commands are being entered or answered at this moment.",
    action: "Nothing is done (return code 8) and the console connection is closed.",
    response: "Enter the command again. If it persists, a program keeps console connections open: \
        find it with ss -xp.",
};

/// A user who may not: name or number of the user.
pub const CONSOLE_REFUSED: Message = Message {
    number: 518,
    severity: Severity::W,
    text: "console refused to {user}: only root, the user zoxy runs under and CONSGROUP may operate it",
    explanation: "Another user connected to the console socket, so its permissions were changed \
        after zoxy made it with mode 0600, or 0660 of CONSGROUP. This line goes to the log and to the \
        console.",
    action: "The console connection is closed (return code 8).",
    response: "Run zoxy ctl under the right user (sudo -u). Find out who changed the socket's \
        permissions.",
};

/// `zoxy ctl` found no zoxy: socket path, reason.
pub const CTL_NO_ZOXY: Message = Message {
    number: 520,
    severity: Severity::E,
    text: "no zoxy can be reached at {path}: {reason}",
    explanation: "zoxy ctl could not connect to the console socket at this path: there is none, \
        nobody answers there, or this user may not use it.",
    action: "zoxy ctl ends with return code 12.",
    response: "Check that zoxy runs (systemctl status zoxy, ps). If it does, it uses another path: \
        give -c with its deck or -s with its socket, under the user it runs under or root.",
};

/// `zoxy ctl` lost the console: socket path, reason.
pub const CTL_BROKEN_OFF: Message = Message {
    number: 521,
    severity: Severity::E,
    text: "console at {path} broke off: {reason}",
    explanation: "The command was sent, but the answer has no end: zoxy ended or hung in the \
        middle.",
    action: "zoxy ctl ends with return code 12. Whether the command took effect is not known.",
    response: "Look at the end of zoxy's log, then enter D STATUS.",
};

/// WATCH has nothing to draw on.
pub const NO_TERMINAL: Message = Message {
    number: 522,
    severity: Severity::E,
    text: "WATCH needs a terminal",
    explanation: "Standard input or output of zoxy ctl is not a terminal.",
    action: "zoxy ctl ends with return code 8.",
    response: "For a program, repeat the display with --json as often as it is wanted.",
};

/// WATCH of something that is no display: what was found, what can be entered.
pub const WATCH_WRONG: Message = Message {
    number: 523,
    severity: Severity::E,
    text: "WATCH {found} is not possible; enter {expected}",
    explanation: "WATCH takes the name of a display, and a number of seconds between two drawings.",
    action: "Nothing is watched.",
    response: "Enter it as the message shows, for example WATCH FTP 2.",
};

/// What a command names does not exist: what, where to look.
pub const NOT_THERE: Message = Message {
    number: 530,
    severity: Severity::E,
    text: "there is no {what}; {hint}",
    explanation: "The command names a connection or a profile that zoxy does not have, or not any \
        more. A connection that is just being handed from one worker to another is not found for a \
        moment.",
    action: "Nothing is done (return code 8).",
    response: "Look the number or name up as the message says, then enter the command again.",
};

/// A connection was cut: its number.
pub const CANCELLED: Message = Message {
    number: 531,
    severity: Severity::I,
    text: "connection #{id} cancelled",
    explanation: "The console command F CANCEL was carried out. Of an FTP dialogue the data \
        connections were cut with it. The log has the end of each with its bytes.",
    action: "The client's connection is reset, so that it does not take the end for a regular one; a \
        dialogue is told 421 first.",
    response: "Rerun the transfer that was cut, if it is wanted. The client may connect again: to \
        keep it out, change the filters or enter F DRAIN.",
};

/// A command had nothing to do: why.
pub const NOTHING_CHANGED: Message = Message {
    number: 532,
    severity: Severity::W,
    text: "nothing changed: {reason}",
    explanation: "The command is right, but things are already as it would make them.",
    action: "Nothing is done (return code 4).",
    response: "None. D STATUS, D PROFILES and D R show how things are.",
};

/// A reply is of no use: the request's number, what is wrong.
pub const REPLY_NOT_TAKEN: Message = Message {
    number: 533,
    severity: Severity::E,
    text: "reply to {number} not taken: {problem}",
    explanation: "No request of this number waits for a reply (it may have been answered, or its \
        time was over), or the reply is neither YES nor NO.",
    action: "Nothing is done (return code 8). A request that waits goes on waiting.",
    response: "Enter D R for the requests that wait, then R nn,'YES' or R nn,'NO'.",
};

/// A command would cut connections: request, profile, connections.
pub const RECONNECT_ASKED: Message = Message {
    number: 540,
    severity: Severity::A,
    text: "{number} F RECONNECT {profile},NOW would cut {connections} connection(s); reply YES or NO",
    explanation: "F RECONNECT with NOW was entered for a profile whose SSH sessions are in use. Their \
        transfers would break off.",
    action: "The request waits for REPLYTIME, then it is as if NO had been replied. Nothing is cut \
        before (return code 4).",
    response: "Enter R nn,'YES' with the number of the request to cut them, R nn,'NO' to leave them. \
        Without NOW the command needs no reply: sessions in use may finish.",
};

/// A host key that nobody knows: request, profile, server, fingerprint.
pub const KEY_ASKED: Message = Message {
    number: 541,
    severity: Severity::A,
    text: "{number} SSH server {server} of profile {profile} shows {fingerprint}, which nobody \
        knows; reply YES to accept it, or NO",
    explanation: "The profile has STRICTKEY ASK, and neither a HOSTKEY card nor a known_hosts file \
        knows the server. The connection that found out was refused; none waits for the reply.",
    action: "The request waits for REPLYTIME, then it is as if NO had been replied. Until YES, \
        connections to this server are refused. After YES the server is held to this key until zoxy \
        ends.",
    response: "Compare the fingerprint with what the administrator of the server tells you by another \
        way, then enter R nn,'YES' or R nn,'NO' with the number of the request. To have it known \
        after a restart, add a HOSTKEY card.",
};

/// `zoxy report` cannot read a log: its name, the reason.
pub const REPORT_UNREADABLE: Message = Message {
    number: 560,
    severity: Severity::E,
    text: "log {name} cannot be read: {reason}",
    explanation: "zoxy report was given a log that it cannot open or read to the end.",
    action: "Nothing is reported (return code 12).",
    response: "Correct the name, or run it under a user who may read the log.",
};

/// `zoxy explain` was asked for a message that does not exist: its ID.
pub const NO_SUCH_MESSAGE: Message = Message {
    number: 561,
    severity: Severity::E,
    text: "there is no message {id}",
    explanation: "zoxy explain was given an ID that the catalogue of this version does not have.",
    action: "Nothing is explained (return code 8).",
    response: "Copy the ID from the log: ZOX, four digits, a letter. If it comes from another version, \
        ask that version.",
};
