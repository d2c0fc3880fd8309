//! Random dialogues: nothing panics, everything stays bounded, whatever comes in whatever order.

use std::net::{Ipv4Addr, SocketAddrV4};

use super::*;
use crate::ftp::Replies;
use crate::gateway::ftp::dialogue::MAX_AWAITED;

const CLIENT: &[&[u8]] = &[
    b"USER tom\r\n",
    b"PASS x\r\n",
    b"ACCT a\r\n",
    b"PASV\r\n",
    b"EPSV\r\n",
    b"EPSV ALL\r\n",
    b"PORT 10,1,1,1,200,10\r\n",
    b"PORT 10,9,9,9,15,160\r\n",
    b"EPRT |1|10.1.1.1|5000|\r\n",
    b"RETR a\r\n",
    b"STOR b\r\n",
    b"LIST\r\n",
    b"ABOR\r\n",
    b"\xff\xf4\xff\xf2ABOR\r\n",
    b"STAT\r\n",
    b"NOOP\r\n",
    b"MODE B\r\n",
    b"MODE S\r\n",
    b"AUTH TLS\r\n",
    b"\r\n",
    b"REIN\r\n",
    b"LPRT 1\r\n",
    b"NO",
    b"OP\r",
    b"\n",
];

const SERVER: &[&[u8]] = &[
    b"220 hi\r\n",
    b"331 pw\r\n",
    b"230 in\r\n",
    b"332 acct\r\n",
    b"530 no\r\n",
    b"200 ok\r\n",
    b"227 (1,2,3,4,8,0)\r\n",
    b"229 (|||2000|)\r\n",
    b"229 (|||20|)\r\n",
    b"500 what\r\n",
    b"502 no\r\n",
    b"150 go\r\n",
    b"125 go\r\n",
    b"226 done\r\n",
    b"250 done\r\n",
    b"226-a\r\n",
    b"226 b\r\n",
    b"425 no\r\n",
    b"426 cut\r\n",
    b"225 ok\r\n",
    b"213-x\r\n",
    b"213 y\r\n",
    b"550 no\r\n",
    b"junk\r\n",
    b"2",
    b"00 x\r",
    b"\n",
    b"421 bye\r\n",
];

/// xorshift64: the same dialogues in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }

    fn event(&mut self, last: u32) -> Event {
        let id = DataId((last + 1).saturating_sub(self.below(4) as u32));
        let bind = BindId(self.below(3) as u64);
        let text = String::from("why");
        match self.below(46) {
            40 | 41 => Event::Forwarded { id, port: 40_001 },
            42 => Event::Forwarded { id: DataId(last), port: 40_002 },
            43 => Event::ForwardFailed { id, text },
            44 => Event::DataDisputed { id },
            45 => Event::DataOpened { id: DataId(last) },
            0..=5 => Event::LoggedIn,
            6 => Event::LoginRefused { text },
            7..=12 => Event::DataOpened { id },
            13 | 14 => Event::DataFailed { id, text },
            15..=18 => Event::DataEof { id, from: Origin::Server, bytes: 7 },
            19..=21 => Event::DataEof { id, from: Origin::Client, bytes: 7 },
            22..=26 => Event::DataEnded { id, bytes_up: 1, bytes_down: 2, clean: true },
            27 | 28 => Event::DataEnded { id, bytes_up: 1, bytes_down: 2, clean: false },
            29 | 30 => Event::ClientConnected { id },
            31 | 32 => Event::ClientConnectFailed { id, text },
            33..=36 => Event::BindWaiting {
                bind,
                address: SocketAddrV4::new(Ipv4Addr::new(10, 9, 9, 9), 4000),
            },
            37 | 38 => Event::BindGone { bind },
            _ => match self.below(10) {
                0 => Event::ControlClosed,
                1 => Event::ClientClosed,
                8 => Event::ClientLost { reason: text },
                9 => Event::AbortTimedOut,
                2 => Event::Stopping,
                4 => Event::Draining,
                3 => Event::SshFailed { code: 421, text },
                _ => Event::LoggedIn,
            },
        }
    }
}

#[test]
fn random_dialogues_stay_bounded() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for round in 0..3000 {
        let login = if round % 2 == 0 { LoginMode::Own } else { LoginMode::FromApplication };
        let mut settings = settings(login);
        settings.forward = (round % 4 < 2).then(super::forward::loopback);
        let mut dialogue = Dialogue::new(settings);
        let mut closed = 0;
        let mut started = 0;
        let mut ended = 0;
        if round % 3 != 0 {
            dialogue.event(Event::LoggedIn);
            dialogue.from_server(b"220 hi\r\n");
        }
        for _ in 0..120 {
            match random.below(5) {
                0 | 1 => dialogue.from_client(CLIENT[random.below(CLIENT.len())]),
                2 | 3 => dialogue.from_server(SERVER[random.below(SERVER.len())]),
                _ => {
                    let event = random.event(dialogue.last_data);
                    dialogue.event(event);
                }
            }
            while let Some(action) = dialogue.next_action() {
                assert_eq!(closed, 0, "an action after Close: {action:?}");
                match action {
                    Action::Close { .. } => closed += 1,
                    Action::TransferStarted(_) => started += 1,
                    Action::TransferEnded(_) => ended += 1,
                    _ => {}
                }
            }
            assert!(dialogue.awaited.len() <= MAX_AWAITED + 1);
            assert!(dialogue.settling.len() <= 8 && dialogue.binds.len() <= 16);
        }
        if closed == 0 {
            dialogue.event(Event::ClientLost { reason: "gone".into() });
            dialogue.event(Event::AbortTimedOut);
            while let Some(action) = dialogue.next_action() {
                ended += u32::from(matches!(action, Action::TransferEnded(_)));
                closed += u32::from(matches!(action, Action::Close { .. }));
            }
        }
        assert_eq!(closed, 1, "it has ended");
        assert!(ended >= started, "{started} transfers started, {ended} recorded");
        assert_last_words_are_replies(dialogue.to_client());
    }
}

/// Whatever the server has left open: for a client our 421 is a reply of its own.
fn assert_last_words_are_replies(told: &[u8]) {
    let mut replies = Replies::new();
    for line in told.split(|byte| *byte == b'\n') {
        if line.starts_with(b"421 ZOX") {
            assert!(!replies.is_inside(), "{}", told.escape_ascii());
        }
        let _ = replies.feed(line.strip_suffix(b"\r").unwrap_or(line));
    }
}

#[test]
fn random_bytes_do_not_panic() {
    let mut random = Random(0x0123_4567_89ab_cdef);
    for round in 0..500 {
        let login = if round % 2 == 0 { LoginMode::Own } else { LoginMode::FromApplication };
        let mut dialogue = Dialogue::new(settings(login));
        dialogue.event(Event::LoggedIn);
        for _ in 0..20 {
            let bytes: Vec<u8> = (0..random.below(300)).map(|_| random.below(256) as u8).collect();
            dialogue.from_client(&bytes);
            dialogue.from_server(&bytes);
            while dialogue.next_action().is_some() {}
        }
    }
}
