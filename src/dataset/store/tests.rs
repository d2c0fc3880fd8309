//! The store on a real file system: dispositions, claims, what is left behind, what is refused.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::time::Instant;

use super::*;
use crate::codepage::CodePage;
use crate::dataset::attributes::Dcb;
use crate::dataset::mask::{DatasetMask, MemberMask};
use crate::dataset::record::Overflow;
use crate::dataset::record_format::RecordFormat;
use crate::testing::TempDir;

const NONE: Dcb =
    Dcb { dsorg: None, recfm: None, lrecl: None, blksize: None, bdw: None, code_page: None };

/// A root of its own.
struct Scene {
    folder: TempDir,
}

impl Scene {
    fn new() -> Self {
        Self { folder: TempDir::new() }
    }

    /// A job or command; each call is another one.
    fn job(&self) -> Store {
        Store::at(self.folder.path("ds"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path("ds").join(name)
    }

    fn put(&self, dsn: &str, records: &[&str]) {
        let allocation = self.job().allocate(&name(dsn), Disposition::Mod, &NONE).unwrap();
        let mut writer = allocation.writer(Overflow::Refuse).unwrap();
        records.iter().for_each(|record| writer.write(record.as_bytes()).unwrap());
        writer.finish().unwrap().0.commit().unwrap();
    }

    /// All names below the root, locks aside.
    fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.folder.path("ds")).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            if entry.file_type().unwrap().is_dir() && name != lock::FOLDER {
                for inner in fs::read_dir(entry.path()).unwrap() {
                    let inner = inner.unwrap().file_name().into_string().unwrap();
                    names.push(format!("{name}/{inner}"));
                }
            }
            names.push(name);
        }
        names.retain(|name| name != lock::FOLDER);
        names.sort();
        names
    }
}

fn name(text: &str) -> Dsn {
    Dsn::parse(text).unwrap()
}

fn failed<T>(result: Result<T, StoreError>) -> String {
    match result {
        Ok(_) => "no error".to_owned(),
        Err(error) => error.to_string(),
    }
}

