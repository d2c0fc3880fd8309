//! From statements to the checked [`Config`]: cards are held against each other here.
//!
//! Everything is built even if something is wrong, with stand-ins for what is missing, so that all
//! errors are found at once; [`super::load`] throws the result away if there were any.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use super::assigned::{Assigned, Context, Values};
use super::diagnostic::Report;
use super::field::Place;
use super::forward;
use super::login::{self, Usage};
use super::reach::{self, Reach};
use super::rules::Destination;
use super::settings::Scope;
use super::statement::{Flag, Listen, Names, Owner, Pin, Rule, Server, Statements};
use super::{
    Action, ApplicationLogin, AuthMethod, Config, Filter, HostKeyPin, Listener, ListenerKind,
    ProcessSettings, Profile, StrictHostKey,
};
use crate::message::catalogue::{
    FIELD_MISSING, FILTER_CONTRADICTION, FILTER_MISSING, FILTER_NEVER_REACHED, LISTENER_CLASH,
    LISTENER_MISSING, NAME_UNKNOWN, PROFILE_UNUSED, SETTING_WITHOUT_EFFECT, VALUE_INVALID,
};
use crate::message::diagnostic::quoted;
use crate::message::log::{FileSettings, RouteSettings};

/// Checks the statements against each other and builds what they say.
pub(super) fn build(
    source: &str,
    statements: &Statements,
    context: Context<'_>,
    report: &mut Report,
) -> Config {
    let names = &statements.names;
    let assigned = Assigned::collect(&statements.settings, names, context, report);
    let pins = pins(&statements.pins, names, report);
    let usage = Usage::of(&statements.filters);
    let profiles = profiles(&statements.profiles, &assigned, pins, &usage, report);
    let by_name: HashMap<&str, &Arc<Profile>> =
        profiles.iter().map(|profile| (profile.name.as_str(), profile)).collect();
    let builder = Filters { names, profiles: &by_name, assigned: &assigned };
    let filters = statements.filters.iter().map(|rule| Arc::new(builder.filter(rule, report)));
    let filters = filters.collect();
    check_reach(&statements.filters, report);
    Config {
        source: source.to_owned(),
        listeners: listeners(&statements.listeners, &assigned, report),
        profiles,
        filters,
        process: process(assigned.of(Scope::Process, "*"), report),
        defaults: assigned.defaults(),
    }
}

fn process(values: Values<'_>, report: &mut Report) -> ProcessSettings {
    ProcessSettings {
        workers: values.number("WORKERS"),
        max_connections: values.number("MAXCONN"),
        max_per_client: values.number("MAXCLIENT"),
        drain: values.time("DRAINTIME"),
        console: values.path("CONSOLE"),
        console_group: values.text("CONSGROUP"),
        log: log_routes(values, report),
        reply_time: values.time("REPLYTIME"),
        resolvers: values.number("RESOLVERS"),
        window_memory: values.number("WINDOWMEM"),
    }
}

/// Where messages go; a file needs a name.
fn log_routes(values: Values<'_>, report: &mut Report) -> RouteSettings {
    let to = values.words("LOGTO");
    let file = values.path("LOGFILE").filter(|_| to.contains(&"FILE"));
    if let (None, true, Some(place)) = (&file, to.contains(&"FILE"), values.place("LOGTO")) {
        report.add(&VALUE_INVALID, place, "FILE without LOGFILE", "SET * LOGFILE with its path");
    }
    RouteSettings {
        stderr: to.contains(&"STDERR"),
        syslog: values.path("SYSLOG").filter(|_| to.contains(&"SYSLOG")),
        file: file.map(|path| FileSettings {
            path,
            size: values.number("LOGSIZE"),
            keep: values.number("LOGKEEP"),
        }),
        repeat: values.time("LOGREPEAT"),
    }
}

