//! WATCH: a display that redraws until a key is pressed.
//!
//! It draws on the terminal's other screen and gives the first one back as it was, with the terminal's
//! mode, however it ends. An answer that does not come is shown in its place; WATCH goes on.

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use nix::sys::termios::{
    LocalFlags, SetArg, SpecialCharacterIndices, Termios, tcgetattr, tcsetattr,
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::tcgetwinsize;

use super::{Console, screen};
use crate::cli::rc::Rc;
use crate::message::catalogue::WATCH_WRONG;
use crate::operator::command::{Command, View, parse};

/// Seconds between two drawings, where none are given.
const INTERVAL: u64 = 2;

/// Most seconds between two drawings.
const LONGEST: u64 = 3600;

/// Watches what `words` name, for example `FTP 2` or `D CONNS,ALL`.
pub(super) fn run(console: &Console, words: &str) -> u8 {
    let Some((view, interval)) = wanted(words) else {
        let expected = format!("WATCH with a display and seconds, 1-{LONGEST}: WATCH FTP 2");
        println!("{}", WATCH_WRONG.render(&[("found", &words), ("expected", &expected)]));
        return Rc::Error.into();
    };
    match watch(console, view, interval) {
        Ok(()) => Rc::Ok.into(),
        Err(error) => {
            eprintln!("zoxy ctl: the terminal: {error}");
            Rc::Severe.into()
        }
    }
}

/// Display and interval; None if `words` are something else.
fn wanted(words: &str) -> Option<(View, Duration)> {
    let words = words.trim();
    let (what, seconds) = match words.rsplit_once([' ', '\t']) {
        Some((what, number)) if number.parse::<u64>().is_ok() => (what, number.parse().ok()?),
        _ => (words, INTERVAL),
    };
    let is_display = |line: &str| match parse(line) {
        Ok(Command::Display { view, json: false }) => Some(view),
        _ => None,
    };
    let view = is_display(what).or_else(|| is_display(&format!("D {what}")))?;
    (1..=LONGEST).contains(&seconds).then(|| (view, Duration::from_secs(seconds)))
}

fn watch(console: &Console, view: View, interval: Duration) -> io::Result<()> {
    let terminal = Terminal::take()?;
    let asked = Console {
        socket: console.socket.clone(),
        is_named: true,
        json: matches!(view, View::Ftp { .. }),
    };
    let line = Command::Display { view, json: false }.to_string();
    loop {
        let due = Instant::now() + interval;
        let answer = asked.enter(&line).text;
        let shown = screen::transfers(&answer).unwrap_or(answer);
        draw(&shown, &format!("every {} s, any key ends", interval.as_secs()))?;
        if terminal.key_before(due)? {
            return Ok(());
        }
    }
}

/// Draws from the upper left corner over what is there, so that nothing flickers.
fn draw(text: &str, foot: &str) -> io::Result<()> {
    let rows = tcgetwinsize(io::stdout()).map_or(24, |size| usize::from(size.ws_row).max(2));
    let mut out = String::from("\x1b[H");
    for line in screen::fit(text, rows).lines() {
        out.push_str(line);
        out.push_str("\x1b[K\r\n");
    }
    out.push_str("\x1b[J");
    out.push_str(&format!("\x1b[{rows};1H\x1b[7m{foot}\x1b[m"));
    let mut stdout = io::stdout().lock();
    stdout.write_all(out.as_bytes())?;
    stdout.flush()
}

/// The terminal while WATCH has it: keys come at once and are not echoed.
struct Terminal {
    before: Termios,
}

impl Terminal {
    fn take() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut raw = before.clone();
        // Without ISIG too: Ctrl-C is a key, so that the terminal is given back.
        raw.local_flags.remove(LocalFlags::ICANON | LocalFlags::ECHO | LocalFlags::ISIG);
        raw.control_chars[SpecialCharacterIndices::VMIN as usize] = 1;
        raw.control_chars[SpecialCharacterIndices::VTIME as usize] = 0;
        tcsetattr(io::stdin(), SetArg::TCSANOW, &raw)?;
        let terminal = Self { before };
        print!("\x1b[?1049h\x1b[?25l\x1b[2J");
        io::stdout().flush()?;
        Ok(terminal)
    }

    /// Whether a key is pressed, or the terminal is gone, before `due`.
    fn key_before(&self, due: Instant) -> io::Result<bool> {
        loop {
            let left = due.saturating_duration_since(Instant::now());
            let wait = Timespec {
                tv_sec: left.as_secs().try_into().unwrap_or(i64::MAX),
                tv_nsec: left.subsec_nanos().into(),
            };
            let stdin = io::stdin();
            let mut polled = [PollFd::new(&stdin, PollFlags::IN)];
            match poll(&mut polled, Some(&wait)) {
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
                Ok(0) => return Ok(false),
                Ok(_) => {}
            }
            // An escape sequence comes in one piece; all of it is this key.
            let mut key = [0; 64];
            let _ = io::stdin().lock().read(&mut key)?;
            return Ok(true);
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        print!("\x1b[?25h\x1b[?1049l");
        let _ = io::stdout().flush();
        // There is nobody to tell.
        let _ = tcsetattr(io::stdin(), SetArg::TCSAFLUSH, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn displays_are_watched_and_nothing_else() {
        let of = |words| wanted(words).map(|(view, interval)| (view.name(), interval.as_secs()));
        assert_eq!(of("FTP 5"), Some(("FTP", 5)));
        assert_eq!(of("d conns,all"), Some(("CONNS", INTERVAL)));
        assert_eq!(of("CONNS ALL 3"), Some(("CONNS", 3)));
        for wrong in ["", "5", "P", "F REFRESH", "FTP 0", "FTP 99999", "STATUS,JSON", "NOTHING 2"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
