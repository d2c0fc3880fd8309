//! Messages 7500-7599: the logs of a job.
//!
//! 7500-7549 stand in the job log, 7550-7579 in JESYSMSG and JESJCL.

use crate::message::{Message, Severity};

/// Every message of this file.
pub(super) const ALL: &[&Message] = &[
    &JOB_SUBMITTED,
    &JOB_STARTED,
    &JOB_ENDED,
    &JOB_HAS_ERRORS,
    &JOB_SCANNED,
    &JOB_HELD,
    &JOB_RELEASED,
    &JOB_CANCELLED,
    &JOB_WAITS,
    &JOB_NOT_CLAIMED,
    &STEP_STARTED,
    &STEP_ENDED,
    &STEP_ABENDED,
    &STEP_BYPASSED,
    &STEP_NOT_ALLOCATED,
    &PROGRAM_READY,
    &PROGRAM_REFUSES,
    &PROCESSES_ENDED,
    &READER_SUBMITTED,
    &READER_REJECTED,
    &READER_REFUSES,
    &STEP_USED,
    &JOB_NOTIFY,
    &COMMAND_DONE,
    &COMMAND_ANSWER,
    &DATASET_MISSING,
    &PROGRAM_MISSING,
    &DD_ALLOCATED,
    &DD_NOT_ALLOCATED,
    &DD_DISPOSED,
    &DD_GONE,
    &DD_NOT_DISPOSED,
    &DD_NOT_WRITTEN,
    &PASSED_DELETED,
    &PASSED_NOT_DELETED,
    &KEYWORDS_IGNORED,
    &JOB_SUBSTITUTED,
];

/// A job has its number: its name, the number.
pub const JOB_SUBMITTED: Message = Message {
    number: 7500,
    severity: Severity::I,
    text: "{job} submitted as {id}",
    explanation: "The job has a number and a folder in the spool.",
    action: "Its deck is checked; then its steps run.",
    response: "None. zoxy jobs show with this number shows what becomes of it.",
};

/// The first step can start: name, class, user.
pub const JOB_STARTED: Message = Message {
    number: 7501,
    severity: Severity::I,
    text: "{job} started, class {class}, user {user}",
    explanation: "The deck has no errors, and the job has the data sets that were there. The user is \
        that of the JOB statement, or else whoever submitted the job; it runs as the latter.",
    action: "The steps run, one after the other.",
    response: "None.",
};

/// The job has ended: name, how, processor time and time in seconds.
pub const JOB_ENDED: Message = Message {
    number: 7502,
    severity: Severity::I,
    text: "{job} ended, {end}, processor time {cpu} s, elapsed {elapsed} s",
    explanation: "CC is the job's return code, the highest of its steps unless JOBRC says otherwise. \
        ABEND names the code of the last step that ended abnormally.",
    action: "Passed and temporary data sets are deleted, data sets are free for other jobs.",
    response: "If it is not what was expected, look at the steps above, and at their output.",
};

/// The deck has errors: name, how many.
pub const JOB_HAS_ERRORS: Message = Message {
    number: 7503,
    severity: Severity::E,
    text: "{job} not run, JCL ERROR: {errors} error(s) in the deck",
    explanation: "The deck of the job has the errors that are listed above, each with its card.",
    action: "No step is run.",
    response: "Correct all of them and submit the job again.",
};

/// TYPRUN=SCAN: name.
pub const JOB_SCANNED: Message = Message {
    number: 7504,
    severity: Severity::I,
    text: "{job} checked and not run (TYPRUN=SCAN): no errors",
    explanation: "The JOB statement asks for a check only.",
    action: "No step is run.",
    response: "Take TYPRUN=SCAN out to run the job.",
};

/// TYPRUN=HOLD: name, number.
pub const JOB_HELD: Message = Message {
    number: 7505,
    severity: Severity::A,
    text: "{job} is held; to let it run: zoxy jobs release {id}",
    explanation: "The JOB statement has TYPRUN=HOLD or JCLHOLD.",
    action: "The job waits for its release, or to be cancelled.",
    response: "Release the job when it may run.",
};

