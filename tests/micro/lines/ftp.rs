//! Lines of the FTP control connection, and the addresses in them.

use zoxy::ftp::address::{parse_eprt, parse_port, rewrite_227, rewrite_229};
use zoxy::ftp::{Command, LineBuffer, Replies, ReplyEvent, Verb};

use crate::line::{Line, Work, repeat};

pub fn lines() -> Vec<Line> {
    let line = |name, about, make| Line { name, about, bytes: None, counted: Some(2000), make };
    vec![
        line(
            "ftp-command",
            "RETR with a data set name: cut from the input and taken apart",
            command,
        ),
        line("ftp-unknown", "the same for a verb that is not known", unknown),
        line("ftp-reply", "226 with a text: cut from the input and understood", reply),
        line("ftp-list", "a reply of 20 lines, the same", list),
        line("ftp-port", "argument of PORT", port),
        line("ftp-eprt", "argument of EPRT, IPv6", eprt),
        line("ftp-227", "reply 227 with another address", passive),
        line("ftp-229", "reply 229 with another port", extended_passive),
    ]
}

fn command() -> Work {
    verb_of(b"RETR 'PROD.PAYROLL.DAILY(+1)'\r\n", Verb::Retr)
}

fn unknown() -> Work {
    verb_of(b"XLST 'PROD.PAYROLL.DAILY(+1)'\r\n", Verb::Other)
}

fn verb_of(bytes: &'static [u8], expected: Verb) -> Work {
    let mut buffer = LineBuffer::of_commands();
    let mut take = move || {
        buffer.push(bytes);
        let line = buffer.next_line()?.ok()?;
        Command::parse(line.text()).map(|command| command.verb)
    };
    assert_eq!(take(), Some(expected));
    repeat(take)
}

fn reply() -> Work {
    replies(b"226 Transfer completed, data set closed.\r\n".to_vec(), 1)
}

fn list() -> Work {
    let mut text = b"214-The following commands are recognized\r\n".to_vec();
    for _ in 0..18 {
        text.extend_from_slice(b"    ABOR ACCT ALLO APPE CDUP CWD  DELE EPRT EPSV FEAT HELP\r\n");
    }
    text.extend_from_slice(b"214 End of help.\r\n");
    replies(text, 20)
}

fn replies(bytes: Vec<u8>, lines: usize) -> Work {
    let (mut buffer, mut replies) = (LineBuffer::of_replies(), Replies::new());
    let mut take = move || {
        buffer.push(&bytes);
        let (mut taken, mut last) = (0, None);
        while let Some(Ok(line)) = buffer.next_line() {
            taken += 1;
            last = replies.feed(line.text()).ok();
        }
        (taken, last)
    };
    assert!(matches!(take(), (taken, Some(ReplyEvent::Complete { .. })) if taken == lines));
    repeat(take)
}

fn port() -> Work {
    let parse = || parse_port(std::hint::black_box(b"10,200,3,44,195,81"));
    assert!(parse().is_ok());
    repeat(parse)
}

fn eprt() -> Work {
    let parse = || parse_eprt(std::hint::black_box(b"|2|2001:db8::20:1|50001|"));
    assert!(parse().is_ok());
    repeat(parse)
}

fn passive() -> Work {
    let line = b"227 Entering Passive Mode (10,200,3,44,195,81).\r\n";
    let address = "127.0.0.1:40000".parse().expect("an address");
    let rewrite = move || rewrite_227(line, address);
    let expected = b"227 Entering Passive Mode (127,0,0,1,156,64).\r\n";
    assert_eq!(rewrite().as_deref(), Ok(&expected[..]));
    repeat(rewrite)
}

fn extended_passive() -> Work {
    let line = b"229 Entering Extended Passive Mode (|||50001|)\r\n";
    let rewrite = || rewrite_229(line, 40_000);
    let expected = b"229 Entering Extended Passive Mode (|||40000|)\r\n";
    assert_eq!(rewrite().as_deref(), Ok(&expected[..]));
    repeat(rewrite)
}
