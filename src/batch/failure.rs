//! Why a subcommand fails, and the return code that tells it. Pure.

use super::parm::Exit;
use super::settings::ErrorCodes;

/// Client error codes: what CLIENTERRCODES TRUE makes the return code (z/OS IP User's Guide, "FTP
/// client error codes").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientCode {
    /// The server's reply is an error.
    Server = 2,
    /// A parameter, or a statement of a configuration.
    Parameter = 4,
    /// OPEN while a connection is open.
    Connected = 6,
    /// A subcommand that is wrong, or wrong now.
    Usage = 7,
    /// A connection that cannot be made, the data connection too.
    Connect = 8,
    /// Nothing came in time.
    TimedOut = 9,
    /// A connection that broke.
    Session = 10,
    /// The login was refused.
    Login = 11,
    /// INPUT cannot be read.
    Input = 12,
    /// A local file that cannot be opened, claimed or made.
    FileAccess = 18,
    /// A local file that cannot be read.
    FileRead = 19,
    /// A local file that cannot be written.
    FileWrite = 20,
    /// A record or character that cannot be converted.
    Conversion = 21,
}

/// A subcommand that failed.
#[derive(Debug)]
pub struct Failure {
    /// What kind of failure it is.
    pub code: ClientCode,
    /// The message; None once it was said.
    pub line: Option<String>,
    /// The control connection is of no use any more.
    pub is_lost: bool,
}

impl Failure {
    /// With a message still to be said.
    pub fn new(code: ClientCode, line: impl Into<String>) -> Self {
        Self { code, line: Some(line.into()), is_lost: false }
    }

    /// The same, and the control connection is lost.
    pub fn lost(self) -> Self {
        Self { is_lost: true, ..self }
    }
}

/// What EZA1735I shows of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Codes {
    /// Number of the subcommand, 1 to 99.
    pub subcommand: u16,
    /// The server's last reply to it; 0 for none.
    pub reply: u16,
    /// Kind of the failure.
    pub client: ClientCode,
}

impl Codes {
    /// yyxxx: subcommand and reply.
    pub fn standard(self) -> u32 {
        u32::from(self.subcommand) * 1000 + u32::from(self.reply)
    }

    /// The return code that EXIT and CLIENTERRCODES ask for.
    pub fn computed(self, exit: Exit, form: ErrorCodes) -> u32 {
        match (exit, form) {
            (Exit::Fixed(code), _) => code.into(),
            (Exit::Computed, ErrorCodes::Standard) => self.standard(),
            (Exit::Computed, ErrorCodes::Client) => self.client as u32,
            (Exit::Computed, ErrorCodes::Extended) => {
                self.client as u32 * 100 + u32::from(self.subcommand)
            }
        }
    }
}

/// What a step can return: modulo 4096, but never 0 for what is not 0.
pub fn of_step(code: u32) -> u16 {
    match u16::try_from(code % 4096).unwrap_or_default() {
        0 if code != 0 => 4095,
        code => code,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn return_codes_are_those_of_the_manual() {
        let put = Codes { subcommand: 27, reply: 0, client: ClientCode::Connect };
        let get = Codes { subcommand: 16, reply: 550, client: ClientCode::Server };
        for (codes, exit, form, expected, step) in [
            (put, Exit::Computed, ErrorCodes::Standard, 27_000, 2424),
            (get, Exit::Computed, ErrorCodes::Standard, 16_550, 166),
            (get, Exit::Computed, ErrorCodes::Client, 2, 2),
            (get, Exit::Computed, ErrorCodes::Extended, 216, 216),
            (get, Exit::Fixed(8), ErrorCodes::Extended, 8, 8),
            (get, Exit::Fixed(0), ErrorCodes::Standard, 0, 0),
        ] {
            let code = codes.computed(exit, form);
            assert_eq!((code, of_step(code)), (expected, step), "{codes:?}");
        }
        assert_eq!(of_step(8192), 4095);
    }
}