/// A held job goes on: name.
pub const JOB_RELEASED: Message = Message {
    number: 7506,
    severity: Severity::I,
    text: "{job} released",
    explanation: "An operator let the job run.",
    action: "The job goes on.",
    response: "None.",
};

/// The job was cancelled between steps: name.
pub const JOB_CANCELLED: Message = Message {
    number: 7507,
    severity: Severity::E,
    text: "{job} cancelled",
    explanation: "An operator cancelled the job, or a signal ended it: SIGTERM, SIGINT, SIGHUP.",
    action: "No further step runs, whatever its COND; the job ends with S222.",
    response: "None, if it was meant. Data sets of the step that ran are as its DISP says for an \
        abnormal end.",
};

/// The job waits for data sets: name, which.
pub const JOB_WAITS: Message = Message {
    number: 7508,
    severity: Severity::W,
    text: "{job} waits: {reason}",
    explanation: "Another job or command has a data set that this job names.",
    action: "The job waits until the data set is free, for ZOXY_DSWAIT seconds at most.",
    response: "None, if the other job ends. D A,L shows what is active.",
};

/// The data sets could not be had: name, which.
pub const JOB_NOT_CLAIMED: Message = Message {
    number: 7509,
    severity: Severity::E,
    text: "{job} not run: {reason}",
    explanation: "A data set that the job names was not given up in time, or cannot be used.",
    action: "No step is run.",
    response: "Submit the job again when the data set is free, or raise ZOXY_DSWAIT.",
};

/// A step begins: name, program.
pub const STEP_STARTED: Message = Message {
    number: 7510,
    severity: Severity::I,
    text: "step {step} started, program {program}",
    explanation: "The DDs of the step are allocated.",
    action: "The program runs.",
    response: "None.",
};

/// A step has ended normally: name, condition code, processor time and time in seconds.
pub const STEP_ENDED: Message = Message {
    number: 7511,
    severity: Severity::I,
    text: "step {step} ended, {end}, processor time {cpu} s, elapsed {elapsed} s",
    explanation: "The program returned this code.",
    action: "The data sets of the step are disposed of as DISP says for a normal end.",
    response: "If the code is not the expected one, look at the output of the step.",
};

/// A step has ended abnormally: name, code, reason.
pub const STEP_ABENDED: Message = Message {
    number: 7512,
    severity: Severity::E,
    text: "step {step} ended abnormally, {end}: {reason}",
    explanation: "S222: cancelled. S322: processor time used up. S522: it waited for too long. S722: \
        a SYSOUT data set became too large. S806: there is no such program. S706: the program cannot \
        be run. S013: a DD cannot be opened. S001: output could not be written. S0C1, S0C4, S0C9, \
        SB37, SEC6 and U4038 stand for signals: illegal instruction, memory, arithmetic, file size, \
        any other, abort.",
    action: "Data sets are disposed of as DISP says for an abnormal end. The steps behind it are \
        bypassed, but those with COND=EVEN or ONLY or within an IF that tests ABEND.",
    response: "Remove the reason. The output of the step tells more.",
};

/// A step does not run: name, reason.
pub const STEP_BYPASSED: Message = Message {
    number: 7513,
    severity: Severity::I,
    text: "step {step} not run: {reason}",
    explanation: "COND, IF, RESTART or an abnormal end before it bypasses the step.",
    action: "Nothing is allocated for the step.",
    response: "None.",
};

/// A step cannot have what it needs: name.
pub const STEP_NOT_ALLOCATED: Message = Message {
    number: 7514,
    severity: Severity::E,
    text: "step {step} not run, JCL ERROR: what it needs cannot be allocated",
    explanation: "Data sets or files of the step are not there, are there already, or cannot be \
        opened. JESYSMSG has the reason for each DD (ZOX7551E).",
    action: "The job ends here, as for an error in its deck. Data sets that were made for the step are \
        deleted again.",
    response: "Look at ZOX7551E, correct the DD or what it names, and submit the job again.",
};

/// A program says that it is ready: step, program.
pub const PROGRAM_READY: Message = Message {
    number: 7515,
    severity: Severity::I,
    text: "step {step}: {program} is ready",
    explanation: "The program has told that it can do its work: of zoxy, that every listener can be \
        reached.",
    action: "Whoever started the task is told.",
    response: "None.",
};

