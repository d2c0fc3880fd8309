//! 6100-6499: data sets.

use super::super::{Message, Severity};

/// A text that is no name: the text, what is wrong with it.
pub const DATASET_NAME_WRONG: Message = Message {
    number: 6100,
    severity: Severity::E,
    text: "{name} is no name of a data set: {reason}",
    explanation: "A data set name has at most 44 characters, qualifiers of 1 to 8 characters \
        separated by periods; a qualifier begins with a letter, $, # or @ and goes on with these, \
        digits and hyphens. A member has 1 to 8 characters and no hyphen.",
    action: "Nothing is done.",
    response: "Correct the name. In a shell, names with apostrophes, parentheses, $ or # must be \
        quoted.",
};

/// There is no such data set: its name.
pub const DATASET_NOT_FOUND: Message = Message {
    number: 6110,
    severity: Severity::E,
    text: "there is no data set {name}",
    explanation: "No file or folder below the root of the data sets has this name.",
    action: "Nothing is done.",
    response: "Look for it with zoxy ds list, which also tells the root in use; ZOXY_DSROOT sets \
        another. Names of files below the root are in upper case.",
};

/// There is such a data set already: its name.
pub const DATASET_EXISTS: Message = Message {
    number: 6111,
    severity: Severity::E,
    text: "data set {name} exists already",
    explanation: "A data set was to be made, or a name was to be given to one, and the name is in \
        use.",
    action: "Nothing is done; the data set that exists is not changed.",
    response: "Use another name, delete the data set, or use it as it is (DISP=OLD).",
};

/// A library has no such member: library, member.
pub const MEMBER_NOT_FOUND: Message = Message {
    number: 6112,
    severity: Severity::E,
    text: "library {name} has no member {member}",
    explanation: "No file in the folder of the library has this name.",
    action: "Nothing is done.",
    response: "Look at the members with zoxy ds list 'NAME(*)'.",
};

/// A library has such a member already: library, member.
pub const MEMBER_EXISTS: Message = Message {
    number: 6113,
    severity: Severity::E,
    text: "library {name} has a member {member} already",
    explanation: "A member was to be made, or a name was to be given to one, and the name is in \
        use.",
    action: "Nothing is done; the member that exists is not changed.",
    response: "Use another name, delete the member, or copy with --replace.",
};

/// A data set is in use: its name, by whom.
pub const DATASET_IN_USE: Message = Message {
    number: 6114,
    severity: Severity::E,
    text: "data set {name} is in use{by}",
    explanation: "Another job or command uses it alone (DISP=NEW, OLD or MOD), or shares it while \
        it was to be used alone.",
    action: "Nothing is done.",
    response: "Try again when the other one has ended, or wait for it with --wait.",
};

/// A data set is open here too: its name.
pub const DATASET_OPEN: Message = Message {
    number: 6115,
    severity: Severity::E,
    text: "data set {name} is still open in this job",
    explanation: "A data set cannot be deleted or renamed while another DD of the same job has it.",
    action: "Nothing is done.",
    response: "Delete or rename it in a later step.",
};

/// A member was named of what is no library: the data set.
pub const DATASET_NO_LIBRARY: Message = Message {
    number: 6116,
    severity: Severity::E,
    text: "data set {name} is sequential and has no members",
    explanation: "A member was named, but the data set is a file (DSORG PS), or was to be made as \
        one.",
    action: "Nothing is done.",
    response: "Leave the member out, or name a library (DSORG PO).",
};

/// No member was named of a library: the data set.
pub const DATASET_IS_LIBRARY: Message = Message {
    number: 6117,
    severity: Severity::E,
    text: "data set {name} is a library; expected one of its members",
    explanation: "Records are read from members of a library (DSORG PO), not from the library.",
    action: "Nothing is done.",
    response: "Name a member: NAME(MEMBER).",
};

/// The attributes asked for contradict each other: data set, reason.
pub const DATASET_ATTRIBUTES: Message = Message {
    number: 6118,
    severity: Severity::E,
    text: "data set {name} cannot have these attributes: {reason}",
    explanation: "RECFM, LRECL and BLKSIZE must fit together.",
    action: "Nothing is done.",
    response: "Correct the value. Without a BLKSIZE the longest that fits is taken.",
};

/// The data set has other attributes than those asked for.
pub const DATASET_CONFLICT: Message = Message {
    number: 6119,
    severity: Severity::E,
    text: "data set {name} has {keyword} {has}, not {asked}",
    explanation: "What was asked for with a data set that exists must agree with its attributes.",
    action: "Nothing is done.",
    response: "Leave the value out, or change the attributes with zoxy ds attr.",
};

