//! Messages 7000-7499: job decks.

use crate::message::{Message, Severity};

/// Text of every message about a place in a deck.
const PLACE: &str = "{member} card {card} {columns}: found {found}, expected {expected}";

/// System action of every error.
const NOT_RUN: &str = "No step of the job is run; the rest of the deck is checked.";

/// System action of every warning.
const RUNS: &str = "The job is run.";

/// A member cannot be cut into records.
pub const JCL_NOT_RECORDS: Message = Message {
    number: 7000,
    severity: Severity::E,
    text: "{member}: the member cannot be cut into records: {reason}",
    explanation: "The deck, procedure or INCLUDE member is not what its record format says, or its \
        record format was detected wrongly.",
    action: NOT_RUN,
    response: "Transfer the member again, as text or in binary with its record format.",
};

/// Text behind column 80.
pub const JCL_CARD_TOO_LONG: Message = Message {
    number: 7001,
    severity: Severity::E,
    text: PLACE,
    explanation: "The card of a statement has 80 columns. What stands behind them would be lost on \
        a mainframe.",
    action: NOT_RUN,
    response: "Shorten the card, or continue the statement on the next one.",
};

/// A character that cannot be on a card.
pub const JCL_BAD_CHARACTER: Message = Message {
    number: 7002,
    severity: Severity::E,
    text: PLACE,
    explanation: "A tab or another control character on the card of a statement, or bytes that are \
        no character of the code page.",
    action: NOT_RUN,
    response: "Correct the card; if most cards are reported, the code page was detected wrongly.",
};

/// A statement that does not go on.
pub const JCL_CONTINUATION_MISSING: Message = Message {
    number: 7003,
    severity: Severity::E,
    text: PLACE,
    explanation: "A comma at the end of the parameters continues a statement on the next card, and \
        the next card is no continuation.",
    action: NOT_RUN,
    response: "Remove the comma, or add the rest of the parameters.",
};

/// A continuation that starts in a wrong column.
pub const JCL_CONTINUATION_COLUMN: Message = Message {
    number: 7004,
    severity: Severity::E,
    text: PLACE,
    explanation: "Parameters go on in columns 4 to 16, a string in apostrophes in column 16 \
        exactly.",
    action: NOT_RUN,
    response: "Move the text into the right column.",
};

/// A string that nothing closes.
pub const JCL_APOSTROPHE: Message = Message {
    number: 7005,
    severity: Severity::E,
    text: PLACE,
    explanation: "The string runs to the end of the card and the next card does not continue it.",
    action: NOT_RUN,
    response: "Add the closing apostrophe; an apostrophe within a string is doubled. To continue a \
        string, let it run to column 71 and go on in column 16.",
};

/// An apostrophe in column 71.
pub const JCL_COLUMN_71: Message = Message {
    number: 7006,
    severity: Severity::E,
    text: PLACE,
    explanation: "In column 71 of a statement that goes on, an apostrophe could open, close or be \
        half of a doubled one.",
    action: NOT_RUN,
    response: "Start the string on the next card, or break it one column earlier or later.",
};

/// An IF statement without THEN.
pub const JCL_NO_THEN: Message = Message {
    number: 7007,
    severity: Severity::E,
    text: PLACE,
    explanation: "The expression of an IF statement ends with THEN, on the same card or on a \
        continuation.",
    action: NOT_RUN,
    response: "Add THEN.",
};

/// A record of data is too long.
pub const JCL_DATA_TOO_LONG: Message = Message {
    number: 7008,
    severity: Severity::E,
    text: PLACE,
    explanation: "A record of in-stream data has a bounded length, also after its symbols were \
        replaced.",
    action: NOT_RUN,
    response: "Shorten the record.",
};

/// A name that is none.
pub const JCL_NAME_INVALID: Message = Message {
    number: 7010,
    severity: Severity::E,
    text: PLACE,
    explanation: "Names of jobs, steps, DDs, procedures, members and symbols have 1 to 8 letters, \
        digits, $, # or @, in upper case, and do not begin with a digit.",
    action: NOT_RUN,
    response: "Correct the name.",
};

