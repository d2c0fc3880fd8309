//! Messages 0500-0999: what the operator's console and `zoxy ctl` answer.
//!
//! Most go to the console only, not to the log.

use crate::message::{Message, Severity};

/// Every message of this file.
pub(super) const ALL: &[&Message] = &[
    &DISPLAY_HEADING,
    &DISPLAY_END,
    &DISPLAY_MORE,
    &STOP_ACCEPTED,
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

/// The stop command was taken.
pub const STOP_ACCEPTED: Message = Message {
    number: 503,
    severity: Severity::I,
    text: "stop accepted; running connections may finish within the drain time",
    explanation: "The console command P was accepted. The log has ZOX0003I with the number of \
        connections and the drain time.",
    action: "The listeners are closed; zoxy ends when the last connection does, or when the drain \
        time is over.",
    response: "None. D CONNS shows what is still running, as long as zoxy does. A second P ends \
        zoxy without waiting.",
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
    text: "console refused to {user}: only root and the user zoxy runs under may operate it",
    explanation: "Another user connected to the console socket, so its permissions were changed \
        after zoxy made it with mode 0600. This line goes to the log and to the console.",
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