/// Records cannot be written without attributes: the data set.
pub const DATASET_NO_ATTRIBUTES: Message = Message {
    number: 6120,
    severity: Severity::E,
    text: "data set {name} has no attributes",
    explanation: "It was put there without the file of its attributes. It can be read, as what it \
        looks like, but how records are to be written is not known.",
    action: "Nothing is done.",
    response: "Give it attributes with zoxy ds attr NAME --recfm FB --lrecl 80, for example.",
};

/// The file of attributes cannot be used: its path, the reason.
pub const DATASET_UNREADABLE_ATTRIBUTES: Message = Message {
    number: 6121,
    severity: Severity::E,
    text: "attributes in {path} cannot be used: {reason}",
    explanation: "The file holds a line that is none of DSORG, RECFM, LRECL, BLKSIZE, BDW and \
        CODEPAGE with a value that fits, or lines that contradict each other.",
    action: "The data set is not used, since its records could be misread.",
    response: "Correct the file, or replace it with zoxy ds attr.",
};

/// A symbolic link: its path.
pub const DATASET_LINK: Message = Message {
    number: 6122,
    severity: Severity::E,
    text: "{path} is a symbolic link, which is not followed",
    explanation: "Below the root of the data sets no link is followed, so that no name leads out \
        of it. The root itself may be a link.",
    action: "Nothing is done.",
    response: "Put the file itself there.",
};

/// Something that is no data set: its path.
pub const DATASET_FOREIGN: Message = Message {
    number: 6123,
    severity: Severity::E,
    text: "{path} is no data set and no member",
    explanation: "A data set is a file, or a folder of files; a member is a file.",
    action: "Nothing is done.",
    response: "Move what is there out of the root.",
};

/// There is no root: the reason.
pub const DATASET_NO_ROOT: Message = Message {
    number: 6124,
    severity: Severity::E,
    text: "where the data sets are is not known: {reason}",
    explanation: "The root is ZOXY_DSROOT; without it /var/lib/zoxy/ds for the user root, and for \
        others zoxy/ds below XDG_DATA_HOME or below .local/share in HOME.",
    action: "Nothing is done.",
    response: "Set ZOXY_DSROOT.",
};

/// A DD that nobody has set: its name, the reason.
pub const DATASET_NO_DD: Message = Message {
    number: 6125,
    severity: Severity::E,
    text: "there is no DD {name}: {reason}",
    explanation: "The environment variable DD_NAME, dd_NAME or NAME tells what //DD:NAME stands \
        for: a path, or a data set name with slashes.",
    action: "Nothing is done.",
    response: "Set the variable, or add the DD to the step.",
};

/// A temporary name outside a job: the name.
pub const DATASET_NOT_OF_A_JOB: Message = Message {
    number: 6126,
    severity: Severity::E,
    text: "&&{name} is a data set of a job, and no job is running here",
    explanation: "Names with && are made by a step of a job and are gone when the job ends.",
    action: "Nothing is done.",
    response: "Name a data set that lasts.",
};

/// The system refused: path, reason.
pub const DATASET_IO: Message = Message {
    number: 6127,
    severity: Severity::E,
    text: "{path}: {reason}",
    explanation: "The system refused to read or write a file below the root of the data sets.",
    action: "Nothing is done, or not all that was asked for; a file that was being written is as \
        it was before.",
    response: "Remove the cause named in the message: permissions, space, quotas.",
};

/// Every message of this file, by number.
pub const ALL: &[&Message] = &[
    &DATASET_NAME_WRONG,
    &DATASET_NOT_FOUND,
    &DATASET_EXISTS,
    &MEMBER_NOT_FOUND,
    &MEMBER_EXISTS,
    &DATASET_IN_USE,
    &DATASET_OPEN,
    &DATASET_NO_LIBRARY,
    &DATASET_IS_LIBRARY,
    &DATASET_ATTRIBUTES,
    &DATASET_CONFLICT,
    &DATASET_NO_ATTRIBUTES,
    &DATASET_UNREADABLE_ATTRIBUTES,
    &DATASET_LINK,
    &DATASET_FOREIGN,
    &DATASET_NO_ROOT,
    &DATASET_NO_DD,
    &DATASET_NOT_OF_A_JOB,
    &DATASET_IO,
];