/// A name is used twice.
pub const JCL_NAME_DUPLICATE: Message = Message {
    number: 7011,
    severity: Severity::E,
    text: PLACE,
    explanation: "DD names of a step, procedures in the deck, and keywords of a statement are \
        unique.",
    action: NOT_RUN,
    response: "Rename or remove one of the two.",
};

/// No such statement.
pub const JCL_OPERATION_UNKNOWN: Message = Message {
    number: 7012,
    severity: Severity::E,
    text: PLACE,
    explanation: "The operation field names no statement. The rest of the statement was not \
        checked.",
    action: NOT_RUN,
    response: "Correct the operation; parameters of the statement before may be continued only \
        behind a comma.",
};

/// A statement that is not supported.
pub const JCL_OPERATION_REFUSED: Message = Message {
    number: 7013,
    severity: Severity::E,
    text: PLACE,
    explanation: "The statement exists on z/OS and cannot be done here; ignoring it would change \
        what the job does.",
    action: NOT_RUN,
    response: "Remove the statement.",
};

/// A statement in a wrong place.
pub const JCL_MISPLACED: Message = Message {
    number: 7014,
    severity: Severity::E,
    text: PLACE,
    explanation: "The statement is a good one, but cannot stand here.",
    action: NOT_RUN,
    response: "Move the statement.",
};

/// Something before the JOB statement.
pub const JCL_JOB_MISSING: Message = Message {
    number: 7015,
    severity: Severity::E,
    text: PLACE,
    explanation: "A job begins with its JOB statement.",
    action: NOT_RUN,
    response: "Add a JOB statement as the first card of the deck.",
};

/// A job or procedure without steps.
pub const JCL_STEP_MISSING: Message = Message {
    number: 7016,
    severity: Severity::E,
    text: PLACE,
    explanation: "There is no EXEC statement.",
    action: NOT_RUN,
    response: "Add an EXEC statement.",
};

/// Parameters that cannot be taken apart.
pub const JCL_SYNTAX: Message = Message {
    number: 7020,
    severity: Severity::E,
    text: PLACE,
    explanation: "Parentheses, apostrophes or commas of the parameter field do not match. The rest \
        of the statement was not checked.",
    action: NOT_RUN,
    response: "Correct the parameters.",
};

/// No such keyword.
pub const JCL_KEYWORD_UNKNOWN: Message = Message {
    number: 7021,
    severity: Severity::E,
    text: PLACE,
    explanation: "The statement has no such parameter.",
    action: NOT_RUN,
    response: "Correct the keyword.",
};

/// A keyword that is not supported.
pub const JCL_KEYWORD_REFUSED: Message = Message {
    number: 7022,
    severity: Severity::E,
    text: PLACE,
    explanation: "The parameter exists on z/OS and cannot be done here; ignoring it would change \
        what the job does.",
    action: NOT_RUN,
    response: "Remove the parameter.",
};

/// A parameter is missing.
pub const JCL_PARAMETER_MISSING: Message = Message {
    number: 7023,
    severity: Severity::E,
    text: PLACE,
    explanation: "The statement needs a parameter that is not there.",
    action: NOT_RUN,
    response: "Add the parameter.",
};

/// A value that the parameter cannot have.
pub const JCL_VALUE_INVALID: Message = Message {
    number: 7024,
    severity: Severity::E,
    text: PLACE,
    explanation: "The value is not of the form or not within the bounds of the parameter.",
    action: NOT_RUN,
    response: "Correct the value.",
};

/// Parameters that exclude each other.
pub const JCL_EXCLUSIVE: Message = Message {
    number: 7025,
    severity: Severity::E,
    text: PLACE,
    explanation: "Two parameters of a statement say different things about the same.",
    action: NOT_RUN,
    response: "Remove one of the two.",
};

/// A symbol without a value.
pub const JCL_SYMBOL_UNDEFINED: Message = Message {
    number: 7030,
    severity: Severity::E,
    text: PLACE,
    explanation: "Nothing before the statement gives the symbol a value. An ampersand that begins \
        no symbol is doubled.",
    action: NOT_RUN,
    response: "Define the symbol with SET, on PROC or on EXEC.",
};

/// A symbol that is used or defined wrongly.
pub const JCL_SYMBOL_INVALID: Message = Message {
    number: 7031,
    severity: Severity::E,
    text: PLACE,
    explanation: "Names of symbols have 1 to 8 characters, values at most 255; only system symbols \
        have substrings; a symbol in apostrophes may not cross column 71.",
    action: NOT_RUN,
    response: "Correct the symbol.",
};

