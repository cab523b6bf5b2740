//! The variables that OpenTelemetry defines for what ours mean, too. They go before ours: whoever
//! sets them sets them for every process alike, and expects each to follow, whatever it calls them itself.

/// The variable whose value is a list of attributes.
pub(super) const RESOURCE_ATTRIBUTES: &str = "OTEL_RESOURCE_ATTRIBUTES";

/// Where else a value may be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Alias {
    /// In a variable of its own.
    Variable(&'static str),
    /// In an attribute among those of [`RESOURCE_ATTRIBUTES`].
    Attribute(&'static str),
}

/// By the names of our variables.
const ALIASES: &[(&str, Alias)] = &[
    ("MARTY_SERVICE_NAME", Alias::Variable("OTEL_SERVICE_NAME")),
    ("MARTY_SERVICE_NAME", Alias::Attribute("service.name")),
    (
        "MARTY_ENVIRONMENT",
        Alias::Attribute("deployment.environment.name"),
    ),
    ("MARTY_INSTANCE_ID", Alias::Attribute("service.instance.id")),
    (
        "MARTY_RESOURCE_ATTRIBUTES",
        Alias::Variable(RESOURCE_ATTRIBUTES),
    ),
];

/// Where the value of `variable` may be, too: the first that has one is it.
pub(super) fn of(variable: &str) -> impl Iterator<Item = Alias> {
    let found = ALIASES.iter().filter(move |(name, _)| *name == variable);
    found.map(|(_, alias)| *alias)
}
