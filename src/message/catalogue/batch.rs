//! Messages 5000-5999: the batch FTP client. What z/OS FTP says in such a place has its EZA number,
//! and is in `zos`.

use crate::message::{Message, Severity};

/// Every message of this file.
pub(super) const ALL: &[&Message] = &[
    &BATCH_STARTED,
    &BATCH_STATEMENT_UNKNOWN,
    &BATCH_STATEMENT_WRONG,
    &BATCH_PARAMETER_WRONG,
    &BATCH_FILE_UNUSABLE,
    &BATCH_CONNECTING,
    &BATCH_NOT_BY_SOCKS,
    &BATCH_NOT_CONNECTED,
    &BATCH_NO_WAY,
    &BATCH_SUBCOMMAND_UNKNOWN,
    &BATCH_USAGE,
    &BATCH_REFUSED,
    &BATCH_BROKEN,
    &BATCH_LOCAL_FAILED,
    &BATCH_NOT_CONVERTED,
    &BATCH_INCOMPLETE,
    &BATCH_TRANSFERRED,
    &BATCH_PADDED,
    &BATCH_TRUNCATED,
    &BATCH_BOUNDARIES_LOST,
    &BATCH_ERRORS_IGNORED,
    &BATCH_ENDED,
    &BATCH_SITE_REFUSED,
    &BATCH_INTERRUPTED,
    &BATCH_OUTPUT_LOST,
];

/// The client begins: version, what it was started with.
pub const BATCH_STARTED: Message = Message {
    number: 5000,
    severity: Severity::I,
    text: "zoxy ftp {version}, parameters: {parameters}",
    explanation: "The batch FTP client has begun.",
    action: "Goes on with FTP.DATA and the subcommands.",
    response: "None.",
};

/// A statement that is not known: file, line, keyword.
pub const BATCH_STATEMENT_UNKNOWN: Message = Message {
    number: 5001,
    severity: Severity::W,
    text: "{file} line {line}: statement {keyword} is not known here and was ignored",
    explanation: "FTP.DATA has a statement that this client does not have.",
    action: "The statement is ignored; all others hold.",
    response: "Look in docs/batchftp.md whether the job depends on it. Remove it if it does not.",
};

/// A statement that is wrong: file, line, keyword, what was expected.
pub const BATCH_STATEMENT_WRONG: Message = Message {
    number: 5002,
    severity: Severity::E,
    text: "{file} line {line}: {keyword} {problem}",
    explanation: "A statement of FTP.DATA, of the SOCKS configuration or of NETRC has a value that it \
        cannot have.",
    action: "The client ends before it connects, with return code 4.",
    response: "Correct the statement.",
};

/// A parameter of the command that is wrong: what.
pub const BATCH_PARAMETER_WRONG: Message = Message {
    number: 5003,
    severity: Severity::E,
    text: "the parameters of the client are wrong: {problem}",
    explanation: "PARM, or the command line, is not HOST PORT (EXIT=nn TIMEOUT nn, each part of it or \
        none.",
    action: "The client ends with return code 4.",
    response: "Correct PARM.",
};

/// A file of the client that cannot be read: which, its name, reason.
pub const BATCH_FILE_UNUSABLE: Message = Message {
    number: 5004,
    severity: Severity::E,
    text: "{what} {file} cannot be read: {reason}",
    explanation: "FTP.DATA, NETRC, INPUT or the file of SOCKSCONFIGFILE cannot be opened or read.",
    action: "The client ends before it connects; if it is INPUT, where it is.",
    response: "Correct the name or the permissions.",
};

/// A connection is made: host, address, the way.
pub const BATCH_CONNECTING: Message = Message {
    number: 5005,
    severity: Severity::I,
    text: "connecting to {host} at {address}, {way}",
    explanation: "The client connects to an FTP server, directly or by the SOCKS server that \
        SOCKSCONFIGFILE names.",
    action: "Waits for the connection and the greeting, MYOPENTIME seconds at most.",
    response: "None.",
};