/// A program cannot do what PARM or a DD asks for: step, reason.
pub const PROGRAM_REFUSES: Message = Message {
    number: 7516,
    severity: Severity::E,
    text: "step {step}: {reason}",
    explanation: "What the step gives its program makes no sense, or names a program that cannot be \
        run.",
    action: "The program is not started; the step ends with the return code that follows.",
    response: "Correct PARM or the DD that is named.",
};

/// A job of an internal reader was submitted: step, DD, job, number.
pub const READER_SUBMITTED: Message = Message {
    number: 7524,
    severity: Severity::I,
    text: "step {step} DD {dd}: {job} submitted as {id}",
    explanation: "The step has written a job to SYSOUT=(class,INTRDR).",
    action: "The job runs in the background, beside the one that submitted it.",
    response: "None. zoxy jobs show has its log.",
};

/// A job of an internal reader has errors: step, DD, job, number.
pub const READER_REJECTED: Message = Message {
    number: 7525,
    severity: Severity::E,
    text: "step {step} DD {dd}: {job} ({id}) not run, JCL ERROR",
    explanation: "The step has written a job with errors to SYSOUT=(class,INTRDR).",
    action: "The job is in the spool with its errors. The step and the job that wrote it go on.",
    response: "Look at zoxy jobs show for that number, and correct what writes the deck.",
};

/// An internal reader takes no jobs, or no more of them: step, DD, reason.
pub const READER_REFUSES: Message = Message {
    number: 7526,
    severity: Severity::E,
    text: "step {step} DD {dd}: its jobs are not submitted: {reason}",
    explanation: "What the step has written to SYSOUT=(class,INTRDR) cannot be submitted, or only \
        the jobs that were told before.",
    action: "The step and its job go on. What was written stays in the spool.",
    response: "Remove the reason and submit the rest: the output of the step has the deck.",
};

/// Processes were left running: step, how many.
pub const PROCESSES_ENDED: Message = Message {
    number: 7517,
    severity: Severity::W,
    text: "step {step}: {count} process(es) that it left running were ended",
    explanation: "The program ended, but processes it had started did not. What a step starts ends \
        with it, unless it has made itself a session of its own.",
    action: "The processes got SIGTERM, and SIGKILL where that did not help.",
    response: "Let what is to live on be a started task.",
};

/// What a step used that ended abnormally: name, processor time and time in seconds.
pub const STEP_USED: Message = Message {
    number: 7518,
    severity: Severity::I,
    text: "step {step} used processor time {cpu} s, elapsed {elapsed} s",
    explanation: "Processor time is that of all processes of the step.",
    action: "None.",
    response: "None.",
};

/// NOTIFY of the JOB statement: user, name, how the job ended.
pub const JOB_NOTIFY: Message = Message {
    number: 7519,
    severity: Severity::I,
    text: "for {user}: {job} ended, {end}",
    explanation: "The JOB statement asks for this user to be told (NOTIFY).",
    action: "None: the line is for whoever watches the log.",
    response: "None.",
};

/// A COMMAND statement was carried out: the command, its return code.
pub const COMMAND_DONE: Message = Message {
    number: 7520,
    severity: Severity::I,
    text: "command {command}: RC {rc}",
    explanation: "A COMMAND statement, or a command in the deck, was carried out before the first \
        step. The answer follows.",
    action: "The job goes on, whatever the return code.",
    response: "If the return code is not 0, look at the answer.",
};

/// A line of the answer to a command.
pub const COMMAND_ANSWER: Message = Message {
    number: 7521,
    severity: Severity::I,
    text: "| {line}",
    explanation: "One line of the answer to the command above.",
    action: "None.",
    response: "None.",
};

/// A data set is not there yet: step, DD, name.
pub const DATASET_MISSING: Message = Message {
    number: 7522,
    severity: Severity::W,
    text: "step {step} DD {dd}: {name} is not there, and no step before makes it",
    explanation: "The step needs a data set that does not exist. This was found before any step ran.",
    action: "The job runs, since a program may make it. If none does, it ends at this step with a JCL \
        error.",
    response: "Correct the name, or make the data set.",
};

