//! Messages 0000-0999: start, stop and operator commands.
//!
//! 0500-0999 are the lines of the console's displays and answers; the numbers below are events of
//! the log.

use crate::message::{Message, Severity};

/// Every message of this file.
pub(super) const ALL: &[&Message] = &[
    &STARTED,
    &READY,
    &STOPPING,
    &STOPPED,
    &DRAIN_ENDED,
    &REFRESHED,
    &REFRESH_FAILED,
    &COMMAND,
    &SEAM_CHECK_FAILED,
    &LISTEN_FAILED,
    &CONSOLE_FAILED,
    &START_FAILED,
    &WORKER_LOST,
    &INTERNAL,
    &PASSED_USED,
    &PASSED_UNUSED,
    &PASSED_UNFIT,
    &NOTIFY_FAILED,
    &WORKER_SILENT,
    &WORKERS_ANSWER,
    &QUIESCED,
    &RESUMED,
    &PROFILE_DRAINED,
    &PROFILE_RESUMED,
    &RECONNECTED,
    &RECONNECTED_NOW,
    &LOG_LEVEL,
    &TRACE_CHANGED,
    &REQUEST_ANSWERED,
    &REQUEST_EXPIRED,
    &REPEATED,
    &LOG_FILE_FAILED,
    &LOG_FILE_WORKS,
    &LOG_LINES_LOST,
];

/// The deck is good and the workers run: version, deck, number of listeners, number of workers.
pub const STARTED: Message = Message {
    number: 1,
    severity: Severity::I,
    text: "zoxy {version} started, deck {deck}, listeners {listeners}, workers {workers}",
    explanation: "The deck was read without errors and the worker threads run. One ZOX0002I per \
        listener follows when it can be reached.",
    action: "Start-up continues with the listeners and the operator's console.",
    response: "None. The version and the deck named here are what a problem report should quote.",
};

/// A listener accepts connections: its address, its name in the deck.
pub const READY: Message = Message {
    number: 2,
    severity: Severity::I,
    text: "listener {name} ready on {address}",
    explanation: "Clients can connect to this address. The name is that of the LISTEN card.",
    action: "Connections are accepted and decided by the filters.",
    response: "None. Automation that starts batch work behind zoxy can wait for this line.",
};

/// A stop began: its cause, connections still running, seconds they may take.
pub const STOPPING: Message = Message {
    number: 3,
    severity: Severity::I,
    text: "stopping: {reason}; {connections} connection(s) may finish within {seconds} s",
    explanation: "A signal or the console command P asked zoxy to stop.",
    action: "The listeners are closed and new connections refused. Running connections go on until \
        they end or until the drain time (SET * DRAINTIME) is over.",
    response: "None. To see what is still running, enter D CONNS. A second stop request ends zoxy \
        without waiting.",
};

/// The process ends with return code 0.
pub const STOPPED: Message = Message {
    number: 4,
    severity: Severity::I,
    text: "stopped",
    explanation: "Every connection and SSH session is closed.",
    action: "The process ends with return code 0.",
    response: "None.",
};

/// The drain time is over: connections that were closed by it.
pub const DRAIN_ENDED: Message = Message {
    number: 5,
    severity: Severity::W,
    text: "{connections} connection(s) still running when the drain time ended; closed",
    explanation: "The drain time that follows a stop was not long enough for these connections. \
        Their clients see the connection break off in the middle.",
    action: "The connections are closed (each with ZOX2013I) and the stop continues.",
    response: "Check the jobs behind these connections and rerun their transfers. If it happens \
        often, raise DRAINTIME or stop zoxy after the batch window.",
};

/// A new deck is in use: deck, number of filters, number of profiles.
pub const REFRESHED: Message = Message {
    number: 6,
    severity: Severity::I,
    text: "refreshed from {deck}: {filters} filter(s), {profiles} profile(s)",
    explanation: "SIGHUP or F REFRESH asked for it, and the deck has no errors.",
    action: "New connections follow the new deck. Running connections go on as they were \
        decided.",
    response: "None. Enter D FILTERS to see the filters in use.",
};

/// The new deck has errors: deck, number of errors.
pub const REFRESH_FAILED: Message = Message {
    number: 7,
    severity: Severity::E,
    text: "refresh refused: {deck} has {errors} error(s); the old deck stays in use",
    explanation: "The deck could not be read, or its cards have errors. Each error has its own \
        line with member, card and columns.",
    action: "Nothing changes: zoxy goes on with the deck it had.",
    response: "Correct the cards, check them with zoxy check, then enter F REFRESH again. A \
        restart with this deck would fail, so do not leave it for the next one.",
};

