//! Whether profiles can log in: what their filters need, held against what their cards give.
//!
//! Used by [`super::build`]. There are two ways to log in with a profile. Its own login is USER with
//! the material of IDENTITY and PASSWORD; that of the application is the user and password of an FTP
//! dialogue (Y in column 36), beside which APPLOGIN can have the profile's own tried. A profile must
//! have what each way needs that its filters take.

use std::collections::HashSet;

use super::assigned::Values;
use super::diagnostic::Report;
use super::field::Place;
use super::statement::Rule;
use super::{Action, AuthMethod, LoginOf, Profile, StrictHostKey};
use crate::message::catalogue::{
    AUTH_WITHOUT_MATERIAL, PROFILE_INCOMPLETE, SETTING_WITHOUT_EFFECT,
};
use crate::message::diagnostic::quoted;

/// Which profiles filters name, and how they log in with them.
#[derive(Default)]
pub(super) struct Usage<'a> {
    any: HashSet<&'a str>,
    own: HashSet<&'a str>,
    application: HashSet<&'a str>,
}

/// The ways in which the filters of one profile log in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ways {
    /// As the user of the profile.
    own: bool,
    /// With user and password from the application.
    application: bool,
}

impl<'a> Usage<'a> {
    /// Collects what the FILTER cards say.
    pub fn of(rules: &'a [Rule]) -> Self {
        let mut usage = Self::default();
        for rule in rules {
            let name = rule.profile.text.as_str();
            usage.any.insert(name);
            match (rule.action, rule.user_from_app.on) {
                (Some(Action::Tunnel), _) | (Some(Action::FtpTunnel), Some(false)) => {
                    usage.own.insert(name);
                }
                (Some(Action::FtpTunnel), Some(true)) => {
                    usage.application.insert(name);
                }
                _ => {}
            }
        }
        usage
    }

    /// Whether any filter names the profile.
    pub fn names(&self, profile: &str) -> bool {
        self.any.contains(profile)
    }

    /// How filters log in with the profile.
    pub fn ways(&self, profile: &str) -> Ways {
        Ways { own: self.own.contains(profile), application: self.application.contains(profile) }
    }
}

/// Checks that a profile can log in as its filters need; `place` is that of its name.
///
/// Methods of its own login that came by default, or with `*`, and have nothing to log in with are
/// left out of [`Profile::auth`].
pub(super) fn check(
    profile: &mut Profile,
    place: Place,
    mut ways: Ways,
    values: Values<'_>,
    report: &mut Report,
) {
    if !ways.own && !ways.application {
        return;
    }
    if ways.application {
        ways.own |= profile.application_login.order().contains(&LoginOf::Profile);
    } else if let Some(place) = values.own_place("APPLOGIN") {
        let found = format!("a value of APPLOGIN for profile {}", quoted(&profile.name));
        let expected = "a filter of the profile with Y in column 36";
        report.add(&SETTING_WITHOUT_EFFECT, place, &found, expected);
    }
    let found = format!("profile {}", quoted(&profile.name));
    let mut incomplete = |expected: &str| report.add(&PROFILE_INCOMPLETE, place, &found, expected);
    if ways.own && profile.user.is_none() {
        incomplete("SET USER for it");
    }
    if profile.pins.is_empty()
        && profile.known_hosts.is_empty()
        && profile.strict == StrictHostKey::Yes
    {
        incomplete("a HOSTKEY card, SET KNOWNHOSTS, SET STRICTKEY NEW or ASK for it");
    }
    if ways.application && profile.application_auth.is_empty() {
        let place = values.place("AUTH").unwrap_or(place);
        let found = format!("{found} without PASSWORD and KEYBOARD in AUTH");
        let expected = "one of the two, for a filter takes the user from the application";
        report.add(&PROFILE_INCOMPLETE, place, &found, expected);
    }
    check_methods(profile, place, ways, values, report);
}

/// Checks that there is something to log in with for the methods of AUTH.
fn check_methods(
    profile: &mut Profile,
    place: Place,
    ways: Ways,
    values: Values<'_>,
    report: &mut Report,
) {
    let has_material = |method: &AuthMethod| match method {
        AuthMethod::PublicKey => !profile.identities.is_empty(),
        AuthMethod::Password | AuthMethod::Keyboard => profile.password_file.is_some(),
    };
    let (able, unable): (Vec<_>, Vec<_>) =
        profile.auth.iter().copied().partition(|method| has_material(method));
    let mut useless = unable;
    if ways.application {
        useless.retain(|method| !profile.application_auth.contains(method));
    }
    match values.own_place("AUTH") {
        Some(place) if !useless.is_empty() => {
            for method in useless {
                let expected = match method {
                    AuthMethod::PublicKey => "SET IDENTITY for the profile",
                    AuthMethod::Password | AuthMethod::Keyboard => "SET PASSWORD for the profile",
                };
                report.add(&AUTH_WITHOUT_MATERIAL, place, &quoted(&method.to_string()), expected);
            }
        }
        _ if ways.own && able.is_empty() => {
            let found = format!("profile {}", quoted(&profile.name));
            let expected = "SET IDENTITY or SET PASSWORD for it";
            report.add(&PROFILE_INCOMPLETE, place, &found, expected);
        }
        _ => {}
    }
    if ways.own {
        profile.auth = able;
    }
}
