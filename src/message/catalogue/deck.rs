//! Messages 1000-1999: the deck.

use crate::message::{Message, Severity};

/// The deck cannot be read.
pub const DECK_UNREADABLE: Message = Message {
    number: 1000,
    severity: Severity::S,
    text: "{member}: the deck cannot be read: {reason}",
    explanation: "The file that holds the deck could not be opened or read.",
    action: "The deck is not used: zoxy does not start; on a refresh the deck in use stays.",
    response: "Check the name and the permissions of the file and its directories.",
};

/// The deck cannot be cut into records.
pub const DECK_NOT_RECORDS: Message = Message {
    number: 1001,
    severity: Severity::E,
    text: "{member}: the deck cannot be cut into records: {reason}",
    explanation: "The file is not what its record format says, or its record format was detected \
        wrongly.",
    action: "The deck is not used: zoxy does not start; on a refresh the deck in use stays.",
    response: "Transfer the member again, as text or in binary with its record format; or name \
        the format with --recfm.",
};

/// Text behind column 80.
pub const CARD_TOO_LONG: Message = Message {
    number: 1010,
    severity: Severity::E,
    text: "{member} card {card} {columns}: found {found}, expected {expected}",
    explanation: "A card has 80 columns. What stands behind them would be lost on a mainframe.",
    action: "The deck is not used: zoxy does not start; on a refresh the deck in use stays.",
    response: "Shorten the card, or continue it on the next one with a character in column 72.",
};

/// A tab on a card.
pub const CARD_TAB: Message = Message {
    number: 1011,
    severity: Severity::E,
    text: "{member} card {card} {columns}: found {found}, expected {expected}",
    explanation: "Fields stand in fixed columns; a tab is one column wide, whatever the editor \
        shows. The rest of the card was not checked.",
    action: "The deck is not used: zoxy does not start; on a refresh the deck in use stays.",
    response: "Replace the tab by blanks so that the fields stand in their columns.",
};

/// A character that cannot be on a card.
pub const CARD_BAD_CHARACTER: Message = Message {
    number: 1012,
    severity: Severity::E,
    text: "{member} card {card} {columns}: found {found}, expected {expected}",
    explanation: "A control character, or bytes that are no character of the code page. The rest \
        of the card was not checked.",
    action: "The deck is not used: zoxy does not start; on a refresh the deck in use stays.",
    response: "Correct the card; if most cards are reported, name the code page with --codepage.",
};

/// The last card asks for a continuation.
pub const CONTINUATION_MISSING: Message = Message {
    number: 1013,
    severity: Severity::E,
    text: "{member} card {card} {columns}: found {found}, expected {expected}",
    explanation: "A character in column 72 continues a card on the next one, and there is no next \
        one.",
    action: "The deck is not used: zoxy does not start; on a refresh the deck in use stays.",
    response: "Clear column 72 or add the rest of the card.",
};

/// A continuation has text in columns 1 to 17.
pub const CONTINUATION_NOT_BLANK: Message = Message {
    number: 1014,
    severity: Severity::E,
    text: "{member} card {card} {columns}: found {found}, expected {expected}",
    explanation: "The card before this one has a character in column 72, so that this one must \
        continue it.",
    action: "The deck is not used: zoxy does not start; on a refresh the deck in use stays.",
    response: "Clear column 72 of the card before, or start this one behind column 17.",
};

/// A card of no known type.
pub const CARD_UNKNOWN_TYPE: Message = Message {
    number: 1015,
    severity: Severity::E,
    text: "{member} card {card} {columns}: found {found}, expected {expected}",
    explanation: "Columns 1-8 name the type of a card. The rest of the card was not checked.",
    action: "The deck is not used: zoxy does not start; on a refresh the deck in use stays.",
    response: "Correct the type, or put an asterisk into column 1 to make the card a comment.",
};

