//! The usual scene of FTPTUN: an FTP server, an SSH server, zoxy with one filter between them.

use std::net::Ipv4Addr;
use std::thread;

use zoxy::message::catalogue::FTP_TRANSFER;

use super::{Deck, Door, FtpClient, Ftpd, Socks, Sshd, World, Zoxy, account, free_port};

/// Which host the SSH server is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SshHost {
    /// That of the FTP server: column 37 is Y.
    Target,
    /// The profile's, and the FTP server is on a third one (127.0.0.2).
    Profile,
}

/// The scene. The user and password of the FTP dialogue log in to SSH (column 36 is Y).
pub struct FtpScene {
    /// The proxy.
    pub zoxy: Zoxy,
    /// The SSH server.
    pub sshd: Sshd,
    /// The FTP server.
    pub ftpd: Ftpd,
    /// Port of the SOCKS listener.
    pub port: u16,
}

impl FtpScene {
    /// vsftpd and sshd on one host.
    pub fn start(world: &World) -> Self {
        Self::start_with(world, SshHost::Target, &[], |deck| deck)
    }

    /// With extra lines for vsftpd, and cards behind the profile's.
    pub fn start_with(
        world: &World,
        host: SshHost,
        vsftpd: &[&str],
        cards: impl FnOnce(Deck) -> Deck,
    ) -> Self {
        let address = match host {
            SshHost::Target => Ipv4Addr::LOCALHOST,
            SshHost::Profile => Ipv4Addr::new(127, 0, 0, 2),
        };
        let ftpd = Ftpd::start_on(world, address, vsftpd);
        Self::around(world, host, ftpd, Sshd::start(world, &[]), cards)
    }

    /// Around servers that run already.
    pub fn around(
        world: &World,
        host: SshHost,
        ftpd: Ftpd,
        sshd: Sshd,
        cards: impl FnOnce(Deck) -> Deck,
    ) -> Self {
        let port = free_port();
        let deck = cards(profile(host, &sshd, port).hostkey("SSHD", &sshd.fingerprint()));
        let zoxy = Zoxy::start(world, &filter(deck, host, &ftpd));
        Self { zoxy, sshd, ftpd, port }
    }

    /// The way to the FTP server.
    pub fn door(&self, version: Socks) -> Door {
        let server = self.ftpd.socket();
        Door { proxy: self.port, version, server, from: Ipv4Addr::LOCALHOST }
    }

    /// A client that has the greeting.
    #[track_caller]
    pub fn client(&self, version: Socks) -> FtpClient {
        FtpClient::connect(self.door(version))
    }

    /// A client that is logged in as the test account, in TYPE I.
    #[track_caller]
    pub fn logged_in(&self, version: Socks) -> FtpClient {
        let mut client = self.client(version);
        let reply = client.log_in(&account().name, &account().password);
        assert_eq!(reply.code, 230, "{reply:?}");
        client.ask("TYPE I", 200);
        client
    }
}

/// What an accounting line says of a transfer.
#[derive(Debug)]
pub struct Record {
    /// COMPLETE, REFUSED, FAILED or ABORTED.
    pub result: String,
    /// Last reply told; 0 for none.
    pub reply: u16,
    /// Bytes of the file.
    pub bytes: u64,
    /// The SSH server.
    pub server: String,
}

impl FtpScene {
    /// The SSH server, as accounting lines name it.
    pub fn ssh_server(&self) -> String {
        format!("127.0.0.1:{}", self.sshd.port)
    }

    /// Waits for the accounting line of a transfer; `mark` is where the log is searched from.
    #[track_caller]
    pub fn record(&self, mark: usize, command: &str, name: &str) -> Record {
        let (command, name) = (format!(" {command} "), format!(" {name}"));
        let line = self.zoxy.log.wait_message_after(mark, &FTP_TRANSFER, &[&command, &name]);
        let words: Vec<&str> = line.split(' ').collect();
        // Time, message, connection, client, start, command, direction, type, result, reply, bytes.
        // Seconds, user, SSH server.
        let [_, _, _, _, _, _, _, _, result, reply, bytes, _, _, server, ..] = words[..] else {
            panic!("too short: {line}");
        };
        let reply = reply.parse().unwrap_or_else(|_| panic!("no reply code: {line}"));
        let bytes = bytes.parse().unwrap_or_else(|_| panic!("no number of bytes: {line}"));
        Record { result: result.into(), reply, bytes, server: server.into() }
    }
}

impl Drop for FtpScene {
    fn drop(&mut self) {
        if !thread::panicking() {
            let said = self.zoxy.log.text();
            assert!(!said.contains(&account().password), "a password in zoxy's log");
        }
    }
}

/// Listener SOCKS and profile SSHD, without its host key.
pub fn profile(host: SshHost, sshd: &Sshd, port: u16) -> Deck {
    let server = match host {
        SshHost::Target => "",
        SshHost::Profile => "127.0.0.1",
    };
    Deck::new().listen("SOCKS", port).profile("SSHD", server, sshd.port)
}

/// The deck with its only filter: FTPTUN for the FTP server's port.
pub fn filter(deck: Deck, host: SshHost, ftpd: &Ftpd) -> Deck {
    let flags = match host {
        SshHost::Target => "YYN",
        SshHost::Profile => "YNN",
    };
    deck.filter_with(flags, "FTP", "FTPTUN", "SSHD", &ftpd.port.to_string(), "*")
}
