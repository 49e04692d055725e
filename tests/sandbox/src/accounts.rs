//! The accounts that a sandbox starts with.

/// An account of the sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// The address to log in with.
    pub email: &'static str,
    /// The password.
    pub password: &'static str,
    /// The one-time code of the second factor; it never changes. Empty for accounts without one.
    pub code: &'static str,
}

/// The account that every sandbox has.
pub(crate) const ADMIN: Account =
    Account { email: "admin@sandbox.example", password: "sandbox-password", code: "" };

/// An account with a second factor: its login needs `token2fa`.
pub const TWO_FACTOR: Account =
    Account { email: "two-factor@sandbox.example", password: "second-factor-1", code: "123456" };

/// An account of an identity provider: its login answers with the provider instead of a token, whatever the password.
pub const SSO: Account = Account { email: "sso@sandbox.example", password: "unused-here", code: "" };