/// Text between the fields of a card.
pub const CARD_STRAY_TEXT: Message = Message {
    number: 1016,
    severity: Severity::E,
    text: "{member} card {card} {columns}: found {found}, expected {expected}",
    explanation: "Text stands in columns that belong to no field, mostly because a field starts in \
        a wrong column.",
    action: "The deck is not used: zoxy does not start; on a refresh the deck in use stays.",
    response: "Move the text into the columns of its field.",
};

/// A field that must be filled is blank.
pub const FIELD_MISSING: Message = Message {
    number: 1020,
    severity: Severity::E,
    text: "{member} card {card} {columns}: found {found}, expected {expected}",
    explanation: "The field has no default.",
    action: "The deck is not used: zoxy does not start; on a refresh the deck in use stays.",
    response: "Fill in the field.",
};

/// A field holds something else than it must.
pub const FIELD_INVALID: Message = Message {
    number: 1021,
    severity: Severity::E,
    text: "{member} card {card} {columns}: found {found}, expected {expected}",
    explanation: "The text of the field is not one that this kind of card can have there.",
    action: "The deck is not used: zoxy does not start; on a refresh the deck in use stays.",
    response: "Correct the field.",
};

/// A name is not made as names are.
pub const NAME_INVALID: Message = Message {
    number: 1022,
    severity: Severity::E,
    text: "{member} card {card} {columns}: found {found}, expected {expected}",
    explanation: "Names have 1 to 8 letters, digits, $, # or @.",
    action: "The deck is not used: zoxy does not start; on a refresh the deck in use stays.",
    response: "Correct the name.",
};

/// A name is used twice.
pub const NAME_DUPLICATE: Message = Message {
    number: 1023,
    severity: Severity::E,
    text: "{member} card {card} {columns}: found {found}, expected {expected}",
    explanation: "Listeners, profiles and filters share one set of names, so that SET and messages \
        are never ambiguous.",
    action: "The deck is not used: zoxy does not start; on a refresh the deck in use stays.",
    response: "Rename one of the two.",
};

/// A card refers to something that is not there.
pub const NAME_UNKNOWN: Message = Message {
    number: 1024,
    severity: Severity::E,
    text: "{member} card {card} {columns}: found {found}, expected {expected}",
    explanation: "No card of the deck defines the name, or the card that does is of another type.",
    action: "The deck is not used: zoxy does not start; on a refresh the deck in use stays.",
    response: "Correct the name or add the card that defines it.",
};

/// A SET card with a keyword that does not exist.
pub const KEYWORD_UNKNOWN: Message = Message {
    number: 1025,
    severity: Severity::E,
    text: "{member} card {card} {columns}: found {found}, expected {expected}",
    explanation: "The keyword is not a setting of zoxy.",
    action: "The deck is not used: zoxy does not start; on a refresh the deck in use stays.",
    response: "Correct the keyword.",
};

/// A SET card with a keyword of something else.
pub const KEYWORD_MISPLACED: Message = Message {
    number: 1026,
    severity: Severity::E,
    text: "{member} card {card} {columns}: found {found}, expected {expected}",
    explanation: "The keyword exists, but not for the kind of card that the SET card names.",
    action: "The deck is not used: zoxy does not start; on a refresh the deck in use stays.",
    response: "Name a card of the right type, or * where the keyword is a setting of the \
        process.",
};

/// A SET card with a value that the keyword cannot have.
pub const VALUE_INVALID: Message = Message {
    number: 1027,
    severity: Severity::E,
    text: "{member} card {card} {columns}: found {found}, expected {expected}",
    explanation: "The value is not of the form or not within the bounds of the keyword.",
    action: "The deck is not used: zoxy does not start; on a refresh the deck in use stays.",
    response: "Correct the value.",
};