/// A program is not there yet: step, program.
pub const PROGRAM_MISSING: Message = Message {
    number: 7523,
    severity: Severity::W,
    text: "step {step}: there is no program {program}",
    explanation: "No program of zoxy and no file in ZOXY_PROGRAMS has this name, and the step has \
        neither STEPLIB nor JOBLIB. This was found before any step ran.",
    action: "The job runs. If the program is not there when its step comes, the step ends with S806.",
    response: "Correct PGM, or add the library that has the program.",
};

/// A DD has what it names: step, DD, what.
pub const DD_ALLOCATED: Message = Message {
    number: 7550,
    severity: Severity::I,
    text: "{step}: {dd} is {what}",
    explanation: "The DD was allocated for the step.",
    action: "The step's program finds it under DD_ and the name of the DD.",
    response: "None.",
};

/// A DD cannot have what it names: step, DD, where it stands, reason.
pub const DD_NOT_ALLOCATED: Message = Message {
    number: 7551,
    severity: Severity::E,
    text: "{step}: {dd} ({member} card {card}): {reason}",
    explanation: "What the DD statement names cannot be allocated.",
    action: "All other DDs of the step are tried; then the job ends with a JCL error.",
    response: "Remove the reason: a name, a DISP, a permission.",
};

/// What became of a data set or file: step, DD, what, fate.
pub const DD_DISPOSED: Message = Message {
    number: 7552,
    severity: Severity::I,
    text: "{step}: {dd} {what} {fate}",
    explanation: "The step has ended, and this is what DISP or PATHDISP asks for.",
    action: "None.",
    response: "None.",
};

/// It was to be deleted and is not there: step, DD, what.
pub const DD_GONE: Message = Message {
    number: 7553,
    severity: Severity::I,
    text: "{step}: {dd} {what} not deleted: it is not there",
    explanation: "The program, or another DD of the step, has deleted it.",
    action: "None.",
    response: "None.",
};

/// It could not be disposed of: step, DD, what, reason.
pub const DD_NOT_DISPOSED: Message = Message {
    number: 7554,
    severity: Severity::W,
    text: "{step}: {dd} {what} not deleted: {reason}",
    explanation: "DISP asks for its deletion, which failed.",
    action: "The data set stays. The job goes on.",
    response: "Delete it by hand (zoxy ds delete) when the reason is gone.",
};

/// Output could not be stored: step, DD, what, reason.
pub const DD_NOT_WRITTEN: Message = Message {
    number: 7555,
    severity: Severity::E,
    text: "{step}: {dd} {what} not written: {reason}",
    explanation: "What the program wrote to standard output or error could not be made into records \
        of the data set.",
    action: "The step ends abnormally with S001.",
    response: "Remove the reason. A data set without room, or a code page without the character, is \
        the usual one.",
};

/// A data set that was passed and not kept: name.
pub const PASSED_DELETED: Message = Message {
    number: 7556,
    severity: Severity::I,
    text: "end of job: {name} deleted: it was passed, and no step kept it",
    explanation: "The job made the data set and passed it on, but no step cataloged or kept it.",
    action: "It is deleted, as a job's own data sets are.",
    response: "If it should live on, give the last DD that names it DISP=(OLD,CATLG).",
};

/// It could not be deleted: name, reason.
pub const PASSED_NOT_DELETED: Message = Message {
    number: 7557,
    severity: Severity::W,
    text: "end of job: {name} not deleted: {reason}",
    explanation: "A data set that the job made and nobody kept could not be deleted.",
    action: "It stays.",
    response: "Delete it by hand (zoxy ds delete).",
};

/// Keywords without effect: where, which.
pub const KEYWORDS_IGNORED: Message = Message {
    number: 7558,
    severity: Severity::I,
    text: "{place}: no effect here: {keywords}",
    explanation: "The deck has keywords that mean something on z/OS and nothing here, such as SPACE and \
        UNIT.",
    action: "They are accepted.",
    response: "None.",
};

/// What a statement became: its text.
pub const JOB_SUBSTITUTED: Message = Message {
    number: 7560,
    severity: Severity::I,
    text: "became {text}",
    explanation: "Symbols in the statement above were replaced.",
    action: "The statement is read in this form.",
    response: "None.",
};
