//! What would become of a connection, in words, without making it. Used by `zoxy explain`.

use std::fmt::{self, Display};

use super::{Action, Config, Filter, LoginOf, Profile, Target};

/// The decision for one target; its `Display` is a few lines for a person.
#[derive(Debug)]
pub struct Explanation<'a> {
    target: &'a Target,
    filter: Option<&'a Filter>,
}

impl Config {
    /// Says which filter the target hits and what follows from it.
    pub fn explain<'a>(&'a self, target: &'a Target) -> Explanation<'a> {
        let filter = self.decide(target).map(|filter| &**filter);
        Explanation { target, filter }
    }
}

impl Explanation<'_> {
    /// Whether the connection would be refused.
    pub fn is_blocked(&self) -> bool {
        self.filter.is_none_or(|filter| filter.action == Action::Block)
    }
}

impl Display for Explanation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        line(f, "target", self.target)?;
        let Some(filter) = self.filter else {
            line(f, "filter", &"none matches")?;
            return line(f, "action", &"BLOCK, for want of a filter");
        };
        line(f, "filter", &format_args!("{} (card {})", filter.name, filter.card))?;
        line(f, "ports", &filter.ports)?;
        line(f, "destination", &filter.destination)?;
        line(f, "action", &filter.action)?;
        match (filter.action, &filter.profile) {
            (Action::Tunnel, Some(profile)) => tunnel(f, self.target, filter, profile),
            (Action::FtpTunnel, Some(profile)) => {
                tunnel(f, self.target, filter, profile)?;
                ftp(f, self.target, filter)
            }
            (Action::Direct, _) => {
                line(f, "connection", &format_args!("to {}, without SSH", self.target))
            }
            _ => Ok(()),
        }
    }
}

fn tunnel(
    f: &mut fmt::Formatter<'_>,
    target: &Target,
    filter: &Filter,
    profile: &Profile,
) -> fmt::Result {
    line(f, "profile", &format_args!("{} (card {})", profile.name, profile.card))?;
    let (host, port) = (&profile.host, profile.port);
    let from_app = target.host.to_string();
    let host = host.as_ref().filter(|_| !filter.host_from_app).unwrap_or(&from_app);
    let open = if host.contains(':') { ("[", "]") } else { ("", "") };
    line(f, "SSH server", &format_args!("{}{host}{}:{port}", open.0, open.1))?;
    let order = match filter.user_from_app {
        true => profile.application_login.order(),
        false => &[LoginOf::Profile],
    };
    let login = |of: &LoginOf| match of {
        LoginOf::Application => ("from the FTP dialogue", &profile.application_auth),
        LoginOf::Profile => (profile.user.as_deref().unwrap_or("none"), &profile.auth),
    };
    let users: Vec<_> = order.iter().map(|of| login(of).0).collect();
    line(f, "SSH user", &users.join("; if refused: "))?;
    let methods = order.iter().map(|of| {
        let methods: Vec<_> = login(of).1.iter().map(ToString::to_string).collect();
        methods.join(", ")
    });
    line(f, "login", &methods.collect::<Vec<_>>().join("; if refused: "))?;
    line(f, "fall back", &if filter.fallback_plain { "to a plain connection" } else { "never" })
}

/// What is particular to an FTP dialogue.
fn ftp(f: &mut fmt::Formatter<'_>, target: &Target, filter: &Filter) -> fmt::Result {
    if filter.composite_user {
        line(f, "FTP user", &"perhaps with its FTP server, as user@host")?;
    }
    let address = if filter.pasv_trust { "of the 227 reply" } else { "of the target" };
    let seconds = filter.data_timeout.as_secs_f64();
    line(f, "FTP data", &format_args!("to the address {address}, within {seconds} s"))?;
    if let Some(forward) = &filter.forward {
        let server = Target { host: forward.server(&target.host), port: target.port };
        line(f, "FTP server", &server)?;
        let (address, bind) = (forward.address, forward.bind);
        line(f, "active", &format_args!("to {address}, SSH server listens at {bind}"))?;
        line(f, "from", &forward.sources(&target.host))?;
    }
    match filter.control_page {
        Some(page) => {
            line(f, "FTP control", &format_args!("{page} of the application, translated"))
        }
        None => Ok(()),
    }
}

fn line(f: &mut fmt::Formatter<'_>, label: &str, value: &dyn Display) -> fmt::Result {
    writeln!(f, "{label:<12} {value}")
}
