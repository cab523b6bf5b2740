//! How brokers are talked to so that nobody else listens, and who the service is to them.
//!
//! It holds the variables that say so, and checks them before a client is made. It must not show a secret.

use std::fmt;

#[cfg(feature = "kafka-tls")]
use crate::config::CertificateFile;
use crate::config::{ConfigError, Lookup, Secret, Setting};

const SECURITY: &str = "MARTY_KAFKA_SECURITY";
const AUTHORITIES: &str = "MARTY_KAFKA_CA_FILE";
const CERTIFICATE: &str = "MARTY_KAFKA_CLIENT_CERTIFICATE_FILE";
const KEY: &str = "MARTY_KAFKA_CLIENT_KEY";
const MECHANISM: &str = "MARTY_KAFKA_SASL_MECHANISM";
const USERNAME: &str = "MARTY_KAFKA_USERNAME";
const PASSWORD: &str = "MARTY_KAFKA_PASSWORD";

/// What the client is told of it.
#[derive(Clone)]
pub(super) struct Security(Vec<(&'static str, Secret)>);

/// Whether there is TLS, and whether there are users.
#[derive(Clone, Copy)]
struct Protocol {
    tls: bool,
    sasl: bool,
}

impl Protocol {
    const fn kafka_s_name(self) -> &'static str {
        match (self.sasl, self.tls) {
            (false, false) => "plaintext",
            (false, true) => "ssl",
            (true, false) => "sasl_plaintext",
            (true, true) => "sasl_ssl",
        }
    }

    const fn name(self) -> &'static str {
        match (self.sasl, self.tls) {
            (false, true) => "tls",
            (true, true) => "sasl_tls",
            _ => self.kafka_s_name(),
        }
    }
}

/// By our words and by Kafka's own, in any case.
impl Setting for Protocol {
    #[cfg(feature = "kafka-tls")]
    const ACCEPTED: &'static str = "`plaintext`, `tls`, `sasl_plaintext` or `sasl_tls`";
    #[cfg(not(feature = "kafka-tls"))]
    const ACCEPTED: &'static str = "`plaintext` or `sasl_plaintext`; for `tls` and `sasl_tls` the service has to be built with the feature `kafka-tls`";

    fn parse(text: &str) -> Option<Self> {
        let (sasl, tls) = match text.to_ascii_lowercase().as_str() {
            "plaintext" => (false, false),
            "tls" | "ssl" => (false, true),
            "sasl_plaintext" => (true, false),
            "sasl_tls" | "sasl_ssl" => (true, true),
            _ => return None,
        };
        let built_in = !tls || cfg!(feature = "kafka-tls");
        built_in.then_some(Self { tls, sasl })
    }

    fn text(&self) -> Option<String> {
        Some(self.name().to_owned())
    }
}

