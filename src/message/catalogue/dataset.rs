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

/// A data set was made: its name, its attributes.
pub const DATASET_ALLOCATED: Message = Message {
    number: 6150,
    severity: Severity::I,
    text: "data set {name} is made: {attributes}",
    explanation: "The attributes are DSORG, RECFM, LRECL, BLKSIZE and code page, as far as there \
        are such.",
    action: "The data set is empty and can be used.",
    response: "None.",
};

/// A data set or member was deleted: its name.
pub const DATASET_DELETED: Message = Message {
    number: 6151,
    severity: Severity::I,
    text: "{name} is deleted",
    explanation: "The data set or member is gone, its attributes too.",
    action: "None.",
    response: "None.",
};

/// A data set or member has another name: old, new.
pub const DATASET_RENAMED: Message = Message {
    number: 6152,
    severity: Severity::I,
    text: "{old} is now {new}",
    explanation: "The data set or member has a new name, and its attributes with it.",
    action: "None.",
    response: "Jobs and decks that name the old one must be changed.",
};

/// Attributes were changed: data set, attributes.
pub const DATASET_ATTRIBUTES_SET: Message = Message {
    number: 6153,
    severity: Severity::I,
    text: "data set {name} has these attributes now: {attributes}",
    explanation: "The attributes are DSORG, RECFM, LRECL, BLKSIZE and code page, as far as there \
        are such. The data is as it was.",
    action: "None.",
    response: "None.",
};

/// The data are no records of the attributes that are wanted: data set or member, reason.
pub const DATASET_NO_SUCH_RECORDS: Message = Message {
    number: 6154,
    severity: Severity::E,
    text: "attributes are not changed, for {name} holds no such records: {reason}",
    explanation: "With the new attributes the data could not be read any more.",
    action: "Nothing is done.",
    response: "Correct the attributes; or convert the data with zoxy ds convert; or change the \
        attributes all the same with --force.",
};

/// A file was copied or converted: origin, target, counts.
pub const DATASET_COPIED: Message = Message {
    number: 6155,
    severity: Severity::I,
    text: "{from} copied to {to}: {records}{bytes} bytes{padded}",
    explanation: "All of it has been copied, or converted. Records filled up are fixed records \
        that were shorter than LRECL.",
    action: "None.",
    response: "None.",
};

/// A file was copied or converted, with records that were too long: origin, target, counts.
pub const DATASET_COPIED_WITH_LOSS: Message = Message {
    number: 6156,
    severity: Severity::W,
    text: "{from} copied to {to}: {records}{bytes} bytes{padded}; {truncated} cut off, {wrapped} \
        continued",
    explanation: "Some records were longer than LRECL has room for. As --overflow said, they lost \
        their end (cut off), or went on in further records (continued).",
    action: "The target is complete but for what was cut off.",
    response: "See that the records are as they are meant; a larger LRECL keeps them whole.",
};

/// A file could not be copied or converted: origin, target, reason.
pub const DATASET_NOT_COPIED: Message = Message {
    number: 6157,
    severity: Severity::E,
    text: "{from} not copied to {to}: {reason}",
    explanation: "The data are no such records, a record is too long, or has a character that the \
        other page does not have; or the system refused. The reason tells the record.",
    action: "The target is as it was; a data set that was made for it is deleted.",
    response: "Correct the record, or say with the options what the data are and what is to become \
        of records that are too long. Text is brought into records by zoxy ds convert.",
};

/// Nothing matches: the mask, or the empty origin of a copy.
pub const DATASET_NOTHING: Message = Message {
    number: 6158,
    severity: Severity::W,
    text: "nothing matches {mask}",
    explanation: "There is no data set or member of that name, or nothing in the library or folder.",
    action: "None.",
    response: "Check the mask, and whether the root is the one that is meant; zoxy ds list tells it.",
};

/// Below the root is something that is no data set: place, how many, one of them.
pub const DATASET_STRAYS: Message = Message {
    number: 6159,
    severity: Severity::W,
    text: "{place} has {count} name(s) that are no data sets or members, such as {name}",
    explanation: "Names are in upper case, and their characters those of data sets; symbolic links \
        and special files are not followed.",
    action: "They are left out.",
    response: "Give them a name that can be used, or move them elsewhere.",
};

/// A path exists: the path.
pub const DATASET_PATH_EXISTS: Message = Message {
    number: 6160,
    severity: Severity::E,
    text: "{path} exists already",
    explanation: "A file was to be written where there is one.",
    action: "Nothing is done; the file that exists is not changed.",
    response: "Use another name, or --replace.",
};

/// The origin and the target of a copy do not go together: why.
pub const DATASET_PLAN: Message = Message {
    number: 6161,
    severity: Severity::E,
    text: "this cannot be copied: {problem}",
    explanation: "Many members or files go to a library or folder, one to one.",
    action: "Nothing is done.",
    response: "Name a target of the right kind.",
};

/// Two data sets have different code pages: origin, target, their pages.
pub const DATASET_PAGES_DIFFER: Message = Message {
    number: 6162,
    severity: Severity::E,
    text: "{from} not copied to {to}: the one is {page}, the other {other}",
    explanation: "A copy changes no characters: they would be read wrongly where they are copied to.",
    action: "Nothing is done.",
    response: "Use zoxy ds convert.",
};

/// The target has no code page: origin, target.
pub const DATASET_NO_PAGE: Message = Message {
    number: 6163,
    severity: Severity::E,
    text: "{from} not copied to {to}: the code page of {to} is not known",
    explanation: "The data set has no code page in its attributes, so that text cannot be converted \
        to it.",
    action: "Nothing is done.",
    response: "Give it one with zoxy ds attr, or name it with --codepage.",
};

/// Records cannot be shown: data set or file, reason.
pub const DATASET_NOT_SHOWN: Message = Message {
    number: 6164,
    severity: Severity::E,
    text: "{name} cannot be shown any further: {reason}",
    explanation: "What follows are no records of the format that its attributes say, or that it \
        seems to have; or the system refused.",
    action: "The records before are shown.",
    response: "Say with --recfm and --lrecl what it is, or correct its attributes.",
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
    &DATASET_ALLOCATED,
    &DATASET_DELETED,
    &DATASET_RENAMED,
    &DATASET_ATTRIBUTES_SET,
    &DATASET_NO_SUCH_RECORDS,
    &DATASET_COPIED,
    &DATASET_COPIED_WITH_LOSS,
    &DATASET_NOT_COPIED,
    &DATASET_NOTHING,
    &DATASET_STRAYS,
    &DATASET_PATH_EXISTS,
    &DATASET_PLAN,
    &DATASET_PAGES_DIFFER,
    &DATASET_NO_PAGE,
    &DATASET_NOT_SHOWN,
];
