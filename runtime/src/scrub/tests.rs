use proptest::prelude::*;

use super::*;

#[track_caller]
fn check(input: &str, expected: &str) {
    assert_eq!(text(input), expected, "{input}");
    assert_eq!(text(expected), expected, "not idempotent");
}

#[test]
fn what_is_known_by_its_form_is_marked() {
    check("mail ada@example.com now", "mail [email] now");
    check("mail o'brien+tag@mail.example.co.uk.", "mail [email].");
    check("/users/ada%40example.com/orders", "/users/[email]/orders");
    check("call +49 151 2345678 now", "call [phone] now");
    check("/x/%2B49%20151%202345678?q=%20y", "/x/[phone]?q=%20y");
    check("?q=4111+1111+1111+1111&n=1", "?q=[card]&n=1");
    check("/x%204111111111111111", "/x%20[card]");
    check("?q=%28555%29+234-4567", "?q=[phone]");
    check("DE89%203704%200044%200532%200130%2000", "[iban]");
    check(
        "call (555) 234-4567, or 555-234-4567",
        "call [phone], or [phone]",
    );
    check("0151 2345678 und 030/1234567", "[phone] und [phone]");
    check("01 23 45 67 89", "[phone]");
    check("Tel.: 1512345678", "Tel.: [phone]");
    check("paid by 4111 1111 1111 1111 12/27", "paid by [card] 12/27");
    check("5500-0000-0000-0004", "[card]");
    check("378282246310005", "[card]");
    check("to DE89 3704 0044 0532 0130 00 today", "to [iban] today");
    check("GB82WEST12345698765432", "[iban]");
    check(
        "got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl!",
        "got [jwt]!",
    );
    check("Bearer abc123def456", "Bearer [credentials]");
    check("Basic YWRhOmh1bnRlcjI=", "Basic [credentials]");
    check(
        "postgres://ada:hunter2@db:5432/x",
        "postgres://[credentials]@db:5432/x",
    );
    check(
        "postgres://ada:hun/ter2@db:5432/x",
        "postgres://[credentials]@db:5432/x",
    );
    check("AKIAIOSFODNN7EXAMPLE", "[key]");
    check("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "[key]");
    check(
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nrest",
        "[key]\nrest",
    );
}

#[test]
fn what_is_known_by_its_name_is_marked() {
    check(
        "password1=hunter2 Passwords: [\"a\"]",
        "password1=[secret] Passwords: [secret]",
    );
    check("password=hunter2 user=17", "password=[secret] user=17");
    check(
        "password: hunter2, user: 17",
        "password: [secret], user: 17",
    );
    check(
        "db_password = \"hun\\\"ter2\"!",
        "db_password = \"[secret]\"!",
    );
    check(
        r#"{"apiKey":"abc","n":1}"#,
        r#"{"apiKey":"[secret]","n":1}"#,
    );
    check(
        r#""{\"password\":\"hun\\\"ter2\",\"n\":1}""#,
        r#""{\"password\":\"[secret]\",\"n\":1}""#,
    );
    check(
        "Login { password: Some(\"hunter2\"), n: 1 }",
        "Login { password: [secret], n: 1 }",
    );
    check("password: None", "password: None");
    check("?token=abc&page=2", "?token=[secret]&page=2");
    check(
        "Authorization: Bearer abc user",
        "Authorization: [secret] user",
    );
    check("Cookie: a=b; c=d\nHost: x", "Cookie: [secret]\nHost: x");
    check(
        "<password>hunter2</password>",
        "<password>[secret]</password>",
    );
    check(
        "[(\"password\", \"hunter2\")]",
        "[(\"password\", \"[secret]\")]",
    );
    check("run --password hunter2 now", "run --password [secret] now");
    check("phone=0151 2345678 next", "phone=[phone] next");
    check(
        "User { first_name: \"Ada\" }",
        "User { first_name: \"[personal]\" }",
    );
}

/// Lines as services write them, with nothing in them that is anybody's.
const CLEAN: [&str; 60] = [
    "",
    "request answered",
    "order 0198c5c4-8f3a-7bbb-9d6e-0f1e2d3c4b5a stored",
    "id=41111111-1111-1111-1111-111111111111 done",
    "2026-11-25T08:24:35.123456Z INFO started",
    "2026-11-25 08:24:35 +0100 done",
    "01.02.2026 10:00:00 report",
    "25/11/2026 08:24",
    "at 1764059075123 ms, 1764059075123456 us, 1764059075123456789 ns",
    "took 1.234567ms after 12s, in all 0.000001234567 s",
    "v1.2.3-rc.1+build.20261125 and serde@1.0.228",
    "trace_id=4bf92f3577b34da6a3ce929d0e0e4736 span_id=00f067aa0ba902b7",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "sha 59807616e1fa2540724bfbac14d7976d7e4a3860 built",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "listening on 127.0.0.1:8081 and [::1]:9081",
    "from 192.168.100.200:54321 to 10.0.0.1",
    "2001:db8:85a3::8a2e:370:7334 left",
    "https://example.com/users/17?page=2&size=50#top",
    "http://localhost:9081/metrics",
    "postgres://db:5432/users",
    "price 1,234,567.89 EUR, 12.50 each",
    "ISBN 978-3-16-148410-0 and 0-306-40615-2",
    "EAN 4006381333931",
    "/usr/local/lib/python3.12/site-packages/numpy/core",
    "src/HttpServer/handlers/UserController.rs:17:5",
    "runtime/src/metric/registry/mod.rs:120: not found",
    "unexpected token: `}` at line 3 column 14",
    "invalid token: expired",
    "authorization: denied for role reader",
    "token_count=1500 max_token_length: 20",
    "password_length=12 secrets_found: 0",
    "bearer token missing",
    "Bearer authentication is required",
    "Basic authentication failed",
    "basic validation of 12 fields",
    "key=value&page=2",
    "partition_key=17 primary key: 4",
    "cookie: missing",
    "session: closed",
    "Some(17) None Ok(()) [1, 2, 3] {\"a\": 1}",
    "error: invalid type: string \"seven\", expected u8 at line 1 column 7",
    "called `Result::unwrap()` on an `Err` value: Os { code: 2, kind: NotFound }",
    "thread 'main' (7825) panicked at src/main.rs:52:5:",
    "GET /users/{id} 200 512 1234",
    "memory 0x00007f3c4a5b6c7d of 0xdeadbeef",
    "phone: None, email: null, password: \"\"",
    "email_sent=true phone_verified: false",
    "user 17 of 1000, 3 of 4: 75 %",
    "snowflake 1860912345678901234 queued",
    "offset 123456789012 of partition 7",
    "MAC 00:1b:44:11:3a:b7",
    "range 100-200 of 300-400",
    "size 16777216 bytes, 4096 blocks",
    "cpu 12.5 % load 0.83 0.71 1.39",
    "größe: 17 µs, naïve → 東京",
    "job 20261125-0824-001 finished",
    "module::path::token::Parser failed",
    "a == b, c != d, e <= f, token == x",
    "{\"level\":\"info\",\"port\":8081,\"ratio\":0.25}",
];

#[test]
fn what_is_of_nobody_stays() {
    for line in CLEAN {
        assert!(
            matches!(text(line), Cow::Borrowed(_)),
            "{line} became {}",
            text(line)
        );
    }
}

/// Pieces that look like something, that stop just short of it, and that put others together.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-zA-Z0-9 @:=+(),.%/\\\\\"'\\[\\]{}<>&?;_-]{0,8}",
        "[0-9]{1,6}",
        prop::sample::select(vec![
            "password",
            "token",
            "Cookie",
            "Authorization",
            "Bearer ",
            "Basic ",
            "eyJ",
            "AKIA",
            "://",
            "@",
            "%40",
            "%3D",
            "-----BEGIN PRIVATE KEY-----",
            "-----END ",
            "--",
            "DE89",
            "[email]",
            "[secret]",
            "[card]",
            "+49",
            "(0",
            "Some(",
            "\n",
            " ",
            "=",
            ": ",
            "\"",
            "\\\"",
            "phone",
            "iban",
            "first_name",
            "4111 1111 1111 1111",
            "a@b.cd",
            "é",
            "東",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn any_text_is_gone_through_once(input in pieces()) {
        let scrubbed = text(&input).into_owned();
        prop_assert_eq!(text(&scrubbed), scrubbed.as_str(), "{:?}", input);
    }

    #[test]
    fn any_name_is_looked_at(name in any::<String>(), value in any::<u64>()) {
        let _ = (of_field(&name), of_number(&name, value), field(&name, &name));
    }

    #[test]
    fn text_without_signs_and_digits_stays(input in "[ a-zäöü]{0,80}") {
        prop_assert!(matches!(text(&input), Cow::Borrowed(_)));
    }
}