/// A file that a SET card names cannot be read.
pub const FILE_UNREADABLE: Message = Message {
    number: 1028,
    severity: Severity::E,
    text: "{member} card {card} {columns}: found {found}, expected {expected}",
    explanation: "The file must be readable by zoxy when the deck is checked. Relative names start \
        at the directory of the deck.",
    action: "The deck is not used: zoxy does not start; on a refresh the deck in use stays.",
    response: "Check the name and the permissions of the file and its directories.",
};

/// A private key that others can read.
pub const KEY_EXPOSED: Message = Message {
    number: 1029,
    severity: Severity::E,
    text: "{member} card {card} {columns}: found {found}, expected {expected}",
    explanation: "The permissions of the file let its group or everyone read or change it; such a \
        key is not used for a login.",
    action: "The deck is not used: zoxy does not start; on a refresh the deck in use stays.",
    response: "Make it readable by the user of zoxy only: chmod 600.",
};

/// There is no LISTEN card.
pub const LISTENER_MISSING: Message = Message {
    number: 1030,
    severity: Severity::E,
    text: "{member}: no LISTEN card, expected at least one",
    explanation: "Without a listener no client can connect.",
    action: "The deck is not used: zoxy does not start; on a refresh the deck in use stays.",
    response: "Add a LISTEN card.",
};

/// Two listeners on one address and port.
pub const LISTENER_CLASH: Message = Message {
    number: 1031,
    severity: Severity::E,
    text: "{member} card {card} {columns}: found {found}, expected {expected}",
    explanation: "Only one listener can have an address and port; an address of all zeros has \
        every address of its family.",
    action: "The deck is not used: zoxy does not start; on a refresh the deck in use stays.",
    response: "Change the port or the address of one of the two.",
};

/// Fields of a FILTER card do not go together.
pub const FILTER_CONTRADICTION: Message = Message {
    number: 1032,
    severity: Severity::E,
    text: "{member} card {card} {columns}: found {found}, expected {expected}",
    explanation: "The field has no meaning with the action or the profile of the filter.",
    action: "The deck is not used: zoxy does not start; on a refresh the deck in use stays.",
    response: "Correct the field, the action or the profile.",
};

/// A profile cannot log in as its filters need.
pub const PROFILE_INCOMPLETE: Message = Message {
    number: 1033,
    severity: Severity::E,
    text: "{member} card {card} {columns}: found {found}, expected {expected}",
    explanation: "A profile of TUNNEL or FTPTUN needs the name of a user, a way to log in, and a \
        way to check the host key. With Y in column 36 user and password come from the \
        application; AUTH must then have PASSWORD or KEYBOARD.",
    action: "The deck is not used: zoxy does not start; on a refresh the deck in use stays.",
    response: "Add the SET or HOSTKEY card, or correct AUTH.",
};

/// A method of AUTH has nothing to log in with.
pub const AUTH_WITHOUT_MATERIAL: Message = Message {
    number: 1034,
    severity: Severity::E,
    text: "{member} card {card} {columns}: found {found}, expected {expected}",
    explanation: "PUBLICKEY needs a private key, PASSWORD and KEYBOARD need a password.",
    action: "The deck is not used: zoxy does not start; on a refresh the deck in use stays.",
    response: "Add the SET card or take the method out of AUTH.",
};

/// A filter that nothing can reach.
pub const FILTER_NEVER_REACHED: Message = Message {
    number: 1050,
    severity: Severity::W,
    text: "{member} card {card} {columns}: found {found}, expected {expected}",
    explanation: "Filters before this one match everything that it matches.",
    action: "The deck is used.",
    response: "Move the filter before the more general one, or remove it.",
};

/// A profile that no filter uses.
pub const PROFILE_UNUSED: Message = Message {
    number: 1051,
    severity: Severity::W,
    text: "{member} card {card} {columns}: found {found}, expected {expected}",
    explanation: "The profile has no effect.",
    action: "The deck is used.",
    response: "Remove the profile, or name it in columns 27-34 of a FILTER card.",
};