/// A symbol that the procedure does not use.
pub const JCL_SYMBOL_UNUSED: Message = Message {
    number: 7032,
    severity: Severity::E,
    text: PLACE,
    explanation: "A keyword of an EXEC statement that calls a procedure is none of EXEC, so that \
        it is a symbol; but no statement of the procedure uses it.",
    action: NOT_RUN,
    response: "Correct the keyword, or remove it.",
};

/// A procedure or member that is nowhere.
pub const JCL_MEMBER_UNKNOWN: Message = Message {
    number: 7040,
    severity: Severity::E,
    text: PLACE,
    explanation: "Neither the deck nor a library has it.",
    action: NOT_RUN,
    response: "Correct the name, or name its library on JCLLIB.",
};

/// A member or library that cannot be read.
pub const JCL_MEMBER_UNREADABLE: Message = Message {
    number: 7041,
    severity: Severity::E,
    text: "{member} card {card} {columns}: {name} cannot be read: {reason}",
    explanation: "A procedure or INCLUDE member, or its library, could not be read.",
    action: NOT_RUN,
    response: "Check the name and the permissions of the library.",
};

/// Too many levels.
pub const JCL_NESTING: Message = Message {
    number: 7042,
    severity: Severity::E,
    text: PLACE,
    explanation: "Procedures, INCLUDE members and IF statements may be within each other up to 15 \
        levels, and none within itself.",
    action: NOT_RUN,
    response: "Reduce the levels.",
};

/// An override that fits nothing.
pub const JCL_OVERRIDE: Message = Message {
    number: 7043,
    severity: Severity::E,
    text: PLACE,
    explanation: "DD statements and keywords that name a step of a procedure must name one that \
        the called procedure itself has; DD statements come in the order of these steps.",
    action: NOT_RUN,
    response: "Correct the name, or move the statement.",
};

/// A bound is exceeded.
pub const JCL_LIMIT: Message = Message {
    number: 7044,
    severity: Severity::E,
    text: PLACE,
    explanation: "Decks are bounded in cards, steps, symbols and expanded size, so that no deck \
        can exhaust the machine. The rest was not checked.",
    action: NOT_RUN,
    response: "Make several jobs of it.",
};

/// A reference to what is not there.
pub const JCL_REFERENCE: Message = Message {
    number: 7050,
    severity: Severity::E,
    text: PLACE,
    explanation: "The step or DD must stand before the statement that refers to it.",
    action: NOT_RUN,
    response: "Correct the name.",
};

/// IF, ELSE and ENDIF that do not match.
pub const JCL_IF_UNBALANCED: Message = Message {
    number: 7051,
    severity: Severity::E,
    text: PLACE,
    explanation: "Each IF has one ENDIF and at most one ELSE, in the same procedure.",
    action: NOT_RUN,
    response: "Correct the statements.",
};

/// More diagnostics than are shown.
pub const JCL_TOO_MANY: Message = Message {
    number: 7060,
    severity: Severity::E,
    text: "{member}: {count} more errors and warnings are not shown",
    explanation: "The number of diagnostics is bounded.",
    action: NOT_RUN,
    response: "Correct what is shown, and read the deck again.",
};

/// A statement without effect.
pub const JCL_STATEMENT_IGNORED: Message = Message {
    number: 7070,
    severity: Severity::W,
    text: PLACE,
    explanation: "The statement has no meaning here, and the job does the same without it.",
    action: RUNS,
    response: "None, or remove the statement.",
};

/// A password in the deck.
pub const JCL_PASSWORD: Message = Message {
    number: 7071,
    severity: Severity::W,
    text: PLACE,
    explanation: "The PASSWORD parameter has no effect here. It is masked in the listing, but it \
        is in the deck.",
    action: RUNS,
    response: "Remove it from the deck.",
};

/// Text in or around column 72.
pub const JCL_COLUMN_72: Message = Message {
    number: 7072,
    severity: Severity::W,
    text: PLACE,
    explanation: "A character in column 72 continues comments, and is no part of the parameters.",
    action: RUNS,
    response: "Look whether the card is meant so; move its text to the left, or clear column 72.",
};