/// A connection that goes past the SOCKS servers: address.
pub const BATCH_NOT_BY_SOCKS: Message = Message {
    number: 5006,
    severity: Severity::W,
    text: "{address} is an IPv6 address: SOCKSCONFIGFILE does not hold for it, and the \
        connection is direct",
    explanation: "SOCKS servers are asked for IPv4 addresses only. The connection does not pass the \
        proxy.",
    action: "Connects without the SOCKS server.",
    response: "Name the server by its IPv4 address if it is to be reached by the proxy.",
};

/// No connection: target, reason.
pub const BATCH_NOT_CONNECTED: Message = Message {
    number: 5007,
    severity: Severity::E,
    text: "no connection to {target}: {reason}",
    explanation: "The FTP server or the SOCKS server cannot be reached, refuses, or does not answer in \
        time.",
    action: "The subcommand fails with client error code 8, or 9 if nobody answered in time.",
    response: "Look at the log of the proxy, which says why it refused; see whether the server is \
        up.",
};

/// No statement for an address: file, address.
pub const BATCH_NO_WAY: Message = Message {
    number: 5008,
    severity: Severity::E,
    text: "no statement of {file} is for {address}",
    explanation: "SOCKSCONFIGFILE has neither a DIRECT nor a SOCKD statement for the address of the \
        server. Nothing is sent past the proxy that was not said to go there.",
    action: "The subcommand fails with client error code 8.",
    response: "Add a statement for the address; DIRECT 0.0.0.0 0.0.0.0 as the last one lets all \
        others go directly.",
};

/// A subcommand that is not known: the word, why.
pub const BATCH_SUBCOMMAND_UNKNOWN: Message = Message {
    number: 5009,
    severity: Severity::E,
    text: "{subcommand} is no subcommand: {problem}",
    explanation: "A line of INPUT begins with a word that is no subcommand, or with the begin of \
        several.",
    action: "The subcommand fails with client error code 7.",
    response: "Correct INPUT.",
};

/// A subcommand that is wrong: its name, what was expected.
pub const BATCH_USAGE: Message = Message {
    number: 5010,
    severity: Severity::E,
    text: "{subcommand}: {problem}",
    explanation: "The operands of the subcommand are wrong, or it cannot be used now.",
    action: "The subcommand fails; nothing was sent.",
    response: "Correct INPUT.",
};

/// The server refuses: subcommand, reply code.
pub const BATCH_REFUSED: Message = Message {
    number: 5011,
    severity: Severity::E,
    text: "{subcommand} failed: the server replied {reply}",
    explanation: "The server's last reply, which is shown above, says that the command was not done.",
    action: "The subcommand fails with client error code 2; a login with 11.",
    response: "See the server's reply.",
};

/// The control connection is of no use any more: why.
pub const BATCH_BROKEN: Message = Message {
    number: 5012,
    severity: Severity::E,
    text: "the connection to the server is lost: {reason}",
    explanation: "The control connection was closed or reset, or what came is no reply.",
    action: "The subcommand fails with client error code 10, and the connection is closed.",
    response: "Look at the logs of the proxy and the server.",
};

/// A local file that cannot be used: its name, reason.
pub const BATCH_LOCAL_FAILED: Message = Message {
    number: 5013,
    severity: Severity::E,
    text: "local file {name}: {reason}",
    explanation: "The data set, DD or file cannot be opened, claimed, read or written, or is there \
        already and (REPLACE is missing.",
    action: "The subcommand fails with client error code 18, 19 or 20. A file that was being \
        received is as it was before.",
    response: "Correct the name, free the data set, or add (REPLACE.",
};

/// A record that cannot be converted: local name, record, reason.
pub const BATCH_NOT_CONVERTED: Message = Message {
    number: 5014,
    severity: Severity::E,
    text: "local file {name}, record {record}: {reason}",
    explanation: "A record or line cannot become the other side's text: its code page lacks a \
        character, a line end stands within a record, or it is too long.",
    action: "The transfer is broken off and fails with client error code 21. A file that was \
        being received is as it was before; one that was being sent is not whole at the \
        server.",
    response: "Send it as BINARY, choose code pages with SBDATACONN, or correct LRECL.",
};

