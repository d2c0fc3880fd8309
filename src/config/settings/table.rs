//! The table itself: every keyword in every place that knows it, and the algorithms that may be
//! named. The algorithms are those of the SSH transport; names of others are errors of the deck.

use super::{KILO, Kind, MEGA, Scope, Secrecy, Setting};

/// Every setting, by place and in the order of the manual.
pub static SETTINGS: &[Setting] = &[
    Setting {
        keyword: "WORKERS",
        scope: Scope::Process,
        kind: Kind::Number(0, 64),
        default: "0",
        meaning: "Threads that move data. 0: one per CPU. Changes at the next start.",
    },
    Setting {
        keyword: "MAXCONN",
        scope: Scope::Process,
        kind: Kind::Number(1, 1_000_000),
        default: "8192",
        meaning: "Most client connections at once.",
    },
    Setting {
        keyword: "MAXCLIENT",
        scope: Scope::Process,
        kind: Kind::Number(1, 1_000_000),
        default: "4096",
        meaning: "Most connections at once from one client address.",
    },
    Setting {
        keyword: "DRAINTIME",
        scope: Scope::Process,
        kind: Kind::Time(0, 86_400),
        default: "30",
        meaning: "How long running connections may go on after a stop.",
    },
    Setting {
        keyword: "CONSOLE",
        scope: Scope::Process,
        kind: Kind::Path,
        default: "",
        meaning: "Socket of the operator's console. Without it: `/run/zoxy.sock` for root, \
                  `$XDG_RUNTIME_DIR/zoxy.sock` for others, or \
                  `/tmp/zoxy-UID.sock` where that is not set.",
    },
    Setting {
        keyword: "CONSGROUP",
        scope: Scope::Process,
        kind: Kind::Text,
        default: "",
        meaning: "Group, by name or number, whose members may use the operator's console too. Changes \
                  at the next start.",
    },
    Setting {
        keyword: "LOGTO",
        scope: Scope::Process,
        kind: Kind::Words(&["STDERR", "SYSLOG", "FILE"]),
        default: "STDERR",
        meaning: "Where messages go. FILE needs LOGFILE.",
    },
    Setting {
        keyword: "LOGFILE",
        scope: Scope::Process,
        kind: Kind::Path,
        default: "",
        meaning: "The log file.",
    },
    Setting {
        keyword: "LOGSIZE",
        scope: Scope::Process,
        kind: Kind::Size(4 * KILO, 4096 * MEGA),
        default: "16M",
        meaning: "Length after which the log file becomes `NAME.1` and a new one is begun.",
    },
    Setting {
        keyword: "LOGKEEP",
        scope: Scope::Process,
        kind: Kind::Number(0, 999),
        default: "5",
        meaning: "Old log files that are kept.",
    },
    Setting {
        keyword: "SYSLOG",
        scope: Scope::Process,
        kind: Kind::Path,
        default: "/dev/log",
        meaning: "Socket of the local syslog daemon or journal.",
    },
    Setting {
        keyword: "LOGREPEAT",
        scope: Scope::Process,
        kind: Kind::Time(0, 3_600),
        default: "30",
        meaning: "A warning or error that comes more than 10 times within this time is held back and \
                  counted. 0: never.",
    },
    Setting {
        keyword: "REPLYTIME",
        scope: Scope::Process,
        kind: Kind::Time(1, 86_400),
        default: "600",
        meaning: "How long a request to the operator (D R) stays open. Then it is as if NO had been \
                  replied.",
    },
    Setting {
        keyword: "RESOLVERS",
        scope: Scope::Process,
        kind: Kind::Number(1, 16),
        default: "2",
        meaning: "Helper threads of each kind: for names of DIRECT targets, for names and key \
                  files of SSH servers, for passwords of clients. Changes at the next start.",
    },
    Setting {
        keyword: "WINDOWMEM",
        scope: Scope::Process,
        kind: Kind::Size(MEGA, 65_536 * MEGA),
        default: "256M",
        meaning: "Bytes by which the receive windows of all channels together may grow. When little \
                  is left, large windows shrink.",
    },
    Setting {
        keyword: "CLIENTS",
        scope: Scope::Listener,
        kind: Kind::Addresses,
        default: "127.0.0.0/8,::1",
        meaning: "Addresses that may connect.",
    },
    Setting {
        keyword: "USERS",
        scope: Scope::Listener,
        kind: Kind::Files { most: 1, secrecy: Secrecy::Secret, quotable: true },
        default: "",
        meaning: "Users and salted hashes of their passwords: SOCKS5 clients must log in, SOCKS4 \
                  clients are refused. Lines are made by `zoxy passwd`. Without it nobody logs in.",
    },
    Setting {
        keyword: "HANDSHAKE",
        scope: Scope::Listener,
        kind: Kind::Time(1, 600),
        default: "30",
        meaning: "Time a client has from its connection to its complete SOCKS request.",
    },
    Setting {
        keyword: "USER",
        scope: Scope::Profile,
        kind: Kind::Text,
        default: "",
        meaning: "User name at the SSH server.",
    },
    Setting {
        keyword: "AUTH",
        scope: Scope::Profile,
        kind: Kind::Words(&["PUBLICKEY", "PASSWORD", "KEYBOARD"]),
        default: "PUBLICKEY,PASSWORD,KEYBOARD",
        meaning: "Ways to log in, in order. KEYBOARD is keyboard-interactive, answered with the \
                  password.",
    },
    Setting {
        keyword: "APPLOGIN",
        scope: Scope::Profile,
        kind: Kind::Word(&["APP", "OWNFIRST", "APPFIRST"]),
        default: "APP",
        meaning: "Filters with Y in column 36: who logs in to SSH. APP: the job. OWNFIRST: USER of \
                  the profile, or, if that login is refused, the job. APPFIRST: the other way round. \
                  The FTP server always gets the job's user and password.",
    },
    Setting {
        keyword: "IDENTITY",
        scope: Scope::Profile,
        kind: Kind::Files { most: 16, secrecy: Secrecy::PrivateKey, quotable: true },
        default: "",
        meaning: "Private keys, OpenSSH or PEM, tried in order. Others must not be able to read them.",
    },
    Setting {
        keyword: "PASSPHRASE",
        scope: Scope::Profile,
        kind: Kind::Files { most: 1, secrecy: Secrecy::Secret, quotable: false },
        default: "",
        meaning: "File whose first line opens the private keys.",
    },
    Setting {
        keyword: "PASSWORD",
        scope: Scope::Profile,
        kind: Kind::Files { most: 1, secrecy: Secrecy::Secret, quotable: false },
        default: "",
        meaning: "File whose first line is the password.",
    },
    Setting {
        keyword: "KNOWNHOSTS",
        scope: Scope::Profile,
        kind: Kind::Files { most: 16, secrecy: Secrecy::Public, quotable: true },
        default: "",
        meaning: "known_hosts files, all of them consulted.",
    },
    Setting {
        keyword: "STRICTKEY",
        scope: Scope::Profile,
        kind: Kind::Word(&["YES", "NEW", "ASK"]),
        default: "YES",
        meaning: "Host key of a server that nobody knows. YES: refused. NEW: accepted with a \
                  warning and kept in mind while zoxy runs. ASK: refused, and the operator is asked; \
                  a key that is confirmed is kept in mind as under NEW. A changed key is always \
                  refused.",
    },
    Setting {
        keyword: "CIPHERS",
        scope: Scope::Profile,
        kind: Kind::Algorithms(CIPHERS),
        default: "aes128-gcm@openssh.com,aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,\
                  aes256-ctr,aes192-ctr,aes128-ctr",
        meaning: "Ciphers, in order.",
    },
    Setting {
        keyword: "MACS",
        scope: Scope::Profile,
        kind: Kind::Algorithms(MACS),
        default: "",
        meaning: "Message authentication codes, in order. Without it: all.",
    },
    Setting {
        keyword: "KEX",
        scope: Scope::Profile,
        kind: Kind::Algorithms(KEX),
        default: "",
        meaning: "Key exchange methods, in order. Without it: all.",
    },
    Setting {
        keyword: "HOSTKEYALGS",
        scope: Scope::Profile,
        kind: Kind::Algorithms(HOST_KEYS),
        default: "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,\
                  rsa-sha2-512,rsa-sha2-256",
        meaning: "Host key algorithms, in order.",
    },
    Setting {
        keyword: "COMPRESSION",
        scope: Scope::Profile,
        kind: Kind::Word(&["YES", "NO"]),
        default: "NO",
        meaning: "Whether to offer zlib@openssh.com.",
    },
    Setting {
        keyword: "CONNTIME",
        scope: Scope::Profile,
        kind: Kind::Time(1, 600),
        default: "30",
        meaning: "Time for connection, key exchange and login together.",
    },
    Setting {
        keyword: "OPENTIME",
        scope: Scope::Profile,
        kind: Kind::Time(1, 600),
        default: "30",
        meaning: "Time for the SSH server to answer the opening of a channel.",
    },
    Setting {
        keyword: "IDLETIME",
        scope: Scope::Profile,
        kind: Kind::Time(0, 86_400),
        default: "5",
        meaning: "How long a session without channels stays open. 0: it is closed at once.",
    },
    Setting {
        keyword: "KEEPALIVE",
        scope: Scope::Profile,
        kind: Kind::Time(0, 3_600),
        default: "15",
        meaning: "Interval of keepalive requests. 0: none.",
    },
    Setting {
        keyword: "KEEPCOUNT",
        scope: Scope::Profile,
        kind: Kind::Number(1, 20),
        default: "3",
        meaning: "Keepalive requests without an answer after which a session is dead.",
    },
    Setting {
        keyword: "SESSIONS",
        scope: Scope::Profile,
        kind: Kind::Number(1, 64),
        default: "4",
        meaning: "Most sessions at once for one server and user.",
    },
    Setting {
        keyword: "CHANNELS",
        scope: Scope::Profile,
        kind: Kind::Number(1, 8_192),
        default: "4096",
        meaning: "Most channels in one session.",
    },
    Setting {
        keyword: "SPREAD",
        scope: Scope::Profile,
        kind: Kind::Number(0, 8_192),
        default: "0",
        meaning: "Clients in each session from which another one is opened, on the worker with the fewest, up to \
            SESSIONS. An SSH session is one thread here and one process at the server: several carry more. 0: \
            only when all are full.",
    },
    Setting {
        keyword: "WINDOW",
        scope: Scope::Profile,
        kind: Kind::Size(32 * KILO, 64 * MEGA),
        default: "32M",
        meaning: "Largest receive window of one channel. It starts at 256K and grows as the path \
                  to the server needs it.",
    },
    Setting {
        keyword: "BACKOFFMIN",
        scope: Scope::Profile,
        kind: Kind::Time(0, 60),
        default: "1",
        meaning: "Pause after a failed connection to the SSH server, or one that was lost within this \
                  time of its login; it doubles with each further failure. 0: none.",
    },
    Setting {
        keyword: "BACKOFFMAX",
        scope: Scope::Profile,
        kind: Kind::Time(0, 3_600),
        default: "60",
        meaning: "Longest such pause; not below BACKOFFMIN.",
    },
    Setting {
        keyword: "CONNTIME",
        scope: Scope::Filter,
        kind: Kind::Time(1, 600),
        default: "30",
        meaning: "DIRECT, and what goes on in clear under column 38: time for name resolution and \
                  connection together.",
    },
    Setting {
        keyword: "IDLETIME",
        scope: Scope::Filter,
        kind: Kind::Time(0, 604_800),
        default: "0",
        meaning: "A connection on which nothing moves for this long is closed. 0: never.",
    },
    Setting {
        keyword: "HALFTIME",
        scope: Scope::Filter,
        kind: Kind::Time(0, 604_800),
        default: "300",
        meaning: "The same once one side has finished sending. 0: never.",
    },
    Setting {
        keyword: "PASVADDR",
        scope: Scope::Filter,
        kind: Kind::Word(&["TRUST", "TARGET"]),
        default: "TARGET",
        meaning: "FTPTUN: the host of passive data connections. TRUST: the address in the 227 \
                  reply. TARGET: the host that the application asked for; if that is an address, \
                  it replaces the one in the reply.",
    },
    Setting {
        keyword: "DATATIME",
        scope: Scope::Filter,
        kind: Kind::Time(1, 3_600),
        default: "120",
        meaning: "FTPTUN: how long an expected data connection is waited for.",
    },
    Setting {
        keyword: "COMPOSITE",
        scope: Scope::Filter,
        kind: Kind::Word(&["YES", "NO"]),
        default: "NO",
        meaning: "FTPTUN with Y in column 36: whether `user@host`, as FTP proxies take it, means \
                  the user at that FTP server.",
    },
    Setting {
        keyword: "CTRLCONN",
        scope: Scope::Filter,
        kind: Kind::EbcdicPage,
        default: "ASCII",
        meaning: "FTPTUN: code page of the control connection between application and zoxy. The FTP \
                  server always gets ASCII.",
    },
    Setting {
        keyword: "ACTIVE",
        scope: Scope::Filter,
        kind: Kind::Word(&["PASSIVE", "FORWARD"]),
        default: "PASSIVE",
        meaning: "FTPTUN: how active clients are served. PASSIVE: the FTP server is asked for \
                  passive mode instead. FORWARD: it connects to a port that the SSH server listens \
                  on for zoxy.",
    },
    Setting {
        keyword: "FWDADDR",
        scope: Scope::Filter,
        kind: Kind::Address,
        default: "127.0.0.1",
        meaning: "ACTIVE FORWARD: the address of the SSH server's host that the FTP server connects \
                  to. A loopback address: both are on one host, and the FTP server is reached at \
                  that address too.",
    },
    Setting {
        keyword: "FWDBIND",
        scope: Scope::Filter,
        kind: Kind::Address,
        default: "",
        meaning: "ACTIVE FORWARD: the address that the SSH server is asked to listen on. Without \
                  it: FWDADDR.",
    },
    Setting {
        keyword: "FWDFROM",
        scope: Scope::Filter,
        kind: Kind::Addresses,
        default: "",
        meaning: "ACTIVE FORWARD: where the FTP server's data connections may come from, as the SSH \
                  server sees it. Without it: the address that the application asked for, and \
                  loopback if FWDADDR is.",
    },
];

const CIPHERS: &[&str] = &[
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "chacha20-poly1305@openssh.com",
    "aes256-ctr",
    "aes192-ctr",
    "aes128-ctr",
    "aes256-cbc",
    "aes192-cbc",
    "aes128-cbc",
];

const MACS: &[&str] = &[
    "hmac-sha2-256",
    "hmac-sha2-256-etm@openssh.com",
    "hmac-sha2-512",
    "hmac-sha2-512-etm@openssh.com",
];

const KEX: &[&str] = &[
    "mlkem768x25519-sha256",
    "mlkem768nistp256-sha256",
    "mlkem1024nistp384-sha384",
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group-exchange-sha256",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group18-sha512",
    "diffie-hellman-group14-sha256",
];

const HOST_KEYS: &[&str] = &[
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
];
