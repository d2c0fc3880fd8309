//! From a fresh [`Transport`] to an authenticated one.
//!
//! The owner calls [`Login::step`] each time input has come, writes the output, answers once for the host key, and
//! gives up when its own deadline passes. Nothing of the credentials is sent before the host key is accepted; they are
//! wiped as soon as the login has ended either way.
//!
//! | state | does | then |
//! |---|---|---|
//! | Handshake | version and key exchange | HostKey |
//! | HostKey | waits for [`Login::answer_host_key`] | Methods, or Ended if refused |
//! | Methods | asks what the server offers | Request, or Ended if that lets us in already |
//! | Request | one authentication request | the next one, or Ended |
//! | Ended | nothing | |

use std::fmt;

use log::trace;
use zeroize::Zeroizing;

use crate::config::AuthMethod;

use super::transport::{AuthList, AuthStep, Refusal, Step, Transport, TransportError};

/// What to log in with.
pub struct Credentials {
    /// User name at the SSH server.
    pub user: String,
    /// Methods to try, in order.
    pub methods: Vec<AuthMethod>,
    /// Private keys for [`AuthMethod::PublicKey`], in order.
    pub keys: Vec<LoginKey>,
    /// For [`AuthMethod::Password`] and [`AuthMethod::Keyboard`].
    pub password: Option<Zeroizing<String>>,
}

/// A private key to log in with.
pub struct LoginKey {
    /// What messages call it: the name of its file.
    pub name: String,
    /// Unencrypted, OpenSSH or PEM format.
    pub private_pem: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("user", &self.user)
            .field("methods", &self.methods)
            .field("keys", &self.keys.iter().map(|key| &key.name).collect::<Vec<_>>())
            .field("password", &self.password.is_some())
            .finish()
    }
}

/// What the owner has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginStep {
    /// Call [`Login::step`] again when there is more input.
    NeedsInput,
    /// Look at [`Transport::host_key`], call [`Login::answer_host_key`], then [`Login::step`].
    HostKey,
    /// Logged in.
    Done {
        /// The method that ended it (RFC 4252 name).
        method: &'static str,
        /// User name at the SSH server.
        user: String,
    },
}

/// Why a login failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginError {
    /// The owner refused the host key, for this reason.
    HostKeyRefused(String),
    /// Nothing that was tried let us in.
    AuthRefused {
        /// Requests and what became of them, in order.
        tried: Vec<String>,
        /// Methods the server offers (RFC 4252 names).
        offered: Vec<String>,
    },
    /// The session broke.
    Transport(TransportError),
}

impl fmt::Display for LoginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HostKeyRefused(reason) => write!(f, "host key refused: {reason}"),
            Self::AuthRefused { tried, offered } if tried.is_empty() => {
                write!(f, "none of the server's methods can be tried ({})", offered.join(", "))
            }
            Self::AuthRefused { tried, offered } => {
                write!(f, "{}; server offers {}", tried.join(", "), offered.join(", "))
            }
            Self::Transport(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for LoginError {}

impl From<TransportError> for LoginError {
    fn from(error: TransportError) -> Self {
        Self::Transport(error)
    }
}

/// One login.
pub struct Login {
    state: State,
    credentials: Option<Credentials>,
    /// None until the owner has answered.
    host_key_verdict: Option<Result<(), String>>,
    /// Requests not made yet, in order.
    plan: Vec<Request>,
    /// Methods the server offers.
    offered: Vec<String>,
    /// Requests made, in words.
    tried: Vec<String>,
}

/// States; the module comment has the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Handshake,
    HostKey,
    Methods,
    Request(Request),
    Ended,
}

/// One authentication request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Request {
    /// With the key at this place of the credentials.
    PublicKey(usize),
    Password,
    Keyboard,
}

impl Request {
    /// RFC 4252, RFC 4256.
    fn method(self) -> &'static str {
        match self {
            Self::PublicKey(_) => "publickey",
            Self::Password => "password",
            Self::Keyboard => "keyboard-interactive",
        }
    }
}

impl Login {
    /// A login on a transport that has sent nothing yet.
    pub fn new(credentials: Credentials) -> Self {
        let mut plan = Vec::new();
        for method in &credentials.methods {
            match method {
                AuthMethod::PublicKey => {
                    plan.extend((0..credentials.keys.len()).map(Request::PublicKey));
                }
                AuthMethod::Password if credentials.password.is_some() => {
                    plan.push(Request::Password);
                }
                AuthMethod::Keyboard if credentials.password.is_some() => {
                    plan.push(Request::Keyboard);
                }
                AuthMethod::Password | AuthMethod::Keyboard => {}
            }
        }
        Self {
            state: State::Handshake,
            credentials: Some(credentials),
            host_key_verdict: None,
            plan,
            offered: Vec::new(),
            tried: Vec::new(),
        }
    }