fn content(store: &Store, dsn: &str) -> String {
    let mut text = String::new();
    store.read(&name(dsn)).unwrap().0.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn a_new_data_set_is_empty_and_has_its_attributes() {
    let scene = Scene::new();
    let dcb = Dcb { lrecl: Some(133), code_page: Some(CodePage::Ibm037), ..NONE };
    let made = scene.job().allocate(&name("A.B"), Disposition::New, &dcb).unwrap();
    assert!(made.is_made() && made.exists().unwrap());
    assert_eq!(made.path(), scene.path("A.B"));
    assert_eq!(scene.names(), ["A.B", "A.B.attr"]);
    let attributes = scene.job().attributes(&name("A.B").name).unwrap().unwrap();
    assert_eq!(Some(&attributes), made.attributes());
    assert_eq!((attributes.recfm(), attributes.lrecl()), (RecordFormat::FB, 133));
    assert_eq!(content(&scene.job(), "A.B"), "");
}

#[test]
fn a_member_makes_a_library() {
    let scene = Scene::new();
    let made = scene.job().allocate(&name("A.LIB(M)"), Disposition::New, &NONE).unwrap();
    assert_eq!(made.organization(), Organization::Partitioned);
    assert!(!made.exists().unwrap());
    assert_eq!(failed(made.open()), "library A.LIB has no member M");
    made.create().unwrap().commit().unwrap();
    assert_eq!(scene.names(), ["A.LIB", "A.LIB/.attr", "A.LIB/M"]);
}

#[test]
fn dispositions_say_whether_it_must_exist() {
    let scene = Scene::new();
    let with = |dsn, disposition| scene.job().allocate(&name(dsn), disposition, &NONE);
    assert_eq!(failed(with("A.B", Disposition::Old)), "there is no data set A.B");
    assert!(!scene.folder.path("ds").exists(), "a look made the root");
    drop(with("A.B", Disposition::New).unwrap());
    assert_eq!(failed(with("A.B", Disposition::New)), "data set A.B exists already");
    assert_eq!(failed(with("A.C", Disposition::Shr)), "there is no data set A.C");
    for disposition in [Disposition::Old, Disposition::Shr, Disposition::Mod] {
        assert!(!with("A.B", disposition).unwrap().is_made());
    }
    assert!(with("A.C", Disposition::Mod).unwrap().is_made());
    let line = with("A.X", Disposition::Old).unwrap_err().line();
    assert_eq!(line, "ZOX6110E there is no data set A.X");
}

#[test]
fn members_and_data_sets_are_not_mixed_up() {
    let scene = Scene::new();
    let with = |dsn, disposition, dcb| scene.job().allocate(&name(dsn), disposition, dcb);
    let library = Dcb { dsorg: Some(Organization::Partitioned), ..NONE };
    drop(with("A.SEQ", Disposition::New, &NONE).unwrap());
    drop(with("A.LIB", Disposition::New, &library).unwrap());
    let no_members = "data set A.SEQ is sequential and has no members";
    assert_eq!(failed(with("A.SEQ(M)", Disposition::Shr, &NONE)), no_members);
    assert_eq!(failed(scene.job().read(&name("A.SEQ(M)"))), no_members);
    let is_library = "data set A.LIB is a library; expected one of its members";
    let whole = with("A.LIB", Disposition::Old, &NONE).unwrap();
    assert_eq!(failed(whole.open()), is_library);
    assert_eq!(failed(whole.create()), is_library);
    drop(whole);
    assert_eq!(failed(scene.job().read(&name("A.LIB"))), is_library);
    assert_eq!(failed(scene.job().read(&name("A.LIB(X)"))), "library A.LIB has no member X");
    let sequential = Dcb { dsorg: Some(Organization::Sequential), ..NONE };
    let error = failed(with("A.NEW(M)", Disposition::New, &sequential));
    assert_eq!(error, "data set A.NEW is sequential and has no members");
}

#[test]
fn attributes_must_agree() {
    let scene = Scene::new();
    let with = |disposition, dcb| scene.job().allocate(&name("A.B"), disposition, &dcb);
    drop(with(Disposition::New, NONE).unwrap());
    assert_eq!(
        failed(with(Disposition::Old, Dcb { lrecl: Some(133), ..NONE })),
        "data set A.B has LRECL 80, not 133"
    );
    with(Disposition::Old, Dcb { lrecl: Some(80), blksize: Some(800), ..NONE }).unwrap();
    let wrong = Dcb { lrecl: Some(80), blksize: Some(81), ..NONE };
    assert_eq!(
        failed(scene.job().allocate(&name("A.C"), Disposition::New, &wrong)),
        "data set A.C cannot have these attributes: BLKSIZE 81 with RECFM FB; expected a multiple \
         of the LRECL, 80"
    );
    assert_eq!(scene.names(), ["A.B", "A.B.attr"]);
}

#[test]
fn a_data_set_without_attributes_is_what_it_looks_like() {
    let scene = Scene::new();
    fs::create_dir_all(scene.path("A.LIB")).unwrap();
    fs::write(scene.path("A.LIB/M"), format!("{:<80}{:<80}", "one", "two")).unwrap();
    let job = scene.job();
    let found = job.allocate(&name("A.LIB(M)"), Disposition::Shr, &NONE).unwrap();
    assert_eq!(found.attributes(), None);
    let mut records = found.records().unwrap();
    assert_eq!(records.next_record().unwrap(), Some(format!("{:<80}", "one").as_bytes()));
    assert_eq!(
        failed(found.writer(Overflow::Refuse).map(|_| ())),
        "data set A.LIB has no attributes"
    );
    // Those of a DD hold while it is open.
    let dcb = Dcb { lrecl: Some(40), ..NONE };
    let known = job.allocate(&name("A.LIB(M)"), Disposition::Shr, &dcb).unwrap();
    assert_eq!(known.records().unwrap().next_record().unwrap().map(<[u8]>::len), Some(40));
    known.writer(Overflow::Refuse).unwrap();
    assert_eq!(job.attributes(&name("A.LIB").name).unwrap(), None);
    let library = Dcb { dsorg: Some(Organization::Sequential), ..dcb };
    let error = failed(job.allocate(&name("A.LIB"), Disposition::Shr, &library));
    assert_eq!(error, "data set A.LIB has DSORG PO, not PS");
}

#[test]
fn what_is_written_is_there_as_a_whole_or_not_at_all() {
    let scene = Scene::new();
    scene.put("A.B", &["old"]);
    let job = scene.job();
    let old = job.allocate(&name("A.B"), Disposition::Old, &NONE).unwrap();
    let mut output = old.create().unwrap();
    output.write_all(b"half").unwrap();
    assert_eq!(content(&job, "A.B").trim_end_matches('\0'), "old");
    drop(output);
    assert_eq!(content(&job, "A.B").trim_end_matches('\0'), "old");
    let mut output = old.create().unwrap();
    output.write_all(b"new").unwrap();
    output.commit().unwrap();
    assert_eq!(content(&job, "A.B"), "new");
    assert_eq!(scene.names(), ["A.B", "A.B.attr"]);
}

#[test]
fn what_a_dead_process_left_is_removed() {
    let scene = Scene::new();
    scene.put("A.B", &["old"]);
    let left = scene.path(".A.B.new-1-7");
    let others = scene.path(".A.BC.new-1-7");
    fs::write(&left, "half").unwrap();
    fs::write(&others, "half").unwrap();
    scene.put("A.B", &["new"]);
    assert!(!left.exists() && others.exists());
}

#[test]
fn mod_writes_behind_what_is_there() {
    let scene = Scene::new();
    scene.put("A.B", &["one"]);
    scene.put("A.B", &["two"]);
    assert_eq!(
        content(&scene.job(), "A.B"),
        format!("{:<80}{:<80}", "one", "two").replace(' ', "\0")
    );
    let text = Dcb { recfm: Some(RecordFormat::TEXT), ..NONE };
    drop(scene.job().allocate(&name("A.TEXT"), Disposition::New, &text).unwrap());
    fs::write(scene.path("A.TEXT"), "no line end").unwrap();
    scene.put("A.TEXT", &["next"]);
    assert_eq!(content(&scene.job(), "A.TEXT"), "no line end\nnext\n");
    scene.put("A.TEXT", &["last"]);
    assert_eq!(content(&scene.job(), "A.TEXT"), "no line end\nnext\nlast\n");
}

#[test]
fn one_job_alone_or_several_that_share() {
    let scene = Scene::new();
    scene.put("A.B", &[]);
    let with = |job: &Store, disposition| job.allocate(&name("A.B"), disposition, &NONE);
    let [one, other] = [scene.job(), scene.job()];
    let shared = with(&one, Disposition::Shr).unwrap();
    with(&other, Disposition::Shr).unwrap();
    let in_use = format!("data set A.B is in use by process {}", std::process::id());
    assert_eq!(failed(with(&other, Disposition::Old)), in_use);
    assert_eq!(failed(with(&other, Disposition::Mod)), in_use);
    // DDs of one job do not stand in each other's way.
    let alone = with(&one, Disposition::Old).unwrap();
    assert_eq!(failed(with(&other, Disposition::Shr)), in_use);
    drop(shared);
    assert_eq!(failed(with(&other, Disposition::Shr)), in_use);
    drop(alone);
    with(&other, Disposition::Old).unwrap();
    // Reading without a claim is always possible.
    let _alone = with(&one, Disposition::Old).unwrap();
    other.read(&name("A.B")).unwrap();
}

#[test]
fn an_output_keeps_the_claim() {
    let scene = Scene::new();
    scene.put("A.B", &[]);
    let job = scene.job();
    let allocation = job.allocate(&name("A.B"), Disposition::Old, &NONE).unwrap();
    let output = allocation.create().unwrap();
    drop(allocation);
    let other = || scene.job().allocate(&name("A.B"), Disposition::Shr, &NONE);
    assert!(failed(other()).contains("in use"));
    output.commit().unwrap();
    other().unwrap();
}

#[test]
fn a_job_can_wait_for_another() {
    let scene = Scene::new();
    scene.put("A.B", &[]);
    let held = scene.job().allocate(&name("A.B"), Disposition::Old, &NONE).unwrap();
    let brief = scene.job().with_wait(Duration::from_millis(60));
    let start = Instant::now();
    let error = failed(brief.allocate(&name("A.B"), Disposition::Shr, &NONE));
    assert!(error.contains("in use") && start.elapsed() >= Duration::from_millis(60), "{error}");
    let patient = scene.job().with_wait(Duration::from_secs(60));
    let waiting = std::thread::spawn(move || {
        patient.allocate(&name("A.B"), Disposition::Old, &NONE).map(|_| ())
    });
    drop(held);
    waiting.join().unwrap().unwrap();
}

#[test]
fn a_claim_survives_that_the_data_set_is_deleted_meanwhile() {
    let scene = Scene::new();
    scene.put("A.B", &[]);
    let held = scene.job().allocate(&name("A.B"), Disposition::Old, &NONE).unwrap();
    let patient = scene.job().with_wait(Duration::from_secs(60));
    let waiting = std::thread::spawn(move || {
        let made = patient.allocate(&name("A.B"), Disposition::Mod, &NONE)?;
        Ok::<_, StoreError>((made.is_made(), made))
    });
    held.delete().unwrap();
    let (is_made, made) = waiting.join().unwrap().unwrap();
    assert!(is_made);
    // It waited for a lock that is gone, and must have got the one that is there.
    let error = failed(scene.job().allocate(&name("A.B"), Disposition::Shr, &NONE));
    assert!(error.contains("in use"), "{error}");
    drop(made);
}

#[test]
fn no_name_leads_out_of_the_root() {
    let scene = Scene::new();
    scene.put("A.LIB(M)", &["x"]);
    scene.put("A.SEQ", &["x"]);
    let outside = scene.folder.path("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("M"), "secret").unwrap();
    symlink(&outside, scene.path("A.LINK")).unwrap();
    symlink(outside.join("M"), scene.path("A.FILE")).unwrap();
    symlink(outside.join("M"), scene.path("A.LIB/LINK")).unwrap();
    symlink(scene.path("A.SEQ"), scene.path("A.INSIDE")).unwrap();
    let job = scene.job();
    let is_link = |text: String| text.contains("is a symbolic link, which is not followed");
    for dsn in ["A.LINK(M)", "A.LINK", "A.FILE", "A.INSIDE"] {
        assert!(is_link(failed(job.read(&name(dsn)))), "{dsn}");
        assert!(is_link(failed(job.allocate(&name(dsn), Disposition::Mod, &NONE))), "{dsn}");
        assert!(is_link(failed(job.delete(&name(dsn)))), "{dsn}");
    }
    for disposition in [Disposition::Shr, Disposition::Old, Disposition::Mod] {
        let member = job.allocate(&name("A.LIB(LINK)"), disposition, &NONE);
        assert!(is_link(failed(member)), "{disposition}");
    }
    for dsn in ["A.LINK(M)", "A.LINK", "A.FILE", "A.INSIDE", "A.LIB(LINK)"] {
        assert!(is_link(failed(job.usable_path(&name(dsn)))), "{dsn}");
    }
    for dsn in ["A.SEQ", "A.LIB", "A.LIB(M)", "A.LIB(NEW)", "A.NEW", "A.NEW(M)"] {
        assert_eq!(job.usable_path(&name(dsn)).unwrap(), job.path_of(&name(dsn)), "{dsn}");
    }
    // One that comes later is not followed either.
    let member = job.allocate(&name("A.LIB(LATER)"), Disposition::Shr, &NONE).unwrap();
    symlink(outside.join("M"), scene.path("A.LIB/LATER")).unwrap();
    assert!(is_link(failed(member.open())) && is_link(failed(member.create())));
    assert!(is_link(failed(member.delete())));
    assert!(is_link(failed(job.rename(&name("A.SEQ").name, &name("A.LINK").name))));
    // Attributes are files of the root too.
    fs::remove_file(scene.path("A.SEQ.attr")).unwrap();
    symlink(outside.join("M"), scene.path("A.SEQ.attr")).unwrap();
    assert!(is_link(failed(job.read(&name("A.SEQ")))));
    let listing = job.list(&DatasetMask::all()).unwrap();
    assert_eq!(listing.strays, ["A.FILE", "A.INSIDE", "A.LINK"]);
    assert_eq!(fs::read_to_string(outside.join("M")).unwrap(), "secret");
}

#[test]
fn what_is_neither_file_nor_folder_is_not_opened() {
    let scene = Scene::new();
    scene.put("A.LIB(M)", &[]);
    let fifo = |name: &str| {
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        let kind = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, scene.path(name), kind, mode, 0).unwrap();
    };
    fifo("A.PIPE");
    fifo("A.LIB/PIPE");
    fs::create_dir(scene.path("A.LIB/DIR")).unwrap();
    let job = scene.job();
    assert!(failed(job.read(&name("A.PIPE"))).ends_with("is no data set and no member"));
    assert!(failed(job.read(&name("A.LIB(PIPE)"))).ends_with("is no data set and no member"));
    for member in ["A.LIB(DIR)", "A.LIB(PIPE)"] {
        let allocated = job.allocate(&name(member), Disposition::Shr, &NONE);
        assert!(failed(allocated).ends_with("is no data set and no member"), "{member}");
    }
    // A library is not deleted with more in it than its members.
    assert!(failed(job.delete(&name("A.LIB"))).ends_with("is no data set and no member"));
    assert!(scene.path("A.LIB/M").exists());
}

#[test]
fn names_on_the_disk_are_in_upper_case() {
    let scene = Scene::new();
    scene.put("a.b", &["x"]);
    assert_eq!(scene.names(), ["A.B", "A.B.attr"]);
    fs::rename(scene.path("A.B"), scene.path("a.b")).unwrap();
    assert_eq!(failed(scene.job().read(&name("A.B"))), "there is no data set A.B");
    let listing = scene.job().list(&DatasetMask::all()).unwrap();
    assert_eq!((listing.entries.len(), listing.strays), (0, vec!["a.b".to_owned()]));
}

#[test]
fn files_are_as_open_as_the_root() {
    let scene = Scene::new();
    scene.put("A.LIB(M)", &[]);
    let mode = |name| fs::metadata(scene.path(name)).unwrap().mode() & 0o777;
    assert_eq!(mode(""), 0o700);
    assert_eq!((mode("A.LIB"), mode("A.LIB/M"), mode("A.LIB/.attr")), (0o700, 0o600, 0o600));
    fs::set_permissions(scene.path(""), fs::Permissions::from_mode(0o775)).unwrap();
    scene.put("A.SEQ", &[]);
    assert_eq!((mode("A.SEQ"), mode("A.SEQ.attr")), (0o664, 0o664));
    // A file that is replaced keeps its own.
    fs::set_permissions(scene.path("A.SEQ"), fs::Permissions::from_mode(0o640)).unwrap();
    scene.put("A.SEQ", &["x"]);
    assert_eq!(mode("A.SEQ"), 0o640);
}

#[test]
fn deleted_data_sets_leave_nothing() {
    let scene = Scene::new();
    scene.put("A.LIB(M)", &[]);
    scene.put("A.LIB(N)", &[]);
    scene.put("A.SEQ", &[]);
    let job = scene.job();
    job.delete(&name("A.LIB(M)")).unwrap();
    assert_eq!(failed(job.delete(&name("A.LIB(M)"))), "library A.LIB has no member M");
    assert_eq!(scene.names(), ["A.LIB", "A.LIB/.attr", "A.LIB/N", "A.SEQ", "A.SEQ.attr"]);
    job.delete(&name("A.LIB")).unwrap();
    job.delete(&name("A.SEQ")).unwrap();
    assert!(scene.names().is_empty());
    assert_eq!(fs::read_dir(scene.path(lock::FOLDER)).unwrap().count(), 0);
    assert_eq!(failed(job.delete(&name("A.SEQ"))), "there is no data set A.SEQ");
}

#[test]
fn what_is_open_is_not_deleted_or_renamed() {
    let scene = Scene::new();
    scene.put("A.SEQ", &[]);
    let job = scene.job();
    let one = job.allocate(&name("A.SEQ"), Disposition::Shr, &NONE).unwrap();
    let still_open = "data set A.SEQ is still open in this job";
    assert_eq!(failed(job.delete(&name("A.SEQ"))), still_open);
    assert_eq!(failed(job.rename(&name("A.SEQ").name, &name("A.B").name)), still_open);
    assert!(failed(scene.job().delete(&name("A.SEQ"))).contains("is in use"));
    one.delete().unwrap();
    assert!(scene.names().is_empty());
}

#[test]
fn renamed_data_sets_keep_their_attributes() {
    let scene = Scene::new();
    scene.put("A.LIB(M)", &["m"]);
    scene.put("A.SEQ", &["s"]);
    let job = scene.job();
    let rename = |from, to| job.rename(&name(from).name, &name(to).name);
    assert_eq!(failed(rename("A.SEQ", "A.LIB")), "data set A.LIB exists already");
    assert_eq!(failed(rename("A.SEQ", "A.SEQ")), "data set A.SEQ exists already");
    assert_eq!(failed(rename("A.NO", "A.B")), "there is no data set A.NO");
    rename("A.SEQ", "B.SEQ").unwrap();
    rename("A.LIB", "B.LIB").unwrap();
    assert_eq!(scene.names(), ["B.LIB", "B.LIB/.attr", "B.LIB/M", "B.SEQ", "B.SEQ.attr"]);
    let text = fs::read_to_string(scene.path("B.SEQ.attr")).unwrap();
    assert!(text.starts_with("* Attributes of B.SEQ\n"), "{text}");
    assert!(job.attributes(&name("B.LIB").name).unwrap().is_some());
    fs::write(scene.path("A.BARE"), "x").unwrap();
    fs::write(scene.path("B.BARE.attr"), "RECFM FB\n").unwrap();
    rename("A.BARE", "B.BARE").unwrap();
    assert_eq!(job.attributes(&name("B.BARE").name).unwrap(), None);
    let member = |from, to| {
        let [from, to] = [from, to].map(|text| MemberName::parse(text).unwrap());
        job.rename_member(&name("B.LIB").name, &from, &to)
    };
    scene.put("B.LIB(N)", &[]);
    assert_eq!(failed(member("M", "N")), "library B.LIB has a member N already");
    assert_eq!(failed(member("X", "Y")), "library B.LIB has no member X");
    member("M", "P").unwrap();
    assert_eq!(content(&job, "B.LIB(P)").trim_end_matches('\0'), "m");
}

#[test]
fn attributes_can_be_changed() {
    let scene = Scene::new();
    fs::create_dir_all(scene.path("A.LIB")).unwrap();
    let dcb = Dcb { recfm: Some(RecordFormat::VB), ..NONE };
    let job = scene.job();
    job.set_attributes(&name("A.LIB").name, &dcb.complete().unwrap()).unwrap();
    let attributes = job.attributes(&name("A.LIB").name).unwrap().unwrap();
    assert_eq!(attributes.dsorg(), Organization::Partitioned);
    assert_eq!(attributes.recfm(), RecordFormat::VB);
    assert_eq!(scene.names(), ["A.LIB", "A.LIB/.attr"]);
}

#[test]
fn damaged_attributes_are_not_guessed() {
    let scene = Scene::new();
    scene.put("A.SEQ", &[]);
    fs::write(scene.path("A.SEQ.attr"), "RECFM X\n").unwrap();
    let error = failed(scene.job().read(&name("A.SEQ")));
    assert!(error.contains("A.SEQ.attr cannot be used: line 1: RECFM: 'X'"), "{error}");
    let listing = scene.job().list(&DatasetMask::all()).unwrap();
    assert!(listing.entries[0].attributes.is_err());
    fs::write(scene.path("A.SEQ.attr"), [b'*'; 70_000]).unwrap();
    assert!(failed(scene.job().read(&name("A.SEQ"))).contains("larger than 65536 bytes"));
}

#[test]
fn a_copied_root_is_a_store() {
    let scene = Scene::new();
    scene.put("A.LIB(M)", &["x"]);
    scene.put("A.SEQ", &["y"]);
    let copy = scene.folder.path("copy");
    let status = std::process::Command::new("cp").arg("-r").arg(scene.path("")).arg(&copy).status();
    assert!(status.unwrap().success());
    let store = Store::at(&copy);
    for dsn in ["A.LIB(M)", "A.SEQ"] {
        let found = store.allocate(&name(dsn), Disposition::Old, &NONE).unwrap();
        assert_eq!(found.attributes().map(|a| a.lrecl()), Some(80));
    }
}

#[test]
fn masks_choose_data_sets_and_members() {
    let scene = Scene::new();
    for dsn in ["A.B", "A.B.C", "A.LIB(ONE)", "A.LIB(TWO)", "Z"] {
        scene.put(dsn, &["x"]);
    }
    fs::write(scene.path("A.LIB/readme.txt"), "").unwrap();
    let job = scene.job();
    let list = |mask| {
        let listing = job.list(&DatasetMask::parse(mask).unwrap()).unwrap();
        let names = listing.entries.iter().map(|entry| entry.name.to_string());
        names.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(list("**"), "A.B A.B.C A.LIB Z");
    assert_eq!(list("A.*"), "A.B A.LIB");
    assert_eq!(list("A.B.**"), "A.B A.B.C");
    assert_eq!(list("NO.*"), "");
    let members = job.members(&name("A.LIB").name, &MemberMask::parse("t*").unwrap()).unwrap();
    assert_eq!(members.members.len(), 1);
    assert_eq!((members.members[0].name.as_str(), members.members[0].size), ("TWO", 80));
    assert_eq!(members.strays, ["readme.txt"]);
    let error = failed(job.members(&name("Z").name, &MemberMask::all()));
    assert_eq!(error, "data set Z is sequential and has no members");
    assert!(Store::at("/nonexistent/ds").list(&DatasetMask::all()).unwrap().entries.is_empty());
}

#[test]
fn names_and_paths_are_told_from_each_other() {
    let scene = Scene::new();
    let job = scene.job();
    for dsn in ["A.B", "A.LIB(M)"] {
        assert_eq!(job.name_of(&job.path_of(&name(dsn))), Some(name(dsn)));
    }
    for other in ["", "a.b", "A.LIB/m", "A.LIB/M/X", "1A", "A.B/.attr", "../A.B"] {
        assert_eq!(job.name_of(&scene.path(other)), None, "{other}");
    }
    assert_eq!(job.name_of(Path::new("/etc/passwd")), None);
}

#[test]
fn a_temporary_store_goes_with_its_last_user() {
    let store = Store::temporary().unwrap();
    let root = store.root().to_owned();
    assert_eq!(fs::metadata(&root).unwrap().mode() & 0o777, 0o700);
    let made = store.allocate(&name("TEMP(M)"), Disposition::New, &NONE).unwrap();
    drop(store);
    made.create().unwrap().commit().unwrap();
    assert!(root.join("TEMP/M").exists());
    drop(made);
    assert!(!root.exists());
}

#[test]
fn two_rename_towards_each_other() {
    let scene = Scene::new();
    scene.put("A.ONE", &[]);
    scene.put("A.TWO", &[]);
    let rename = |from: &'static str, to: &'static str| {
        let job = scene.job().with_wait(Duration::from_secs(60));
        std::thread::spawn(move || failed(job.rename(&name(from).name, &name(to).name)))
    };
    let threads = [rename("A.ONE", "A.TWO"), rename("A.TWO", "A.ONE")];
    for thread in threads {
        assert!(thread.join().unwrap().ends_with("exists already"));
    }
}