/// An ampersand that is left as it is.
pub const JCL_AMPERSAND: Message = Message {
    number: 7073,
    severity: Severity::W,
    text: PLACE,
    explanation: "In apostrophes, what begins like a symbol but is none stays as it is.",
    action: RUNS,
    response: "Double the ampersand, or define the symbol.",
};

/// A temporary data set with one ampersand.
pub const JCL_TEMPORARY: Message = Message {
    number: 7074,
    severity: Severity::W,
    text: PLACE,
    explanation: "There is no such symbol, so that the name is taken as that of a temporary data \
        set.",
    action: RUNS,
    response: "Write two ampersands, or define the symbol.",
};

/// A blank that ends the parameters.
pub const JCL_SYMBOL_BLANK: Message = Message {
    number: 7075,
    severity: Severity::W,
    text: PLACE,
    explanation: "The value of a symbol has a blank and does not stand in apostrophes; what \
        follows is a comment.",
    action: RUNS,
    response: "Put the value into apostrophes.",
};

/// A DDNAME that nothing answers.
pub const JCL_DDNAME_OPEN: Message = Message {
    number: 7076,
    severity: Severity::W,
    text: PLACE,
    explanation: "No later DD statement of the step has that name; the DD is a dummy.",
    action: RUNS,
    response: "None, or add the DD statement.",
};

/// Data up to the end of the member.
pub const JCL_DELIMITER_MISSING: Message = Message {
    number: 7077,
    severity: Severity::W,
    text: PLACE,
    explanation: "The delimiter of the data was not found, so that all cards behind are data.",
    action: RUNS,
    response: "Add the delimiter.",
};

/// Two steps of one name.
pub const JCL_STEP_TWICE: Message = Message {
    number: 7078,
    severity: Severity::W,
    text: PLACE,
    explanation: "A reference to the name means the last step before it that has it.",
    action: RUNS,
    response: "Rename one of the two.",
};

/// Cards behind the end of a job.
pub const JCL_SKIPPED: Message = Message {
    number: 7079,
    severity: Severity::W,
    text: PLACE,
    explanation: "What stands between a null statement and the next JOB statement belongs to no \
        job.",
    action: RUNS,
    response: "Remove the null statement or the cards.",
};

/// Every message of this file.
pub const ALL: &[&Message] = &[
    &JCL_NOT_RECORDS,
    &JCL_CARD_TOO_LONG,
    &JCL_BAD_CHARACTER,
    &JCL_CONTINUATION_MISSING,
    &JCL_CONTINUATION_COLUMN,
    &JCL_APOSTROPHE,
    &JCL_COLUMN_71,
    &JCL_NO_THEN,
    &JCL_DATA_TOO_LONG,
    &JCL_NAME_INVALID,
    &JCL_NAME_DUPLICATE,
    &JCL_OPERATION_UNKNOWN,
    &JCL_OPERATION_REFUSED,
    &JCL_MISPLACED,
    &JCL_JOB_MISSING,
    &JCL_STEP_MISSING,
    &JCL_SYNTAX,
    &JCL_KEYWORD_UNKNOWN,
    &JCL_KEYWORD_REFUSED,
    &JCL_PARAMETER_MISSING,
    &JCL_VALUE_INVALID,
    &JCL_EXCLUSIVE,
    &JCL_SYMBOL_UNDEFINED,
    &JCL_SYMBOL_INVALID,
    &JCL_SYMBOL_UNUSED,
    &JCL_MEMBER_UNKNOWN,
    &JCL_MEMBER_UNREADABLE,
    &JCL_NESTING,
    &JCL_OVERRIDE,
    &JCL_LIMIT,
    &JCL_REFERENCE,
    &JCL_IF_UNBALANCED,
    &JCL_TOO_MANY,
    &JCL_STATEMENT_IGNORED,
    &JCL_PASSWORD,
    &JCL_COLUMN_72,
    &JCL_AMPERSAND,
    &JCL_TEMPORARY,
    &JCL_SYMBOL_BLANK,
    &JCL_DDNAME_OPEN,
    &JCL_DELIMITER_MISSING,
    &JCL_STEP_TWICE,
    &JCL_SKIPPED,
];