/// How a user says who it is.
struct Mechanism(&'static str);

/// Those that the client has built in.
#[cfg(feature = "kafka-tls")]
const MECHANISMS: &[&str] = &["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"];
#[cfg(not(feature = "kafka-tls"))]
const MECHANISMS: &[&str] = &["PLAIN"];

impl Setting for Mechanism {
    #[cfg(feature = "kafka-tls")]
    const ACCEPTED: &'static str = "`PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`";
    #[cfg(not(feature = "kafka-tls"))]
    const ACCEPTED: &'static str = "`PLAIN`; for `SCRAM-SHA-256` and `SCRAM-SHA-512` the service has to be built with the feature `kafka-tls`";

    fn parse(text: &str) -> Option<Self> {
        let mut known = MECHANISMS.iter();
        let known = known.find(|known| known.eq_ignore_ascii_case(text));
        known.map(|known| Self(known))
    }
}

impl Security {
    /// Whoever listens hears, and nobody is asked who it is.
    pub(super) const fn none() -> Self {
        Self(Vec::new())
    }

    pub(super) fn from_lookup(lookup: &Lookup) -> Result<Self, ConfigError> {
        let plain = Protocol {
            tls: false,
            sasl: false,
        };
        let protocol = lookup.parse(SECURITY, plain)?;
        let mut told = vec![("security.protocol", Secret::new(protocol.kafka_s_name()))];
        if protocol.tls {
            #[cfg(feature = "kafka-tls")]
            told.extend(tls(lookup)?);
        } else {
            for variable in [AUTHORITIES, CERTIFICATE] {
                left_out::<String>(lookup, variable, "`tls` or `sasl_tls`")?;
            }
            left_out::<Secret>(lookup, KEY, "`tls` or `sasl_tls`")?;
        }
        if protocol.sasl {
            told.extend(user(lookup, protocol)?);
        } else {
            for variable in [MECHANISM, USERNAME] {
                left_out::<String>(lookup, variable, "`sasl_plaintext` or `sasl_tls`")?;
            }
            left_out::<Secret>(lookup, PASSWORD, "`sasl_plaintext` or `sasl_tls`")?;
        }
        Ok(Self(told))
    }

    pub(super) fn properties(&self) -> impl Iterator<Item = (&str, &str)> {
        let told = self.0.iter();
        told.map(|(property, value)| (*property, value.expose()))
    }
}

/// Whom the client trusts, and its own certificate if it has one.
#[cfg(feature = "kafka-tls")]
fn tls(lookup: &Lookup) -> Result<Vec<(&'static str, Secret)>, ConfigError> {
    let authorities: Option<CertificateFile> = lookup.parse_optional(AUTHORITIES)?;
    let mut told = vec![match authorities {
        Some(file) => ("ssl.ca.pem", Secret::new(file.pem())),
        // Where systems have them: what the library was built with may be another system's place.
        None => ("ssl.ca.location", Secret::new("probe")),
    }];
    let certificate: Option<CertificateFile> = lookup.parse_optional(CERTIFICATE)?;
    let key: Option<Secret> = lookup.parse_optional(KEY)?;
    match (certificate, key) {
        (Some(certificate), Some(key)) => {
            told.push(("ssl.certificate.pem", Secret::new(certificate.pem())));
            told.push(("ssl.key.pem", key));
        }
        (None, None) => {}
        (Some(_), None) => {
            let accepted = format!("the key in PEM, since there is `{CERTIFICATE}`");
            return Err(ConfigError::new(KEY, "", accepted));
        }
        (None, Some(_)) => {
            let accepted = format!("the path of a certificate in PEM, since there is `{KEY}`");
            return Err(ConfigError::new(CERTIFICATE, "", accepted));
        }
    }
    Ok(told)
}

/// Who the service is.
fn user(lookup: &Lookup, protocol: Protocol) -> Result<[(&'static str, Secret); 3], ConfigError> {
    let missing = |variable, what| {
        let accepted = format!("{what}, since `{SECURITY}` is `{}`", protocol.name());
        ConfigError::new(variable, "", accepted)
    };
    let mechanism: Option<Mechanism> = lookup.parse_optional(MECHANISM)?;
    let mechanism = mechanism.ok_or_else(|| missing(MECHANISM, Mechanism::ACCEPTED))?;
    let name: Option<String> = lookup.parse_optional(USERNAME)?;
    let name = name.ok_or_else(|| missing(USERNAME, "the name of a user"))?;
    let password: Option<Secret> = lookup.parse_optional(PASSWORD)?;
    let password = password.ok_or_else(|| missing(PASSWORD, "the password of the user"))?;
    Ok([
        ("sasl.mechanism", Secret::new(mechanism.0)),
        ("sasl.username", Secret::new(name)),
        ("sasl.password", password),
    ])
}

/// Refuses a variable that would be of no use: whoever set it believes that it is.
fn left_out<T: Setting>(
    lookup: &Lookup,
    variable: &'static str,
    protocols: &str,
) -> Result<(), ConfigError> {
    let Some(value) = lookup.parse_optional::<T>(variable)? else {
        return Ok(());
    };
    // A secret is set without being told.
    let value = value.text().unwrap_or_else(|| "***".to_owned());
    let accepted = format!("left out, or `{SECURITY}` has to be {protocols}");
    Err(ConfigError::new(variable, &value, accepted))
}

/// Names only.
impl fmt::Debug for Security {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|(property, _)| property);
        formatter.debug_list().entries(names).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &'static [(&str, &str)]) -> Result<Security, ConfigError> {
        let known = move |name: &str| {
            let known = variables.iter().find(|(known, _)| *known == name);
            known.map(|(_, value)| (*value).to_owned())
        };
        Security::from_lookup(&Lookup::new(known))
    }

    #[track_caller]
    fn refuses(variables: &'static [(&str, &str)], expected: &str) {
        let message = read(variables).unwrap_err().to_string();
        assert_eq!(message, expected);
    }

    #[test]
    fn without_a_word_there_is_none() {
        let security = read(&[]).unwrap();
        let told: Vec<_> = security.properties().collect();
        assert_eq!(told, [("security.protocol", "plaintext")]);
    }

    #[test]
    fn a_user_is_told_to_the_client_and_its_password_to_nobody_else() {
        let security = read(&[
            (SECURITY, "SASL_PLAINTEXT"),
            (MECHANISM, "plain"),
            (USERNAME, "ada"),
            (PASSWORD, "hunter2"),
        ])
        .unwrap();
        let told: Vec<_> = security.properties().collect();
        let expected = [
            ("security.protocol", "sasl_plaintext"),
            ("sasl.mechanism", "PLAIN"),
            ("sasl.username", "ada"),
            ("sasl.password", "hunter2"),
        ];
        assert_eq!(told, expected);
        let shown = format!("{security:?}");
        assert!(
            shown.contains("sasl.password") && !shown.contains("hunter2"),
            "{shown}"
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        refuses(
            &[(SECURITY, "sasl_plaintext"), (MECHANISM, "PLAIN")],
            "`MARTY_KAFKA_USERNAME` is not set, but has to be the name of a user, since `MARTY_KAFKA_SECURITY` is `sasl_plaintext`",
        );
        refuses(
            &[
                (SECURITY, "sasl_plaintext"),
                (MECHANISM, "PLAIN"),
                (USERNAME, "ada"),
            ],
            "`MARTY_KAFKA_PASSWORD` is not set, but has to be the password of the user, since `MARTY_KAFKA_SECURITY` is `sasl_plaintext`",
        );
    }

    #[test]
    fn what_would_be_of_no_use_is_refused() {
        refuses(
            &[(PASSWORD, "hunter2")],
            "`MARTY_KAFKA_PASSWORD` is \"***\", but has to be left out, or `MARTY_KAFKA_SECURITY` has to be `sasl_plaintext` or `sasl_tls`",
        );
        refuses(
            &[(AUTHORITIES, "/ca.pem")],
            "`MARTY_KAFKA_CA_FILE` is \"/ca.pem\", but has to be left out, or `MARTY_KAFKA_SECURITY` has to be `tls` or `sasl_tls`",
        );
    }

    #[cfg(not(feature = "kafka-tls"))]
    #[test]
    fn what_is_not_built_in_says_how_it_is() {
        refuses(
            &[(SECURITY, "tls")],
            "`MARTY_KAFKA_SECURITY` is \"tls\", but has to be `plaintext` or `sasl_plaintext`; for `tls` and `sasl_tls` the service has to be built with the feature `kafka-tls`",
        );
        let message = read(&[(SECURITY, "sasl_plaintext"), (MECHANISM, "SCRAM-SHA-256")]);
        let message = message.unwrap_err().to_string();
        assert!(message.ends_with("`kafka-tls`"), "{message}");
    }

    #[cfg(feature = "kafka-tls")]
    #[test]
    fn what_is_none_is_refused_with_those_that_there_are() {
        refuses(
            &[(SECURITY, "yes")],
            "`MARTY_KAFKA_SECURITY` is \"yes\", but has to be `plaintext`, `tls`, `sasl_plaintext` or `sasl_tls`",
        );
        refuses(
            &[(SECURITY, "sasl_tls"), (MECHANISM, "GSSAPI")],
            "`MARTY_KAFKA_SASL_MECHANISM` is \"GSSAPI\", but has to be `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`",
        );
        refuses(
            &[(SECURITY, "tls"), (AUTHORITIES, "/nowhere")],
            "`MARTY_KAFKA_CA_FILE` is \"/nowhere\", but has to be the path of a file with certificates in PEM that can be read",
        );
        refuses(
            &[(SECURITY, "tls"), (KEY, "hunter2")],
            "`MARTY_KAFKA_CLIENT_CERTIFICATE_FILE` is not set, but has to be the path of a certificate in PEM, since there is `MARTY_KAFKA_CLIENT_KEY`",
        );
    }
}
