//! Which pages a browser lets call a service by gRPC-Web.

use super::Setting;

/// Which pages a browser lets call from another origin than the service's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origins {
    /// None.
    #[default]
    None,
    /// Those of these origins, such as `https://shop.example`.
    These(Vec<String>),
    /// Any.
    Any,
}

impl Setting for Origins {
    const ACCEPTED: &'static str =
        "`*`, or origins such as `https://shop.example`, with commas between them";

    fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Any);
        }
        let origins = text.split(',').map(str::trim);
        let origins = origins.map(|origin| is_origin(origin).then(|| origin.to_owned()));
        origins.collect::<Option<_>>().map(Self::These)
    }
}

/// Whether a browser would send this as an origin: a scheme and a host in lower case, perhaps a port, and nothing more.
fn is_origin(text: &str) -> bool {
    let Some((scheme, host)) = text.split_once("://") else {
        return false;
    };
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !byte.is_ascii_uppercase();
    matches!(scheme, "http" | "https")
        && !host.is_empty()
        && host.bytes().all(is_plain)
        && !host.contains(['/', '?', '#', '@', '*', '\\'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_origins_as_browsers_send_them() {
        assert_eq!(Origins::parse("*"), Some(Origins::Any));
        let two = ["https://shop.example", "http://localhost:3000"];
        assert_eq!(
            Origins::parse("https://shop.example, http://localhost:3000"),
            Some(Origins::These(two.map(str::to_owned).to_vec()))
        );
    }

    #[test]
    fn refuses_what_no_browser_sends() {
        for text in [
            "shop.example",
            "https://shop.example/",
            "https://Shop.example",
            "https://*.example",
            "ftp://shop.example",
            "https://",
            "https://a,,https://b",
            "https://a b",
        ] {
            assert_eq!(Origins::parse(text), None, "{text}");
        }
    }
}