/// A transfer that broke off: direction, name, bytes, reason.
pub const BATCH_INCOMPLETE: Message = Message {
    number: 5015,
    severity: Severity::E,
    text: "{direction} {name} broke off after {bytes} bytes: {reason}",
    explanation: "The data connection could not be made or ended early, or the server did not say that \
        the file is whole.",
    action: "The subcommand fails. A file that was being received is as it was before, or not \
        there; one that was being sent is not whole at the server.",
    response: "Look at the logs of the proxy and the server; run the job again.",
};

/// A transfer that is done: direction, local name, bytes, seconds, rate.
pub const BATCH_TRANSFERRED: Message = Message {
    number: 5016,
    severity: Severity::I,
    text: "{direction} {name}: {bytes} bytes in {seconds} seconds, {rate} KB/s",
    explanation: "The file was transferred, and the server said that it is whole. The bytes are those \
        of the data connection.",
    action: "Goes on with the next subcommand.",
    response: "None.",
};

/// Records were filled up: local name, count, LRECL.
pub const BATCH_PADDED: Message = Message {
    number: 5017,
    severity: Severity::I,
    text: "{name}: {count} records filled up to LRECL {lrecl}",
    explanation: "Lines or blocks of the received file were shorter than the fixed records they \
        became.",
    action: "They were filled up with blanks, binary ones with zeros.",
    response: "None.",
};

/// Records were cut off: local name, count, LRECL.
pub const BATCH_TRUNCATED: Message = Message {
    number: 5018,
    severity: Severity::W,
    text: "{name}: {count} records cut off at LRECL {lrecl}",
    explanation: "Lines of the received file were longer than a record may be, and TRUNCATE is in \
        force. What was behind LRECL is lost in the local file.",
    action: "The file was written all the same; the subcommand does not fail.",
    response: "Give the data set a longer LRECL, or make this an error by LOCSITE NOTRUNCATE, or \
        use LOCSITE WRAPRECORD.",
};

/// Variable records were sent as plain bytes: local name.
pub const BATCH_BOUNDARIES_LOST: Message = Message {
    number: 5019,
    severity: Severity::W,
    text: "{name} has variable records, and their boundaries are lost in binary",
    explanation: "A data set with RECFM V or VB was sent in binary: only the data of its records is \
        sent.",
    action: "The file was sent.",
    response: "Use LOCSITE RDW if the receiver needs the lengths of the records.",
};

/// The end after errors that did not count: how many.
pub const BATCH_ERRORS_IGNORED: Message = Message {
    number: 5020,
    severity: Severity::W,
    text: "{count} subcommands failed, and the return code is 0, for EXIT was not given",
    explanation: "Without EXIT in PARM, or CLIENTEXIT TRUE in FTP.DATA, errors do not end the client \
        nor set its return code.",
    action: "The client ends with return code 0.",
    response: "Give EXIT, so that the job sees that files are missing.",
};

/// The client ends: return code.
pub const BATCH_ENDED: Message = Message {
    number: 5021,
    severity: Severity::I,
    text: "zoxy ftp ends with return code {code}",
    explanation: "All subcommands were done, or one failed and EXIT was given.",
    action: "The client has ended.",
    response: "If it is not 0, see EZA1735I and the messages above.",
};

/// A SITE command that the server refuses: reply code.
pub const BATCH_SITE_REFUSED: Message = Message {
    number: 5022,
    severity: Severity::W,
    text: "the server does not take this SITE command ({reply})",
    explanation: "Servers that have no data sets do not know the parameters of SITE.",
    action: "Goes on: a SITE command that is refused is no error.",
    response: "None, unless the server is one that should know it.",
};

/// A signal came.
pub const BATCH_INTERRUPTED: Message = Message {
    number: 5023,
    severity: Severity::W,
    text: "interrupted by a signal",
    explanation: "The client was asked to end, from the keyboard or by kill.",
    action: "What was in progress is broken off; a file that was being received is as it was \
        before.",
    response: "None.",
};

/// What the client says cannot be written: reason.
pub const BATCH_OUTPUT_LOST: Message = Message {
    number: 5024,
    severity: Severity::W,
    text: "OUTPUT cannot be written: {reason}",
    explanation: "What the client has to say is lost, as with a full disk; this line is on standard \
        error. It comes once.",
    action: "Goes on: the return code is that of the transfers all the same.",
    response: "Make room where OUTPUT, SYSPRINT or the spool is.",
};
