//! FTP: the batch FTP client as the program of a step.
//!
//! INPUT has the subcommands, OUTPUT (or else SYSPRINT) takes what it says; SYSFTPD is FTP.DATA, NETRC
//! the logins. The client itself is [`crate::batch`], in a process of its own.

use super::{Context, Plan, Refusal, Run, not_opened, own};

/// The hidden subcommand of zoxy that is the client.
pub const SUBCOMMAND: &str = "ftp-step";

/// The variable that names the file for its return code.
pub const CODE_FILE: &str = "ZOXY_CODE_FILE";

/// Client error code of a step without INPUT.
const NO_INPUT: u16 = 15;

pub(super) fn plan(context: &mut Context<'_>) -> Result<Plan, Refusal> {
    if !context.dds.has("INPUT") {
        return Err(Refusal::Code(NO_INPUT, "there is no DD INPUT with subcommands".to_owned()));
    }
    let mut command = own()?;
    command.arg(SUBCOMMAND).arg(context.parm.take().unwrap_or_default());
    let input = context.dds.input(&["INPUT"]);
    command.stdin(input.map_err(|error| not_opened("INPUT", &error))?);
    context.outputs(&mut command, &["OUTPUT", "SYSPRINT"])?;
    context.variables(&mut command);
    let code_file = context.dds.scratch("code").map_err(|e| not_opened("a scratch file", &e))?;
    command.env(CODE_FILE, &code_file);
    let code_file = Some(code_file);
    Ok(Plan::Run(Box::new(Run { command, signals_are_codes: false, notifies: false, code_file })))
}
