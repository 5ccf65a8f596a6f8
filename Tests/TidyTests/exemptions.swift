/// Every place that may break a rule, with a sentence saying why.
///
/// An exemption that is not needed any more fails the tests, too.
let exemptions: [Exemption] = [
    Exemption(
        rule: .uncheckedSafety,
        path: "Sources/Secrets/SecretText.swift",
        count: 1,
        reason: "The bytes are written before anybody else sees them and wiped when nobody does any more."
    ),
    Exemption(
        rule: .uncheckedSafety,
        path: "Sources/Store/Postgres/PostgresHandle.swift",
        count: 1,
        reason:
            "libpq documents PQcancel as callable from any thread; the pointer is freed with its last owner."
    ),
    Exemption(
        rule: .uncheckedSafety,
        path: "Sources/Outbound/Driver.swift",
        count: 1,
        reason: "curl_multi_wakeup is the one call made from other threads, and libcurl allows that one."
    ),
    Exemption(
        rule: .uncheckedSafety,
        path: "Sources/Outbound/Transfer.swift",
        count: 1,
        reason: "The handle is touched by the driver's thread alone; everything shared is behind a mutex."
    ),
]
