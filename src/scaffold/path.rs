//! From a template's path to the path of the file it makes.

/// The segment that stands for the service's name.
const SERVICE: &str = "__service__";

/// The segment that stands for the name of its crate, which languages with identifiers can say.
const CRATE: &str = "__crate__";

/// How a segment begins whose file begins with a dot; a template may not, because git and cargo
/// would act on it.
const DOT: &str = "dot_";

/// The ending of templates with placeholders.
const RENDERED: &str = ".hbs";

/// Where a template's file goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Destination {
    /// The path relative to the project's root.
    pub(super) path: String,
    /// Whether placeholders are filled in.
    pub(super) rendered: bool,
}

/// The destination of the template at `path` for a service called `service`.
pub(super) fn destination(path: &str, service: &str) -> Destination {
    let (path, rendered) = match path.strip_suffix(RENDERED) {
        Some(path) => (path, true),
        None => (path, false),
    };
    let segments: Vec<String> = path
        .split('/')
        .map(|segment| name(segment, service))
        .collect();
    Destination {
        path: segments.join("/"),
        rendered,
    }
}

fn name(segment: &str, service: &str) -> String {
    let segment = segment.replace(SERVICE, service);
    let segment = segment.replace(CRATE, &service.replace('-', "_"));
    match segment.strip_prefix(DOT) {
        Some(rest) => format!(".{rest}"),
        None => segment,
    }
}

#[cfg(test)]
mod tests {
    use super::{Destination, destination};

    #[track_caller]
    fn check(template: &str, path: &str, rendered: bool) {
        let expected = Destination {
            path: path.to_owned(),
            rendered,
        };
        assert_eq!(destination(template, "user-service"), expected);
    }

    #[test]
    fn the_service_dots_and_the_ending_are_filled_in() {
        check(
            "services/__service__/src/main.rs.hbs",
            "services/user-service/src/main.rs",
            true,
        );
        check(
            "proto/__crate__/v1/a.proto.hbs",
            "proto/user_service/v1/a.proto",
            true,
        );
        check(
            "targets/__service__.json.hbs",
            "targets/user-service.json",
            true,
        );
        check(
            "dot_github/workflows/ci.yml",
            ".github/workflows/ci.yml",
            false,
        );
        check("dot_gitignore", ".gitignore", false);
        check("Cargo.toml.hbs", "Cargo.toml", true);
    }
}
