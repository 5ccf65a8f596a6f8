import Domain
import HTTPTypes
import Secrets

/// The bearer token of a request (RFC 6750, section 2.1).
///
/// *Throws* ``Refusal`` 401 when there is none.
func bearerToken(_ headers: HTTPFields) throws -> SecretText {
    let words = (headers[.authorization] ?? "").split(separator: " ", maxSplits: 1)
    guard words.count == 2, words[0].lowercased() == "bearer", !words[1].isEmpty, words[1].utf8.count <= 4096
    else {
        throw Refusal(.unauthorized, "a bearer token is needed")
    }
    return SecretText(String(words[1]))
}
