//! Messages 7600-7999: what is said of jobs and started tasks.
//!
//! 7600-7699 are answers to whoever asked, 7700-7799 are those of programs.

use crate::message::{Message, Severity};

/// Every message of this file.
pub(super) const ALL: &[&Message] = &[
    &SPOOL_UNUSABLE,
    &SPOOL_LOST,
    &SUBMIT_UNREADABLE,
    &SUBMIT_FAILED,
    &JOB_RESULT,
    &JOB_NOT_FOUND,
    &JOB_NOT_ACTIVE,
    &JOB_NOT_REACHED,
    &JOB_CANCEL_ASKED,
    &JOB_STILL_RUNS,
    &JOB_PURGED,
    &JOBS_PURGED,
    &JOB_NO_OUTPUT,
    &JOB_NOT_HELD,
    &JOB_RELEASE_ASKED,
    &JOB_REMAINS_ENDED,
    &TASK_STARTED,
    &TASK_ENDED,
    &TASK_RUNS,
    &TASK_HAS_ERRORS,
    &TASK_NOT_READY,
    &TASK_GONE,
    &TASK_NOT_STOPPED,
    &TASK_NO_CONSOLE,
    &TASK_OPERAND,
    &IEBGENER_COPIED,
    &IEBGENER_FAILED,
];

/// The spool, or something else that jobs need, cannot be used: the reason.
pub const SPOOL_UNUSABLE: Message = Message {
    number: 7600,
    severity: Severity::E,
    text: "jobs cannot be run or shown: {reason}",
    explanation: "The spool or a setting of the environment cannot be used.",
    action: "Nothing is done.",
    response: "Remove the reason. ZOXY_SPOOL names the folder of the spool, which must be yours alone.",
};

/// A log of a job cannot be written: number, reason.
pub const SPOOL_LOST: Message = Message {
    number: 7601,
    severity: Severity::W,
    text: "{job}: lines of its log are lost: {reason}",
    explanation: "The spool cannot be written. It is said once for each job.",
    action: "The job goes on.",
    response: "Make room for the spool, or purge some jobs.",
};

/// The deck cannot be read: its name, reason.
pub const SUBMIT_UNREADABLE: Message = Message {
    number: 7602,
    severity: Severity::E,
    text: "{deck} cannot be read: {reason}",
    explanation: "The deck to be submitted is not there or cannot be read.",
    action: "No job is run.",
    response: "Name a path, a data set as //'LIBRARY(MEMBER)', or - for standard input.",
};

/// A job could not be run: its number, reason.
pub const SUBMIT_FAILED: Message = Message {
    number: 7603,
    severity: Severity::E,
    text: "{job} broke off: {reason}",
    explanation: "The process that runs the job met an error of the system.",
    action: "The job is lost: it has no end. Its steps do not go on; what it passed is deleted, and \
        so are its work files.",
    response: "Remove the reason and submit the job again.",
};

/// The end of a job for whoever submitted it: number, name, how it ended.
pub const JOB_RESULT: Message = Message {
    number: 7604,
    severity: Severity::I,
    text: "{id} {job}: {end}",
    explanation: "The job has ended so.",
    action: "The return code of the command follows from it.",
    response: "zoxy jobs show with the number shows its output.",
};

/// There is no such job: what was asked for.
pub const JOB_NOT_FOUND: Message = Message {
    number: 7605,
    severity: Severity::E,
    text: "there is no job {name}",
    explanation: "No job in the spool has this number or name.",
    action: "Nothing is done.",
    response: "zoxy jobs lists what there is.",
};

/// It does not run: what was asked for.
pub const JOB_NOT_ACTIVE: Message = Message {
    number: 7606,
    severity: Severity::E,
    text: "{name} is not active",
    explanation: "No job or started task of this name or number runs.",
    action: "Nothing is done.",
    response: "D A,L lists what is active.",
};

/// Its process cannot be signalled: name, number, reason.
pub const JOB_NOT_REACHED: Message = Message {
    number: 7607,
    severity: Severity::E,
    text: "{job} {id} cannot be reached: {reason}",
    explanation: "The process that runs the job could not be signalled.",
    action: "Nothing is done.",
    response: "Look whether it still runs, and whether it is yours.",
};

/// A job was asked to end: name, number.
pub const JOB_CANCEL_ASKED: Message = Message {
    number: 7608,
    severity: Severity::I,
    text: "{job} {id} is being cancelled",
    explanation: "The process of the job was told.",
    action: "The step that runs gets SIGTERM, after 10 seconds SIGKILL; the job ends with S222.",
    response: "None. A second cancel does not wait the 10 seconds.",
};

/// It cannot be purged: number.
pub const JOB_STILL_RUNS: Message = Message {
    number: 7609,
    severity: Severity::E,
    text: "{id} has not ended",
    explanation: "A job that runs cannot be purged, and one that does not end cannot be waited for \
        without end. A lost job counts as running while its last step does.",
    action: "Nothing is done.",
    response: "Cancel the job first, or wait for its end.",
};

/// A job was removed from the spool: number, name.
pub const JOB_PURGED: Message = Message {
    number: 7610,
    severity: Severity::I,
    text: "{id} {job} purged",
    explanation: "The job, its logs and its output are removed from the spool.",
    action: "None.",
    response: "None.",
};

/// Jobs were removed from the spool: how many.
pub const JOBS_PURGED: Message = Message {
    number: 7611,
    severity: Severity::I,
    text: "{count} job(s) purged",
    explanation: "All jobs that had ended are removed from the spool.",
    action: "None.",
    response: "None.",
};