    /// The owner's verdict on the host key; Err with the reason refuses it.
    pub fn answer_host_key(&mut self, verdict: Result<(), String>) {
        self.host_key_verdict = Some(verdict);
    }

    /// Goes as far as the input allows. After Done or an error the login is over.
    pub fn step(&mut self, transport: &mut Transport) -> Result<LoginStep, LoginError> {
        let step = self.run(transport);
        if !matches!(step, Ok(LoginStep::NeedsInput | LoginStep::HostKey)) {
            self.credentials = None;
            self.set_state(State::Ended);
        }
        step
    }

    fn run(&mut self, transport: &mut Transport) -> Result<LoginStep, LoginError> {
        loop {
            let Some(credentials) = &self.credentials else {
                return Err(TransportError::Ended.into());
            };
            match self.state {
                State::Handshake => match transport.handshake()? {
                    Step::NeedsInput => return Ok(LoginStep::NeedsInput),
                    Step::Done => self.set_state(State::HostKey),
                },
                State::HostKey => match self.host_key_verdict.take() {
                    None => return Ok(LoginStep::HostKey),
                    Some(Ok(())) => self.set_state(State::Methods),
                    Some(Err(reason)) => {
                        transport.disconnect("host key not accepted");
                        return Err(LoginError::HostKeyRefused(reason));
                    }
                },
                State::Methods => match transport.auth_methods(&credentials.user)? {
                    AuthList::NeedsInput => return Ok(LoginStep::NeedsInput),
                    AuthList::Accepted => {
                        return Ok(LoginStep::Done {
                            method: "none",
                            user: credentials.user.clone(),
                        });
                    }
                    AuthList::Offered(methods) => {
                        self.offered = methods;
                        self.next_request(transport)?;
                    }
                },
                State::Request(request) => match make(request, credentials, transport)? {
                    AuthStep::NeedsInput => return Ok(LoginStep::NeedsInput),
                    AuthStep::Accepted => {
                        let method = request.method();
                        return Ok(LoginStep::Done { method, user: credentials.user.clone() });
                    }
                    AuthStep::Partial(methods) => {
                        self.tried.push(describe(request, credentials, "accepted, not enough"));
                        self.offered = methods;
                        self.next_request(transport)?;
                    }
                    AuthStep::Refused(refusal) => {
                        let outcome = match &refusal {
                            Refusal::Denied => "refused",
                            Refusal::PasswordExpired => "password expired",
                            Refusal::Unusable(reason) => reason,
                        };
                        self.tried.push(describe(request, credentials, outcome));
                        self.next_request(transport)?;
                    }
                },
                State::Ended => return Err(TransportError::Ended.into()),
            }
        }
    }

    /// Goes on to the first request of the plan that the server offers the method for.
    fn next_request(&mut self, transport: &mut Transport) -> Result<(), LoginError> {
        let offered = &self.offered;
        let possible = |request: &Request| offered.iter().any(|method| method == request.method());
        match self.plan.iter().position(possible) {
            Some(place) => {
                let request = self.plan.remove(place);
                self.set_state(State::Request(request));
                Ok(())
            }
            None => {
                transport.disconnect("no more authentication methods");
                let (tried, offered) = (self.tried.clone(), self.offered.clone());
                Err(LoginError::AuthRefused { tried, offered })
            }
        }
    }

    fn set_state(&mut self, state: State) {
        trace!("ssh login: {:?} -> {state:?}", self.state);
        self.state = state;
    }
}

/// Makes a request, or goes on with it.
fn make(
    request: Request,
    credentials: &Credentials,
    transport: &mut Transport,
) -> Result<AuthStep, TransportError> {
    let user = &credentials.user;
    let password = credentials.password.as_ref().map_or("", |password| password.as_str());
    match request {
        Request::PublicKey(place) => match credentials.keys.get(place) {
            Some(key) => transport.auth_publickey(user, &key.private_pem),
            None => Ok(AuthStep::Refused(Refusal::Denied)),
        },
        Request::Password => transport.auth_password(user, password),
        Request::Keyboard => transport.auth_keyboard(user, password),
    }
}

