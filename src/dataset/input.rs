//! Reading a file by any name, without a claim on it.
//!
//! Called for decks and the files they name ([`crate::config`], [`crate::ssh`], [`crate::socks`]):
//! a running proxy must not stand in the way of a job, nor fail because of one. Since data sets are
//! replaced as a whole, what is read is always one version of them.

use std::fs::File;
use std::io::{self, Read};

use zeroize::Zeroizing;

use super::attributes::Attributes;
use super::dd;
use super::file_name::{Dsn, FileName};
use super::record::{Layout, cut, detect, without_blanks};
use super::record_format::RecordKind;
use super::store::{Store, StoreError};
use crate::codepage::{CodePage, LineEnds, Transcoder};

/// Room behind the end of a file, in which `read_to_end` finds that it is the end.
const READ_AHEAD: usize = 64;

/// A file that is open to be read, and what is known of its records.
#[derive(Debug)]
pub struct Input {
    /// The file.
    pub file: File,
    /// Attributes of the data set.
    pub attributes: Option<Attributes>,
    /// Whether it is a file of this system, whose lines are taken as they are.
    is_plain: bool,
}

impl Input {
    /// Opens a file. `&&` names are of a job, and an error here.
    pub fn open(name: &FileName) -> io::Result<Self> {
        match name {
            FileName::Path(path) => {
                Ok(Self { file: File::open(path)?, attributes: None, is_plain: true })
            }
            FileName::Dataset(dsn) => Self::open_dataset(dsn),
            FileName::Temporary(dsn) => Err(StoreError::NotOfAJob(dsn.clone()).into()),
            FileName::Dd(name, member) => {
                match dd::from_environment(name, member.as_ref())? {
                    FileName::Path(path) => {
                        // The DD of a step is the path of a data set, which has attributes.
                        let store = Store::from_environment().ok();
                        match store.and_then(|store| store.name_of(&path)) {
                            Some(dsn) => Self::open_dataset(&dsn),
                            None => Ok(Self {
                                file: File::open(path)?,
                                attributes: None,
                                is_plain: false,
                            }),
                        }
                    }
                    FileName::Dataset(dsn) => Self::open_dataset(&dsn),
                    FileName::Temporary(dsn) => Err(StoreError::NotOfAJob(dsn).into()),
                    FileName::Dd(name, _) => {
                        Err(StoreError::NoDd(name, "it names another DD".to_owned()).into())
                    }
                }
            }
        }
    }

    fn open_dataset(dsn: &Dsn) -> io::Result<Self> {
        let (file, attributes) = Store::from_environment()?.read(dsn)?;
        Ok(Self { file, attributes, is_plain: false })
    }