/// There is no such output: number, what was asked for, what there is.
pub const JOB_NO_OUTPUT: Message = Message {
    number: 7612,
    severity: Severity::E,
    text: "{id} has no output {name}; it has {outputs}",
    explanation: "The job wrote nothing under this name.",
    action: "Nothing is shown.",
    response: "Name a DD, a step and DD as STEP.DD, or one of the names listed.",
};

/// A job that is not held: number.
pub const JOB_NOT_HELD: Message = Message {
    number: 7613,
    severity: Severity::E,
    text: "{id} is not held",
    explanation: "Only a job with TYPRUN=HOLD that waits can be released.",
    action: "Nothing is done.",
    response: "zoxy jobs shows where the job is.",
};

/// A held job may go on: number.
pub const JOB_RELEASE_ASKED: Message = Message {
    number: 7614,
    severity: Severity::I,
    text: "{id} is released",
    explanation: "The process of the job was told.",
    action: "The job runs.",
    response: "None.",
};

/// What a lost job left running is ended: name, number.
pub const JOB_REMAINS_ENDED: Message = Message {
    number: 7615,
    severity: Severity::I,
    text: "{job} {id} is lost; what its last step had left running is ended",
    explanation: "The process of the job was killed, so that nobody watched over the program of its \
                  step, which ran on.",
    action: "The process group of the step got SIGKILL. The job stays in the spool as LOST; what it \
             had made is not deleted.",
    response: "Look at the data sets that the job was writing. Purge the job when nobody needs its \
               logs any more.",
};

/// A started task runs: name, number.
pub const TASK_STARTED: Message = Message {
    number: 7630,
    severity: Severity::I,
    text: "{task} started as {id}",
    explanation: "The program of the task runs; zoxy as its program is ready for connections.",
    action: "The task runs in the background, whatever becomes of the shell that started it.",
    response: "None. P and the name stops it, F and the name sends it commands.",
};

/// A started task has ended: name, number, how.
pub const TASK_ENDED: Message = Message {
    number: 7631,
    severity: Severity::I,
    text: "{task} {id} ended, {end}",
    explanation: "The started task has ended so.",
    action: "None.",
    response: "If it ended by itself, or not with CC 0000, look at its output with zoxy jobs show.",
};

/// A started task of that name runs already: name, number.
pub const TASK_RUNS: Message = Message {
    number: 7632,
    severity: Severity::E,
    text: "{task} runs already as {id}",
    explanation: "Only one started task of a name can run at a time.",
    action: "Nothing is started.",
    response: "Stop the other one first, or start this one under another name: S PROC.NAME.",
};

/// The procedure has errors: name, number.
pub const TASK_HAS_ERRORS: Message = Message {
    number: 7633,
    severity: Severity::E,
    text: "{task} not started, JCL ERROR: see {id}",
    explanation: "The procedure is not there, or it has the errors that are listed above.",
    action: "Nothing is started.",
    response: "Correct the procedure, or the operands of the command. ZOXY_PROCLIB names the libraries \
        that procedures are looked for in.",
};

/// A started task is not ready yet: name, number.
pub const TASK_NOT_READY: Message = Message {
    number: 7634,
    severity: Severity::W,
    text: "{task} started as {id}, but is not ready after 60 s",
    explanation: "The task runs, but its program has not told that it can do its work.",
    action: "The task goes on.",
    response: "Look at its output with zoxy jobs show, and cancel it if it hangs.",
};

/// A started task is gone from the spool: name, number.
pub const TASK_GONE: Message = Message {
    number: 7635,
    severity: Severity::E,
    text: "{task} {id} is gone from the spool",
    explanation: "The task ended at once and was purged, or its status file is damaged.",
    action: "None.",
    response: "Start it again.",
};

/// A started task does not end: name, number, seconds.
pub const TASK_NOT_STOPPED: Message = Message {
    number: 7636,
    severity: Severity::E,
    text: "{task} {id} was told to stop, but has not ended within {seconds} s",
    explanation: "The program of the task got SIGTERM and still runs. zoxy lets running connections \
        finish within DRAINTIME.",
    action: "The task goes on to its end.",
    response: "Wait, or cancel the task: C and its name.",
};

/// A started task has no console: name, number.
pub const TASK_NO_CONSOLE: Message = Message {
    number: 7637,
    severity: Severity::E,
    text: "{task} {id} takes no commands",
    explanation: "No zoxy of the task has a console: its program is another one, or not there yet.",
    action: "Nothing is done.",
    response: "Commands go to tasks that run PGM=ZOXY.",
};

/// A command about tasks is wrong: the verb, what is wrong.
pub const TASK_OPERAND: Message = Message {
    number: 7638,
    severity: Severity::E,
    text: "{command}: {problem}",
    explanation: "The operands of the command are not right.",
    action: "Nothing is done.",
    response: "Enter NAME, NAME.ID or NAME,keyword=value; apostrophes enclose a value with commas.",
};

/// IEBGENER is done: number of records.
pub const IEBGENER_COPIED: Message = Message {
    number: 7700,
    severity: Severity::I,
    text: "{records} record(s) copied",
    explanation: "All records of SYSUT1 are in SYSUT2.",
    action: "The step ends with return code 0.",
    response: "None.",
};

/// IEBGENER broke off: the reason.
pub const IEBGENER_FAILED: Message = Message {
    number: 7701,
    severity: Severity::E,
    text: "not copied: {reason}",
    explanation: "A DD is missing or cannot be used, a record does not fit, or SYSIN asks for what is \
        not supported.",
    action: "The step ends with return code 12. SYSUT2 may hold the records up to there.",
    response: "Remove the reason and run the step again.",
};