/// A request and what became of it, for messages.
fn describe(request: Request, credentials: &Credentials, outcome: &str) -> String {
    match request {
        Request::PublicKey(place) => {
            let name = credentials.keys.get(place).map_or("", |key| &key.name);
            format!("publickey {name}: {outcome}")
        }
        request => format!("{}: {outcome}", request.method()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ssh::test_support::{Client, Sshd, user, with_keys};
    use crate::ssh::transport::TransportOptions;

    fn login(sshd: &Sshd, credentials: Credentials) -> Result<LoginStep, LoginError> {
        Client::connect(sshd.address, &TransportOptions::default()).login(credentials, Ok(()))
    }

    #[test]
    fn every_kind_of_key_logs_in() {
        let sshd = Sshd::start("");
        for name in ["ed25519", "ecdsa", "rsa", "rsa-pem"] {
            let expected = LoginStep::Done { method: "publickey", user: user() };
            assert_eq!(login(&sshd, with_keys(&[name])), Ok(expected), "{name}");
        }
    }

    #[test]
    fn every_kind_of_host_key_is_verified() {
        let sshd = Sshd::start("");
        for algorithms in ["ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512", "rsa-sha2-256"] {
            let options = TransportOptions {
                host_key_algorithms: Some(algorithms),
                ..TransportOptions::default()
            };
            let mut client = Client::connect(sshd.address, &options);
            let done = client.login(with_keys(&["ed25519"]), Ok(()));
            assert!(matches!(done, Ok(LoginStep::Done { .. })), "{algorithms}: {done:?}");
        }
    }

    #[test]
    fn keys_are_tried_in_order_until_one_fits() {
        let sshd = Sshd::start("");
        let mut credentials = with_keys(&["stranger", "stranger", "ecdsa"]);
        credentials.keys[1].private_pem = Zeroizing::new(b"no key at all".to_vec());
        assert!(matches!(login(&sshd, credentials), Ok(LoginStep::Done { .. })));
    }

    #[test]
    fn a_refusal_names_what_was_tried_and_what_the_server_offers() {
        let sshd = Sshd::start("");
        let mut credentials = with_keys(&["stranger", "ed25519"]);
        credentials.keys[1].private_pem = Zeroizing::new(b"no key at all".to_vec());
        credentials.methods.extend([AuthMethod::Password, AuthMethod::Keyboard]);
        credentials.password = Some(Zeroizing::new("secret".into()));
        let Err(LoginError::AuthRefused { tried, offered }) = login(&sshd, credentials) else {
            panic!("logged in");
        };
        assert_eq!(offered, ["publickey"]);
        assert_eq!(tried.len(), 2, "{tried:?}");
        assert_eq!(tried[0], "publickey stranger: refused");
        assert!(tried[1].starts_with("publickey ed25519: "), "{tried:?}");
        assert!(!tried[1].ends_with("refused"), "{tried:?}");
        sshd.wait_for_log("no more authentication methods");
    }

    #[test]
    fn a_wrong_password_is_refused() {
        let sshd = Sshd::start("PasswordAuthentication yes");
        let mut credentials = with_keys(&[]);
        credentials.methods = vec![AuthMethod::Keyboard, AuthMethod::Password];
        credentials.password = Some(Zeroizing::new("not the password".into()));
        let Err(LoginError::AuthRefused { tried, offered }) = login(&sshd, credentials) else {
            panic!("logged in");
        };
        assert_eq!(tried, ["password: refused"]);
        assert_eq!(offered, ["publickey", "password"]);
    }

    #[test]
    fn without_credentials_nothing_is_tried() {
        let sshd = Sshd::start("");
        let expected = LoginError::AuthRefused { tried: vec![], offered: vec!["publickey".into()] };
        assert_eq!(login(&sshd, with_keys(&[])), Err(expected));
    }

    #[test]
    fn a_server_that_wants_two_keys_gets_them() {
        let sshd = Sshd::start("AuthenticationMethods publickey,publickey");
        assert!(matches!(
            login(&sshd, with_keys(&["ed25519", "second"])),
            Ok(LoginStep::Done { .. })
        ));
        let Err(LoginError::AuthRefused { tried, .. }) = login(&sshd, with_keys(&["second"]))
        else {
            panic!("logged in");
        };
        assert_eq!(tried, ["publickey second: accepted, not enough"]);
    }

    #[test]
    fn a_refused_host_key_ends_the_login_before_anything_is_told() {
        let sshd = Sshd::start("");
        let mut client = Client::connect(sshd.address, &TransportOptions::default());
        let result = client.login(with_keys(&["ed25519"]), Err("not ours".into()));
        assert_eq!(result, Err(LoginError::HostKeyRefused("not ours".into())));
        sshd.wait_for_log("host key not accepted");
        assert!(!sshd.has_logged("userauth-request"), "the server was told the user");
        // The same words are in the log of a login that goes on.
        assert!(matches!(login(&sshd, with_keys(&["ed25519"])), Ok(LoginStep::Done { .. })));
        sshd.wait_for_log("userauth-request");
    }

    #[test]
    fn credentials_do_not_show_in_debug_output() {
        let mut credentials = with_keys(&["ed25519"]);
        credentials.password = Some(Zeroizing::new("secret".into()));
        let shown = format!("{credentials:?}");
        assert!(!shown.contains("secret") && !shown.contains("BEGIN"), "{shown}");
    }
}