    /// All bytes of it; [`io::ErrorKind::FileTooLarge`] if there are more than `most`. They are
    /// wiped when dropped.
    pub fn bytes(&mut self, most: usize) -> io::Result<Zeroizing<Vec<u8>>> {
        let bytes = self.bytes_up_to(most)?;
        if bytes.len() > most {
            let reason = format!("it is larger than {most} bytes");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, reason));
        }
        Ok(bytes)
    }

    /// All bytes of it, or one more than `most`.
    fn bytes_up_to(&mut self, most: usize) -> io::Result<Zeroizing<Vec<u8>>> {
        let metadata = self.file.metadata()?;
        // Room for all: a vector that grows leaves copies of a secret behind. A pipe has no length.
        let length = match metadata.is_file() {
            true => usize::try_from(metadata.len()).unwrap_or(most).min(most),
            false => most,
        };
        let mut bytes = Zeroizing::new(Vec::with_capacity(length + READ_AHEAD));
        (&mut self.file).take(most as u64 + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// All lines of it in UTF-8, each with LF behind it. A file of this system is taken as it is; of
    /// a data set each record is a line, without the blanks at the end of fixed records, in the code
    /// page of its attributes or else the one it seems to have. They are wiped when dropped.
    pub fn text(&mut self, most: usize) -> io::Result<Zeroizing<Vec<u8>>> {
        let bytes = self.bytes(most)?;
        if self.is_plain { Ok(bytes) } else { lines(&bytes, self.attributes.as_ref()) }
    }

    /// The same, but of a file of this system that is too large one byte more than `most`: for
    /// callers that have their own word for it.
    pub fn text_up_to(&mut self, most: usize) -> io::Result<Zeroizing<Vec<u8>>> {
        if self.is_plain { self.bytes_up_to(most) } else { self.text(most) }
    }
}

fn layout(bytes: &[u8], attributes: Option<&Attributes>) -> Layout {
    let length = bytes.len() as u64;
    match attributes {
        Some(attributes) => Layout {
            page: attributes.code_page().or_else(|| Some(detect(bytes, length, None).page)),
            ..attributes.layout()
        },
        None => detect(bytes, length, None).layout(),
    }
}

fn lines(bytes: &[u8], attributes: Option<&Attributes>) -> io::Result<Zeroizing<Vec<u8>>> {
    let layout = layout(bytes, attributes);
    let page = layout.page.unwrap_or(CodePage::Utf8);
    let records = cut(bytes, layout).map_err(io::Error::other)?;
    let mut converter =
        (page != CodePage::Utf8).then(|| Transcoder::new(page, CodePage::Utf8, LineEnds::Keep));
    // A character of a code page has up to three bytes in UTF-8; with that room nothing is moved,
    // which would leave a copy behind.
    let mut text = Zeroizing::new(Vec::with_capacity(3 * bytes.len() + records.len()));
    for record in records {
        let record = match layout.kind {
            RecordKind::Fixed => without_blanks(record, page),
            _ => record,
        };
        match &mut converter {
            Some(converter) => converter
                .push(record, &mut text)
                .map_err(|failure| io::Error::other(failure.reason.to_string()))?,
            None => text.extend_from_slice(record),
        }
        text.push(b'\n');
    }
    Ok(text)
}

impl From<StoreError> for io::Error {
    fn from(error: StoreError) -> Self {
        let kind = match &error {
            StoreError::NotFound(_) | StoreError::MemberNotFound(..) => io::ErrorKind::NotFound,
            StoreError::Io(_, error) => error.kind(),
            _ => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::attributes::Dcb;
    use crate::dataset::record_format::RecordFormat;

    fn attributes(recfm: RecordFormat, code_page: Option<CodePage>) -> Attributes {
        Dcb { recfm: Some(recfm), code_page, ..Dcb::default() }.complete().unwrap()
    }

    fn text(bytes: &[u8], attributes: Option<&Attributes>) -> String {
        String::from_utf8(lines(bytes, attributes).unwrap().to_vec()).unwrap()
    }

    #[test]
    fn fixed_records_lose_the_blanks_at_their_end() {
        let page = CodePage::Ibm1047;
        let card = page.encode(&format!("{:<80}{:<80}", " secret", "")).unwrap();
        assert_eq!(text(&card, None), " secret\n\n");
        let known = attributes(RecordFormat::FB, Some(page));
        assert_eq!(text(&card, Some(&known)), " secret\n\n");
        let ascii = format!("{:<80}", "secret");
        assert_eq!(text(ascii.as_bytes(), None), "secret\n");
    }

    #[test]
    fn others_keep_them() {
        let mut record = vec![0, 10, 0, 0];
        record.extend(CodePage::Ibm037.encode("pass  ").unwrap());
        let known = attributes(RecordFormat::VB, Some(CodePage::Ibm037));
        assert_eq!(text(&record, Some(&known)), "pass  \n");
        assert_eq!(text(b"a  \nb", None), "a  \nb\n");
    }

    #[test]
    fn what_are_no_records_is_an_error() {
        let known = attributes(RecordFormat::FB, None);
        let error = lines(b"short", Some(&known)).unwrap_err();
        assert!(error.to_string().contains("80 bytes"), "{error}");
    }

    #[test]
    fn names_of_a_job_are_refused() {
        let dsn = Dsn::parse("TEMP").unwrap();
        let error = Input::open(&FileName::Temporary(dsn)).unwrap_err();
        assert!(error.to_string().contains("&&TEMP"), "{error}");
    }
}