fn listeners(
    statements: &[Listen],
    assigned: &Assigned,
    report: &mut Report,
) -> Vec<Arc<Listener>> {
    if statements.is_empty() {
        report.add_to_deck(&LISTENER_MISSING);
    }
    let mut doors = Doors::default();
    let mut listeners = Vec::with_capacity(statements.len());
    for listen in statements {
        if let Some(address) = listen.address {
            doors.enter(address, listen.place, report);
        }
        let values = assigned.of(Scope::Listener, &listen.name.text);
        listeners.push(Arc::new(Listener {
            name: listen.name.text.clone(),
            kind: listen.kind.unwrap_or(ListenerKind::Socks),
            address: listen.address.unwrap_or((Ipv4Addr::LOCALHOST, 0).into()),
            clients: values.addresses("CLIENTS"),
            users: values.files("USERS").pop(),
            handshake: values.time("HANDSHAKE"),
            card: listen.place.card,
        }));
    }
    listeners
}

/// Addresses that listeners have taken, with their cards.
#[derive(Default)]
struct Doors {
    exact: HashMap<SocketAddr, usize>,
    /// The first listener of any address, by port and family (true: IPv6).
    family: HashMap<(u16, bool), usize>,
}

impl Doors {
    /// Enters an address; one that another listener has, or that overlaps with it, is reported.
    fn enter(&mut self, address: SocketAddr, place: Place, report: &mut Report) {
        let any: IpAddr = match address {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let family = (address.port(), address.is_ipv6());
        let overlapping = match address.ip().is_unspecified() {
            true => self.family.get(&family),
            false => self.exact.get(&(any, address.port()).into()),
        };
        if let Some(card) = self.exact.get(&address).or(overlapping) {
            let expected = format!("an address and port that card {card} does not have");
            report.add(&LISTENER_CLASH, place, &quoted(&address.to_string()), &expected);
        }
        self.exact.entry(address).or_insert(place.card);
        self.family.entry(family).or_insert(place.card);
    }
}

/// HOSTKEY cards by the name of their profile.
fn pins(
    statements: &[Pin],
    names: &Names,
    report: &mut Report,
) -> HashMap<String, Vec<HostKeyPin>> {
    let mut pins: HashMap<String, Vec<HostKeyPin>> = HashMap::new();
    for pin in statements {
        let name = &pin.profile;
        match names.owner(&name.text) {
            Some(Owner::Profile) => {
                // A bad key is reported already, and still says that the profile has one.
                let key = pin.key.clone().unwrap_or(HostKeyPin::Key(Vec::new()));
                pins.entry(name.text.clone()).or_default().push(key);
            }
            Some(Owner::Unknown) => {}
            _ => {
                let expected = "the name of a profile";
                report.add(&NAME_UNKNOWN, name.place(), &quoted(&name.text), expected);
            }
        }
    }
    pins
}

fn profiles(
    statements: &[Server],
    assigned: &Assigned,
    mut pins: HashMap<String, Vec<HostKeyPin>>,
    usage: &Usage<'_>,
    report: &mut Report,
) -> Vec<Arc<Profile>> {
    let mut profiles = Vec::with_capacity(statements.len());
    for server in statements {
        let name = server.name.text.as_str();
        let values = assigned.of(Scope::Profile, name);
        let mut profile = profile(server, values, pins.remove(name).unwrap_or_default());
        check_backoff(&profile, values, report);
        login::check(&mut profile, server.name.place(), usage.ways(name), values, report);
        if !usage.names(name) {
            let expected = "a FILTER card that names the profile";
            report.add(&PROFILE_UNUSED, server.name.place(), &quoted(name), expected);
        }
        profiles.push(Arc::new(profile));
    }
    profiles
}

fn profile(server: &Server, values: Values<'_>, pins: Vec<HostKeyPin>) -> Profile {
    let auth = values.words("AUTH").into_iter().map(|word| match word {
        "PUBLICKEY" => AuthMethod::PublicKey,
        "PASSWORD" => AuthMethod::Password,
        _ => AuthMethod::Keyboard,
    });
    let auth: Vec<_> = auth.collect();
    let by_password = |method: &AuthMethod| *method != AuthMethod::PublicKey;
    Profile {
        name: server.name.text.clone(),
        host: server.host.clone(),
        port: server.port.unwrap_or(0),
        pins,
        user: values.text("USER"),
        application_auth: auth.iter().copied().filter(by_password).collect(),
        auth,
        application_login: match values.word("APPLOGIN") {
            "OWNFIRST" => ApplicationLogin::OwnFirst,
            "APPFIRST" => ApplicationLogin::AppFirst,
            _ => ApplicationLogin::App,
        },
        identities: values.files("IDENTITY"),
        passphrase_file: values.files("PASSPHRASE").pop(),
        password_file: values.files("PASSWORD").pop(),
        known_hosts: values.files("KNOWNHOSTS"),
        strict: match values.word("STRICTKEY") {
            "NEW" => StrictHostKey::New,
            "ASK" => StrictHostKey::Ask,
            _ => StrictHostKey::Yes,
        },
        ciphers: values.text("CIPHERS"),
        macs: values.text("MACS"),
        kex: values.text("KEX"),
        host_key_algorithms: values.text("HOSTKEYALGS"),
        compression: values.word("COMPRESSION") == "YES",
        connect_timeout: values.time("CONNTIME"),
        open_timeout: values.time("OPENTIME"),
        idle_timeout: values.time("IDLETIME"),
        keepalive: values.time("KEEPALIVE"),
        keepalive_count: values.number("KEEPCOUNT"),
        sessions: values.number("SESSIONS"),
        channels: values.number("CHANNELS"),
        spread: values.number("SPREAD"),
        window: values.number("WINDOW"),
        backoff_min: values.time("BACKOFFMIN"),
        backoff_max: values.time("BACKOFFMAX"),
        card: server.name.place().card,
    }
}

fn check_backoff(profile: &Profile, values: Values<'_>, report: &mut Report) {
    if profile.backoff_max >= profile.backoff_min {
        return;
    }
    if let Some(place) = values.place("BACKOFFMAX").or(values.place("BACKOFFMIN")) {
        let found = format!(
            "BACKOFFMAX {} with BACKOFFMIN {} in profile {}",
            profile.backoff_max.as_secs_f64(),
            profile.backoff_min.as_secs_f64(),
            profile.name
        );
        report.add(&VALUE_INVALID, place, &found, "BACKOFFMAX not below BACKOFFMIN");
    }
}

/// What building a filter looks things up in.
struct Filters<'a> {
    names: &'a Names,
    profiles: &'a HashMap<&'a str, &'a Arc<Profile>>,
    assigned: &'a Assigned,
}

