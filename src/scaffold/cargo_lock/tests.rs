use super::{CargoLock, fetched};

const SHIPPED: &str = "version = 4\n
[[package]]\nname = \"a\"\nversion = \"1.2.0\"\nsource = \"registry\"\nchecksum = \"01\"\ndependencies = [\n \"b 0.2.1\",\n]\n
[[package]]\nname = \"b\"\nversion = \"0.2.1\"\nsource = \"registry\"\nchecksum = \"02\"\n
[[package]]\nname = \"b\"\nversion = \"0.3.0\"\nsource = \"registry\"\nchecksum = \"03\"\n
[[package]]\nname = \"user-service\"\nversion = \"0.1.0\"\ndependencies = [\n \"a\",\n \"b 0.3.0\",\n]\n";

fn shipped() -> CargoLock {
    CargoLock::parse(SHIPPED).unwrap()
}

#[test]
fn a_lock_is_written_as_cargo_writes_it() {
    let text = shipped().to_text();
    assert_eq!(text.replace(super::HEADER, ""), SHIPPED);
}

#[test]
fn what_is_fetched_has_a_source() {
    let fetched: Vec<&str> = fetched(SHIPPED).collect();
    assert_eq!(fetched, ["a", "b", "b"]);
}

#[test]
fn the_service_takes_its_name_and_its_place() {
    let text = shipped().renamed("aa").to_text();
    assert!(!text.contains("user-service"));
    assert!(text.find("\"aa\"").unwrap() < text.find("name = \"b\"").unwrap());
}

#[test]
fn a_second_service_changes_nothing_else() {
    let one = shipped().renamed("one");
    let two = one.with_service(&shipped(), "two");
    let added = "\n[[package]]\nname = \"two\"\nversion = \"0.1.0\"\ndependencies = [\n \"a\",\n \"b 0.3.0\",\n]\n";
    assert_eq!(two.to_text(), format!("{}{added}", one.to_text()));
}

#[test]
fn a_package_gets_what_more_of_its_features_need() {
    let own = SHIPPED.replace("dependencies = [\n \"b 0.2.1\",\n]\n", "").replace(
        "\n[[package]]\nname = \"b\"\nversion = \"0.2.1\"\nsource = \"registry\"\nchecksum = \"02\"\n",
        "",
    );
    let own = CargoLock::parse(&own.replace("b 0.3.0", "b")).unwrap();
    let text = own.with_service(&shipped(), "user-service").to_text();
    assert_eq!(text, shipped().to_text());
}

#[test]
fn versions_are_in_the_order_of_their_numbers() {
    let text = "version = 4\n
[[package]]\nname = \"a\"\nversion = \"0.4.15\"\nsource = \"r\"\n
[[package]]\nname = \"a\"\nversion = \"0.12.1\"\nsource = \"r\"\ndependencies = [\n \"b 0.9.0\",\n \"b 0.10.0\",\n]\n
[[package]]\nname = \"b\"\nversion = \"0.9.0\"\nsource = \"r\"\n
[[package]]\nname = \"b\"\nversion = \"0.10.0\"\nsource = \"r\"\n";
    let written = CargoLock::parse(text).unwrap().to_text();
    assert_eq!(written.replace(super::HEADER, ""), text);
}

#[test]
fn a_compatible_version_serves_and_a_missing_one_is_added() {
    let own = "version = 4\n
[[package]]\nname = \"a\"\nversion = \"1.9.0\"\nsource = \"registry\"\nchecksum = \"09\"\n
[[package]]\nname = \"b\"\nversion = \"0.2.7\"\nsource = \"registry\"\nchecksum = \"07\"\n
[[package]]\nname = \"own\"\nversion = \"0.1.0\"\ndependencies = [\n \"b\",\n]\n";
    let text = CargoLock::parse(own)
        .unwrap()
        .with_service(&shipped(), "two")
        .to_text();
    let expected = own
        .replace(
            "checksum = \"07\"\n",
            "checksum = \"07\"\n\n[[package]]\nname = \"b\"\nversion = \"0.3.0\"\nsource = \"registry\"\nchecksum = \"03\"\n",
        )
        .replace(" \"b\",", " \"b 0.2.7\",");
    let two = "\n[[package]]\nname = \"two\"\nversion = \"0.1.0\"\ndependencies = [\n \"a\",\n \"b 0.3.0\",\n]\n";
    assert_eq!(text.replace(super::HEADER, ""), format!("{expected}{two}"));
}

#[test]
fn a_dependency_that_is_not_there_is_named() {
    let text =
        "version = 4\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\ndependencies = [\"b\"]\n";
    let error = CargoLock::parse(text).unwrap_err();
    assert_eq!(error.to_string(), "`a` depends on `b`, which is not in it");
}

#[test]
fn a_lock_that_is_not_understood_is_refused() {
    let twice = "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n".repeat(2);
    for text in [
        "version = 4\n[[patch.unused]]\nname = \"a\"\nversion = \"1.0.0\"\n",
        "[metadata]\na = \"b\"\n",
        &format!("version = 4\n{twice}"),
    ] {
        assert!(CargoLock::parse(text).is_err(), "{text}");
    }
}

#[test]
fn of_several_compatible_versions_the_newest_serves() {
    let own = "version = 4\n
[[package]]\nname = \"a\"\nversion = \"1.10.0\"\nsource = \"r\"\n
[[package]]\nname = \"a\"\nversion = \"1.9.0\"\nsource = \"r\"\n
[[package]]\nname = \"b\"\nversion = \"0.3.1\"\nsource = \"r\"\n";
    let text = CargoLock::parse(own)
        .unwrap()
        .with_service(&shipped(), "two")
        .to_text();
    assert!(text.ends_with(" \"a 1.10.0\",\n \"b\",\n]\n"), "{text}");
}