/// An operator's command arrived: who sent it (uid and name), the command.
pub const COMMAND: Message = Message {
    number: 8,
    severity: Severity::I,
    text: "command from {user}: {command}",
    explanation: "A command arrived on the operator's console. The user is the one the kernel \
        reports for the other end of the socket.",
    action: "The command is carried out; its answer goes to the console only.",
    response: "None. The line is the record of who changed or stopped what.",
};

/// The installed libssh2 is not the one zoxy was built for: what did not hold.
pub const SEAM_CHECK_FAILED: Message = Message {
    number: 10,
    severity: Severity::S,
    text: "SSH self-check failed: {reason}",
    explanation: "At start zoxy verifies that the SSH library it was linked with behaves as it was \
        built for. It does not; traffic could be corrupted or left unencrypted.",
    action: "zoxy does not start (return code 16).",
    response: "Install a zoxy binary built for this system, or rebuild it with the locked \
        dependencies. Report the reason if a freshly built binary shows it.",
};

/// A listener cannot be opened: name, address, the system's reason.
pub const LISTEN_FAILED: Message = Message {
    number: 11,
    severity: Severity::S,
    text: "listener {name} cannot use {address}: {reason}",
    explanation: "The system refused the address of a LISTEN card. Usual causes: another program \
        or another zoxy has the port, the address is not of this host, a port below 1024 without \
        the right to it.",
    action: "zoxy does not start. During a refresh the old listeners stay.",
    response: "Find the owner of the port (ss -ltnp), correct the LISTEN card or grant \
        CAP_NET_BIND_SERVICE, then start zoxy again.",
};

/// The console socket cannot be opened: its path, the system's reason.
pub const CONSOLE_FAILED: Message = Message {
    number: 12,
    severity: Severity::S,
    text: "operator's console {path} cannot be opened: {reason}",
    explanation: "The console socket could not be made. Usual causes: a zoxy is already running \
        with this path, the directory does not exist, or this user may not write to it.",
    action: "zoxy does not start, since it could not be operated.",
    response: "If the reason is that zoxy is already running, stop that one or give this one \
        another path by SET * CONSOLE. Otherwise make the directory and give it to the user zoxy \
        runs under.",
};

/// zoxy cannot start: the reason.
pub const START_FAILED: Message = Message {
    number: 13,
    severity: Severity::S,
    text: "zoxy cannot start: {reason}",
    explanation: "Something zoxy needs could not be had from the system: threads, descriptors, \
        memory, signals.",
    action: "The process ends with return code 12 or 16.",
    response: "Remove the cause named in the message; the limits of the service (ulimit -n, \
        TasksMax, MemoryMax) are the first place to look. Then start zoxy again.",
};

/// A worker thread ended that should not have: its number, the reason.
pub const WORKER_LOST: Message = Message {
    number: 14,
    severity: Severity::S,
    text: "worker {worker} ended: {reason}",
    explanation: "A worker thread stopped by an error it cannot survive. Its connections and SSH \
        sessions are gone.",
    action: "zoxy stops, so that its supervisor can start it afresh.",
    response: "Restart zoxy if nothing does it by itself, rerun the transfers that broke, and \
        report the reason with the lines before it.",
};

/// A safety net caught a state that should not exist: connection or session, what was found.
pub const INTERNAL: Message = Message {
    number: 15,
    severity: Severity::E,
    text: "#{id} internal error: {what}",
    explanation: "A safety net found a state that the program should never reach. It is a defect \
        of zoxy, not of the client or the server.",
    action: "The connection or session concerned is closed; all others go on.",
    response: "Rerun the transfer. Report the line together with the lines of the same #id.",
};

/// A listener is served by a socket that the service manager opened: the listener, the socket's name.
pub const PASSED_USED: Message = Message {
    number: 20,
    severity: Severity::I,
    text: "listener {listener} uses socket {name} of the service manager",
    explanation: "The service manager passed a listening socket (socket activation) whose address \
        is that of a LISTEN card. Its name is the FileDescriptorName of the socket unit.",
    action: "Clients are taken from that socket.",
    response: "None. While zoxy is restarted, clients wait in this socket.",
};

