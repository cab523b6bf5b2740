//! What is taken out, and the marks that stand for it.

/// What a text or a field's value turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A password, a token, or what else has a secret's name.
    Secret,
    /// What somebody proves with who they are: a user and a password, or a bearer's token.
    Credentials,
    /// A key of a known form.
    Key,
    /// A JSON web token.
    Jwt,
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// The number of a payment card.
    Card,
    /// An international bank account number.
    Iban,
    /// What else is of a person, by its name: names, addresses, days of birth, numbers of documents.
    Personal,
}

impl Kind {
    const ALL: [Self; 9] = [
        Self::Secret,
        Self::Credentials,
        Self::Key,
        Self::Jwt,
        Self::Email,
        Self::Phone,
        Self::Card,
        Self::Iban,
        Self::Personal,
    ];

    /// What is written in its place.
    #[must_use]
    pub const fn mark(self) -> &'static str {
        match self {
            Self::Secret => "[secret]",
            Self::Credentials => "[credentials]",
            Self::Key => "[key]",
            Self::Jwt => "[jwt]",
            Self::Email => "[email]",
            Self::Phone => "[phone]",
            Self::Card => "[card]",
            Self::Iban => "[iban]",
            Self::Personal => "[personal]",
        }
    }

    /// Whether `text` is nothing but a mark.
    pub(super) fn is_mark(text: &[u8]) -> bool {
        text.first() == Some(&b'[') && Self::ALL.iter().any(|kind| kind.mark().as_bytes() == text)
    }
}
