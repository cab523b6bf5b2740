//! What does not compile, with what the compiler says about it.

#[test]
fn labels_that_leak_or_have_no_end_do_not_compile() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/refused/*.rs");
    cases.pass("tests/accepted/*.rs");
}
