//! Transcripts: what goes in and what has to come out, played with every split of the input.

mod active;
mod cut;
mod ending;
mod forward;
mod login;
mod passive;
mod random;
mod relay;
mod transfer;

use std::time::{Duration, SystemTime};

use super::*;

/// One step of a transcript.
#[derive(Debug, Clone)]
enum Turn {
    /// The client sends.
    Client(Vec<u8>),
    /// The server sends.
    Server(Vec<u8>),
    /// Something happens elsewhere.
    Event(Event),
    /// The client has been told exactly this since the last such turn.
    Told(Vec<u8>),
    /// The server has been sent exactly this since the last such turn.
    Sent(Vec<u8>),
    /// These actions were asked for since the last such turn, as `Debug` shows them in short.
    Acts(Vec<String>),
}

fn client(bytes: impl AsRef<[u8]>) -> Turn {
    Turn::Client(bytes.as_ref().to_vec())
}

fn server(bytes: impl AsRef<[u8]>) -> Turn {
    Turn::Server(bytes.as_ref().to_vec())
}

fn told(bytes: impl AsRef<[u8]>) -> Turn {
    Turn::Told(bytes.as_ref().to_vec())
}

fn sent(bytes: impl AsRef<[u8]>) -> Turn {
    Turn::Sent(bytes.as_ref().to_vec())
}

fn event(event: Event) -> Turn {
    Turn::Event(event)
}

fn acts(actions: &[&str]) -> Turn {
    Turn::Acts(actions.iter().map(|action| (*action).to_string()).collect())
}

fn opened(id: u32) -> Turn {
    event(Event::DataOpened { id: DataId(id) })
}

fn eof(id: u32, from: Origin, bytes: u64) -> Turn {
    event(Event::DataEof { id: DataId(id), from, bytes })
}

fn ended(id: u32, bytes_up: u64, bytes_down: u64, clean: bool) -> Turn {
    event(Event::DataEnded { id: DataId(id), bytes_up, bytes_down, clean })
}

/// A client 10.1.1.1 that asked for 192.0.2.7:21.
fn settings(login: LoginMode) -> Settings {
    Settings {
        login,
        target: Target { host: Host::Address([192, 0, 2, 7].into()), port: 21 },
        client: [10, 1, 1, 1].into(),
        trust_pasv_address: false,
        composite_user: false,
        forward: None,
        control_page: None,
        now: || SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000),
        next_port: || 40_000,
    }
}

/// The turns of a dialogue with the profile's credential up to and including the greeting.
fn greeted() -> Vec<Turn> {
    vec![
        acts(&["OpenControl"]),
        event(Event::LoggedIn),
        server("220 FTP ready\r\n"),
        told("220 FTP ready\r\n"),
    ]
}

/// A dialogue with the profile's credential, after the greeting.
fn relaying(turns: &[Turn]) {
    let mut all = greeted();
    all.extend_from_slice(turns);
    play(&settings(LoginMode::Own), &all);
}

/// Plays a transcript: each input whole, in pieces of several sizes, and cut at every place.
fn play(settings: &Settings, turns: &[Turn]) {
    for piece in [usize::MAX, 1, 2, 3, 7] {
        play_in_pieces(settings, turns, |input| {
            input.chunks(piece.min(input.len().max(1))).collect()
        });
    }
    let longest = turns.iter().map(|turn| match turn {
        Turn::Client(bytes) | Turn::Server(bytes) => bytes.len(),
        _ => 0,
    });
    for cut in 1..longest.max().unwrap_or(0).min(200) {
        play_in_pieces(settings, turns, |input| {
            let (first, second) = input.split_at(cut.min(input.len()));
            vec![first, second]
        });
    }
}

fn play_in_pieces(settings: &Settings, turns: &[Turn], cut: impl Fn(&[u8]) -> Vec<&[u8]>) {
    let mut dialogue = Dialogue::new(settings.clone());
    let mut actions = Vec::new();
    take_actions(&mut dialogue, &mut actions);
    for (at, turn) in turns.iter().enumerate() {
        match turn {
            Turn::Client(bytes) => {
                for piece in cut(bytes) {
                    dialogue.from_client(piece);
                    take_actions(&mut dialogue, &mut actions);
                }
            }
            Turn::Server(bytes) => {
                for piece in cut(bytes) {
                    dialogue.from_server(piece);
                    take_actions(&mut dialogue, &mut actions);
                }
            }
            Turn::Event(event) => {
                dialogue.event(event.clone());
                take_actions(&mut dialogue, &mut actions);
            }
            Turn::Told(expected) => {
                let found = std::mem::take(dialogue.to_client());
                assert_eq!(
                    found.escape_ascii().to_string(),
                    expected.escape_ascii().to_string(),
                    "turn {at}: told"
                );
            }
            Turn::Sent(expected) => {
                let found = std::mem::take(dialogue.to_server());
                assert_eq!(
                    found.escape_ascii().to_string(),
                    expected.escape_ascii().to_string(),
                    "turn {at}: sent"
                );
            }
            Turn::Acts(expected) => {
                assert_eq!(&std::mem::take(&mut actions), expected, "turn {at}: actions");
            }
        }
    }
    // What a transcript does not speak of must not happen.
    assert_eq!(dialogue.to_client().escape_ascii().to_string(), "", "left: told");
    assert_eq!(dialogue.to_server().escape_ascii().to_string(), "", "left: sent");
    assert_eq!(actions, Vec::<String>::new(), "left: actions");
}

fn take_actions(dialogue: &mut Dialogue, actions: &mut Vec<String>) {
    while let Some(action) = dialogue.next_action() {
        actions.push(short(&action));
    }
}

/// An action in one line, as the transcripts write it.
fn short(action: &Action) -> String {
    match action {
        Action::LogIn { user, password, target } => {
            let target = target.as_ref().map_or(String::new(), |target| format!(" at {target}"));
            format!("LogIn {user} {}{target}", *password.0)
        }
        Action::OpenControl => "OpenControl".into(),
        Action::Expect { id, to, hosts, port } => {
            let hosts: Vec<String> = hosts.iter().map(ToString::to_string).collect();
            let port = if *port == to.port { String::new() } else { format!(" port {port}") };
            format!("Expect {} {to} as {}{port}", id.0, hosts.join(","))
        }
        Action::OpenData { id, to } => format!("OpenData {} {to}", id.0),
        Action::Forward { id } => format!("Forward {}", id.0),
        Action::ExpectServer { id } => format!("ExpectServer {}", id.0),
        Action::AdmitServer { id } => format!("AdmitServer {}", id.0),
        Action::HurryServer { id } => format!("HurryServer {}", id.0),
        Action::ConnectClient { id, to } => format!("ConnectClient {} {to}", id.0),
        Action::AcceptBind { id, bind } => format!("AcceptBind {} {}", id.0, bind.0),
        Action::DropData { id } => format!("DropData {}", id.0),
        Action::FinishData { id } => format!("FinishData {}", id.0),
        Action::CutClient { id } => format!("CutClient {}", id.0),
        Action::TransferStarted(transfer) => {
            format!("Started {} {}", transfer.command, transfer.name)
        }
        Action::TransferEnded(record) => format!(
            "Ended {} {} {} {} {}",
            record.transfer.command, record.transfer.name, record.bytes, record.code, record.result
        ),
        Action::Say(note) => format!("Say {note:?}"),
        Action::Close { reason } => format!("Close {reason}"),
    }
}