/// A passed socket fits no listener: its name, its address.
pub const PASSED_UNUSED: Message = Message {
    number: 21,
    severity: Severity::W,
    text: "socket {name} of the service manager on {address} fits no LISTEN card",
    explanation: "The service manager passed a listening socket, but no LISTEN card of the deck has \
        its address and port. Clients that connect to it wait for ever, since the service manager \
        keeps it open.",
    action: "The socket is not used. It is looked at again at the next refresh.",
    response: "Make ListenStream of the socket unit and the LISTEN cards agree: the same address \
        and the same port.",
};

/// A passed descriptor cannot be used: its number, its name, the reason.
pub const PASSED_UNFIT: Message = Message {
    number: 22,
    severity: Severity::W,
    text: "descriptor {descriptor} ({name}) of the service manager cannot be used: {reason}",
    explanation: "The service manager passed something that is no listening TCP socket.",
    action: "The descriptor is ignored.",
    response: "Let the socket unit have ListenStream with addresses and ports, and Accept=no.",
};

/// The service manager does not take notifications: the reason.
pub const NOTIFY_FAILED: Message = Message {
    number: 23,
    severity: Severity::W,
    text: "the service manager cannot be told: {reason}",
    explanation: "zoxy was started under a service manager (NOTIFY_SOCKET, WATCHDOG_USEC), but what \
        it tells it does not arrive. It is said once, until a notification arrives again.",
    action: "zoxy goes on. The service manager may take it for not started, or for hanging.",
    response: "Check that the unit has Type=notify and NotifyAccess=main, and that nothing between \
        them (a container, a chroot) hides the socket.",
};

/// A worker does not answer the watchdog: its number, for how long, the watchdog's limit.
pub const WORKER_SILENT: Message = Message {
    number: 24,
    severity: Severity::E,
    text: "worker {worker} has not answered for {seconds} s; the watchdog bites after {limit} s",
    explanation: "A worker thread does not come round its loop. Its connections stand still. The \
        usual cause is a machine that is short of processors or memory; else it is a defect.",
    action: "The service manager's watchdog is not fed while a worker is silent. It will end zoxy \
        and, with Restart=, start it afresh.",
    response: "Look at the load and the memory of the machine. If it recurs on a machine at rest, \
        report it with the log.",
};

/// All workers answer again.
pub const WORKERS_ANSWER: Message = Message {
    number: 25,
    severity: Severity::I,
    text: "all workers answer again",
    explanation: "The workers named by ZOX0024E have come round.",
    action: "The watchdog is fed as before.",
    response: "None.",
};

/// F QUIESCE: connections that may finish.
pub const QUIESCED: Message = Message {
    number: 30,
    severity: Severity::I,
    text: "quiesced: new requests are refused; {connections} connection(s) may finish",
    explanation: "An operator entered F QUIESCE.",
    action: "New SOCKS requests are refused with a general failure (ZOX2017W). Connections that run go \
        on, and FTP dialogues that run get their data connections.",
    response: "Wait until D STATUS shows no connections. F RESUME takes requests again.",
};

/// F RESUME.
pub const RESUMED: Message = Message {
    number: 31,
    severity: Severity::I,
    text: "resumed: new requests are taken",
    explanation: "An operator entered F RESUME after F QUIESCE.",
    action: "New requests are decided by the filters. Profiles that are drained stay so.",
    response: "None.",
};

/// F DRAIN: profile, connections that may finish.
pub const PROFILE_DRAINED: Message = Message {
    number: 32,
    severity: Severity::I,
    text: "profile {profile} drained: new requests are refused; {connections} connection(s) may finish",
    explanation: "An operator entered F DRAIN for this profile.",
    action: "New SOCKS requests whose filter has this profile are refused with a general failure \
        (ZOX2017W), FTP dialogues whose login was to open the way end with 421; they do not fall back \
        to plain. What runs goes on. The profile stays drained over a refresh that keeps its name, but \
        not over a restart.",
    response: "Wait until D PROFILES shows no clients; the SSH sessions end IDLETIME later. F RESUME \
        with the profile takes requests again.",
};

/// F RESUME of a profile.
pub const PROFILE_RESUMED: Message = Message {
    number: 33,
    severity: Severity::I,
    text: "profile {profile} resumed: new requests are taken",
    explanation: "An operator entered F RESUME for this profile.",
    action: "Requests whose filter has this profile are carried again.",
    response: "None.",
};

/// F RECONNECT: profile, sessions, connections that may finish.
pub const RECONNECTED: Message = Message {
    number: 34,
    severity: Severity::I,
    text: "profile {profile}: {sessions} SSH session(s) out of use; {connections} connection(s) may \
        finish",
    explanation: "An operator entered F RECONNECT. The number is of sessions that were open.",
    action: "Sessions without connections are closed, the others end with their last one. The next \
        request makes a new session, at once even if the server has just failed.",
    response: "None. D TUNNELS shows old and new sessions.",
};