impl Filters<'_> {
    fn filter(&self, rule: &Rule, report: &mut Report) -> Filter {
        let profile = self.profile(rule, report);
        self.check_flags(rule, profile, report);
        let values = self.assigned.of(Scope::Filter, &rule.name.text);
        check_ftp_settings(rule, values, report);
        let user_from_app = rule.user_from_app.on.unwrap_or(false);
        Filter {
            name: rule.name.text.clone(),
            action: rule.action.unwrap_or(Action::Block),
            profile: profile.cloned(),
            user_from_app,
            host_from_app: rule.host_from_app.on.unwrap_or(false),
            fallback_plain: rule.fallback_plain.on.unwrap_or(false),
            ports: rule.ports.clone().unwrap_or_default(),
            destination: rule.destination.clone().unwrap_or(Destination::Any),
            connect_timeout: values.time("CONNTIME"),
            idle_timeout: values.time_or_never("IDLETIME"),
            half_closed_timeout: values.time_or_never("HALFTIME"),
            pasv_trust: values.word("PASVADDR") == "TRUST",
            data_timeout: values.time("DATATIME"),
            composite_user: user_from_app && values.word("COMPOSITE") == "YES",
            control_page: values.ebcdic_page("CTRLCONN"),
            forward: forward::build(rule, values, report),
            card: rule.name.place().card,
        }
    }

    /// The profile of a filter; reports one that is missing, unknown or without meaning.
    fn profile(&self, rule: &Rule, report: &mut Report) -> Option<&Arc<Profile>> {
        let field = &rule.profile;
        let place = field.place();
        match (rule.action, field.is_blank()) {
            (Some(action @ (Action::Tunnel | Action::FtpTunnel)), true) => {
                let expected = format!("the profile of the {action}");
                report.add(&FIELD_MISSING, place, "blanks", &expected);
            }
            (Some(action @ (Action::Direct | Action::Block)), false) => {
                let expected = format!("blanks, for {action} has no profile");
                report.add(&FILTER_CONTRADICTION, place, &quoted(&field.text), &expected);
            }
            _ => {}
        }
        match self.names.owner(&field.text) {
            Some(Owner::Profile) => return self.profiles.get(field.text.as_str()).copied(),
            Some(Owner::Unknown) => {}
            _ if field.is_blank() => {}
            _ => {
                let expected = "the name of a profile";
                report.add(&NAME_UNKNOWN, place, &quoted(&field.text), expected);
            }
        }
        None
    }

    fn check_flags(&self, rule: &Rule, profile: Option<&Arc<Profile>>, report: &mut Report) {
        let mut wrong = |flag: Flag, expected: &str| {
            let found = if flag.on == Some(true) { "'Y'" } else { "N" };
            report.add(&FILTER_CONTRADICTION, flag.place, found, expected);
        };
        let flags = [rule.user_from_app, rule.host_from_app, rule.fallback_plain];
        match (rule.action, profile) {
            (Some(action @ (Action::Direct | Action::Block)), _) => {
                for flag in flags.into_iter().filter(|flag| flag.on == Some(true)) {
                    wrong(flag, &format!("N, for {action} does not use SSH"));
                }
            }
            (Some(action @ (Action::Tunnel | Action::FtpTunnel)), Some(profile)) => {
                if action == Action::Tunnel && rule.user_from_app.on == Some(true) {
                    wrong(
                        rule.user_from_app,
                        "N, for only FTPTUN can take the user from the application",
                    );
                }
                match (rule.host_from_app.on, &profile.host) {
                    (Some(true), Some(_)) => {
                        let expected =
                            format!("N, for profile {} names its SSH server", profile.name);
                        wrong(rule.host_from_app, &expected);
                    }
                    (Some(false), None) => {
                        let expected =
                            format!("Y, for profile {} names no SSH server", profile.name);
                        wrong(rule.host_from_app, &expected);
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }
}

/// Keywords that mean something for FTPTUN only.
const FTP_SETTINGS: [&str; 8] =
    ["PASVADDR", "DATATIME", "COMPOSITE", "CTRLCONN", "ACTIVE", "FWDADDR", "FWDBIND", "FWDFROM"];

/// Checks that the FTP settings of a filter have a meaning there. Those set with `*` are for
/// whatever filters can use them.
fn check_ftp_settings(rule: &Rule, values: Values<'_>, report: &mut Report) {
    let name = quoted(&rule.name.text);
    match rule.action {
        Some(Action::FtpTunnel) => {
            let composite = values.own_place("COMPOSITE");
            let place = composite.filter(|_| values.word("COMPOSITE") == "YES");
            if let (Some(place), Some(false)) = (place, rule.user_from_app.on) {
                let expected = format!("NO, for filter {name} has N in column 36");
                report.add(&FILTER_CONTRADICTION, place, &quoted("YES"), &expected);
            }
        }
        Some(action) => {
            for keyword in FTP_SETTINGS {
                if let Some(place) = values.own_place(keyword) {
                    let found = format!("a value of {keyword} for filter {name}");
                    let expected = format!("FTPTUN as its action, not {action}");
                    report.add(&SETTING_WITHOUT_EFFECT, place, &found, &expected);
                }
            }
        }
        None => {}
    }
}

/// Warns about filters that are never reached, and about a deck without any.
fn check_reach(rules: &[Rule], report: &mut Report) {
    if rules.is_empty() {
        report.add_to_deck(&FILTER_MISSING);
    }
    let readable: Vec<_> = rules
        .iter()
        .filter_map(|rule| Some((rule, rule.ports.as_ref()?, rule.destination.as_ref()?)))
        .collect();
    let reaches = readable.iter().map(|(_, ports, destination)| Reach { ports, destination });
    for index in reach::never_reached(reaches) {
        let name = &readable[index].0.name;
        let found = format!("filter {}, which is never reached", quoted(&name.text));
        let expected = "a filter that those before it leave something to";
        report.add(&FILTER_NEVER_REACHED, name.place(), &found, expected);
    }
}