/// A SET card that a later one replaces.
pub const SETTING_REPLACED: Message = Message {
    number: 1052,
    severity: Severity::W,
    text: "{member} card {card} {columns}: found {found}, expected {expected}",
    explanation: "Two SET cards have the same name and keyword; the later one holds.",
    action: "The deck is used.",
    response: "Remove one of the two.",
};

/// A default for two different things.
pub const SETTING_AMBIGUOUS: Message = Message {
    number: 1053,
    severity: Severity::W,
    text: "{member} card {card} {columns}: found {found}, expected {expected}",
    explanation: "The keyword exists for profiles and for filters, with a meaning of its own for \
        each; with * it sets both.",
    action: "The deck is used.",
    response: "Name the profiles or filters that are meant.",
};

/// A file with a secret that others can read.
pub const FILE_EXPOSED: Message = Message {
    number: 1054,
    severity: Severity::W,
    text: "{member} card {card} {columns}: found {found}, expected {expected}",
    explanation: "The permissions of the file let its group or everyone read or change it.",
    action: "The deck is used.",
    response: "Make it readable by the user of zoxy only: chmod 600.",
};

/// There is no FILTER card.
pub const FILTER_MISSING: Message = Message {
    number: 1055,
    severity: Severity::W,
    text: "{member}: no FILTER card, so that every connection is blocked",
    explanation: "What no filter matches is blocked.",
    action: "The deck is used.",
    response: "Add FILTER cards.",
};

/// A setting that the filter's action, or another setting of it, has no use for.
pub const SETTING_WITHOUT_EFFECT: Message = Message {
    number: 1056,
    severity: Severity::W,
    text: "{member} card {card} {columns}: found {found}, expected {expected}",
    explanation: "The setting is for filters with action FTPTUN, or, for a profile, for those of \
        them with Y in column 36, or it goes with another setting that the filter does not have, and \
        has no effect here.",
    action: "The deck is used.",
    response: "Remove the SET card, or correct its name, the action or column 36 of the filter, or \
        the other setting.",
};

/// What check found.
pub const DECK_SUMMARY: Message = Message {
    number: 1090,
    severity: Severity::I,
    text: "{member}: {errors} errors, {warnings} warnings",
    explanation: "The deck was read and checked; what is wrong was said before.",
    action: "None.",
    response: "None.",
};

/// A wrong command line.
pub const USAGE: Message = Message {
    number: 1091,
    severity: Severity::E,
    text: "{command}: {problem}; see {command} --help",
    explanation: "The arguments or options of the command are not right.",
    action: "Nothing is done; the command ends with return code 8.",
    response: "Correct the command.",
};

/// Every message of this file.
pub const ALL: &[&Message] = &[
    &DECK_UNREADABLE,
    &DECK_NOT_RECORDS,
    &CARD_TOO_LONG,
    &CARD_TAB,
    &CARD_BAD_CHARACTER,
    &CONTINUATION_MISSING,
    &CONTINUATION_NOT_BLANK,
    &CARD_UNKNOWN_TYPE,
    &CARD_STRAY_TEXT,
    &FIELD_MISSING,
    &FIELD_INVALID,
    &NAME_INVALID,
    &NAME_DUPLICATE,
    &NAME_UNKNOWN,
    &KEYWORD_UNKNOWN,
    &KEYWORD_MISPLACED,
    &VALUE_INVALID,
    &FILE_UNREADABLE,
    &KEY_EXPOSED,
    &LISTENER_MISSING,
    &LISTENER_CLASH,
    &FILTER_CONTRADICTION,
    &PROFILE_INCOMPLETE,
    &AUTH_WITHOUT_MATERIAL,
    &FILTER_NEVER_REACHED,
    &PROFILE_UNUSED,
    &SETTING_REPLACED,
    &SETTING_AMBIGUOUS,
    &FILE_EXPOSED,
    &FILTER_MISSING,
    &SETTING_WITHOUT_EFFECT,
    &DECK_SUMMARY,
    &USAGE,
];