/// F RECONNECT with NOW: profile, sessions, connections that were cut.
pub const RECONNECTED_NOW: Message = Message {
    number: 35,
    severity: Severity::W,
    text: "profile {profile}: {sessions} SSH session(s) closed; {connections} connection(s) cut",
    explanation: "An operator entered F RECONNECT with NOW, and confirmed it if connections used the \
        sessions.",
    action: "The sessions are closed and the clients on them reset. The next request makes a new \
        session.",
    response: "Rerun the transfers that were cut: their ZOX2013I lines name them.",
};

/// F LOG: the level.
pub const LOG_LEVEL: Message = Message {
    number: 36,
    severity: Severity::I,
    text: "log level is {level}",
    explanation: "An operator entered F LOG. NORMAL is what the start asked for (-v, ZOXY_LOG), DEBUG \
        adds debugging lines, TRACE every change of state. Messages are written at every level.",
    action: "The level holds until F LOG changes it, or zoxy ends.",
    response: "Set it back to NORMAL when what is looked for has been seen: traces are long.",
};

/// F TRACE: connection, ON or OFF.
pub const TRACE_CHANGED: Message = Message {
    number: 37,
    severity: Severity::I,
    text: "trace of connection #{id} is {state}",
    explanation: "An operator entered F TRACE. While it is ON, everything that zoxy does for this \
        client connection is traced: changes of state, FTP commands without passwords.",
    action: "Trace lines go where messages go, until OFF or the end of the connection.",
    response: "Enter F TRACE with OFF when enough has been seen.",
};

/// R: request, reply, what it was about.
pub const REQUEST_ANSWERED: Message = Message {
    number: 38,
    severity: Severity::I,
    text: "request {number} answered {answer}: {what}",
    explanation: "An operator replied to a request; ZOX0008I before it tells who.",
    action: "With YES, what was asked about is done; with NO, nothing is.",
    response: "None.",
};

/// A request nobody answered: its number, what it was about, the time in seconds.
pub const REQUEST_EXPIRED: Message = Message {
    number: 39,
    severity: Severity::W,
    text: "request {number} not answered within {seconds} s, taken as NO: {what}",
    explanation: "Nobody replied to a request within REPLYTIME.",
    action: "Nothing is done. If the same question comes up again, it is a new request.",
    response: "If it should have been answered: see to it that ZOX0540A and ZOX0541A reach an \
        operator, or raise REPLYTIME.",
};

/// A message came again and again: how often, in how many seconds, the last of them.
pub const REPEATED: Message = Message {
    number: 40,
    severity: Severity::W,
    text: "message repeated {count} time(s) within {seconds} s, the last: {last}",
    explanation: "A warning or error came more than 10 times within LOGREPEAT, the same but for numbers \
        of connections and sessions, times and client ports. Those beyond 10 were held back; this is \
        how many, and the last of them whole.",
    action: "The count begins anew with the next one.",
    response: "As for the message in it. LOGREPEAT 0 has every single one written.",
};

/// The log file cannot be written: its path, the reason.
pub const LOG_FILE_FAILED: Message = Message {
    number: 41,
    severity: Severity::E,
    text: "log file {path} cannot be written: {reason}",
    explanation: "Usual causes: the disk is full, the directory does not exist, the user zoxy runs \
        under may not write there. It is said once on standard error.",
    action: "Lines for the file are dropped and counted; zoxy goes on, and tries again every 5 \
        seconds.",
    response: "Make room, or correct LOGFILE and enter F REFRESH. ZOX0042I tells when it works again.",
};

/// The log file can be written again: its path, lines that were lost.
pub const LOG_FILE_WORKS: Message = Message {
    number: 42,
    severity: Severity::I,
    text: "log file {path} is written again; {lines} line(s) were lost",
    explanation: "What ZOX0041E told is over.",
    action: "Lines go to the file as before.",
    response: "Look for the lost lines where else the log goes (LOGTO).",
};

/// Lines did not get into the log file: how many, why.
pub const LOG_LINES_LOST: Message = Message {
    number: 43,
    severity: Severity::W,
    text: "{lines} line(s) are not in the log file: {reason}",
    explanation: "More lines came than the disk took. zoxy does not wait for its log file.",
    action: "The lines were dropped.",
    response: "Switch tracing off (F LOG NORMAL), or have the file on a faster disk.",
};
