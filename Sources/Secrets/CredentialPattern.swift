/// The look of one kind of credential: a fixed beginning and a body of certain characters.
///
/// Made for few false alarms: a body needs many different characters, so placeholders such as `sk-xxxx` pass.
package struct CredentialPattern: Sendable {
    /// What people call it, such as "a GitHub token".
    package let name: String
    fileprivate let prefix: [UInt8]
    fileprivate let body: Body
    fileprivate let length: ClosedRange<Int>
    fileprivate let needsDigit: Bool

    fileprivate enum Body {
        case letters, upper, word, token
    }

    private init(name: String, prefix: String, body: Body, length: ClosedRange<Int>, needsDigit: Bool = true)
    {
        self.name = name
        self.prefix = Array(prefix.utf8)
        self.body = body
        self.length = length
        self.needsDigit = needsDigit
    }

    /// The known kinds, in the order in which they are tried at each place.
    package static let all: [CredentialPattern] =
        ["ghp_", "gho_", "ghu_", "ghs_", "ghr_"].map {
            CredentialPattern(name: "a GitHub token", prefix: $0, body: .letters, length: 36...255)
        } + [
            CredentialPattern(name: "a GitHub token", prefix: "github_pat_", body: .word, length: 40...255),
            CredentialPattern(name: "a GitLab token", prefix: "glpat-", body: .token, length: 20...255),
            CredentialPattern(name: "an Anthropic key", prefix: "sk-ant-", body: .token, length: 30...255),
            CredentialPattern(name: "an OpenAI-style key", prefix: "sk-", body: .token, length: 32...512),
            CredentialPattern(name: "an AWS access key", prefix: "AKIA", body: .upper, length: 16...16),
            CredentialPattern(name: "an AWS access key", prefix: "ASIA", body: .upper, length: 16...16),
            CredentialPattern(name: "a Google API key", prefix: "AIza", body: .token, length: 35...35),
            CredentialPattern(name: "a Stripe key", prefix: "sk_live_", body: .letters, length: 16...255),
            CredentialPattern(name: "a Stripe key", prefix: "rk_live_", body: .letters, length: 16...255),
            CredentialPattern(name: "an npm token", prefix: "npm_", body: .letters, length: 36...36),
            CredentialPattern(
                name: "a Hugging Face token",
                prefix: "hf_",
                body: .letters,
                length: 30...40,
                needsDigit: false
            ),
        ]
        + ["xoxa-", "xoxb-", "xoxp-", "xoxr-", "xoxs-", "xapp-"].map {
            CredentialPattern(name: "a Slack token", prefix: $0, body: .token, length: 20...255)
        } + [
            CredentialPattern(name: "a bearer token", prefix: "Bearer ", body: .token, length: 24...4096)
        ]

    fileprivate func matches(_ text: ArraySlice<UInt8>) -> Bool {
        guard text.starts(with: prefix) else { return false }
        let body = text.dropFirst(prefix.count).prefix { self.body.contains($0) }
        return length.contains(body.count) && Set(body).count >= 10
            && (!needsDigit || body.contains { isDigit($0) }) && !body.elementsEqual("IOSFODNN7EXAMPLE".utf8)
    }
}

extension CredentialPattern.Body {
    fileprivate func contains(_ byte: UInt8) -> Bool {
        switch self {
        case .letters: isDigit(byte) || isUpper(byte) || isLower(byte)
        case .upper: isDigit(byte) || isUpper(byte)
        case .word: isDigit(byte) || isUpper(byte) || isLower(byte) || byte == 95
        // Letters, digits, "-", "_", "." and "~", as in RFC 6750 without "+", "/" and "=".
        case .token: isTokenByte(byte)
        }
    }
}

/// What kind of credential a text contains, such as "a GitHub token"; nil when nothing looks like one.
///
/// *Shape*: the name of the first one found; the text itself is never part of it.
package func looksLikeCredential(_ text: String) -> String? {
    let bytes = Array(text.utf8)
    var previous: UInt8 = 32
    for (place, byte) in bytes.enumerated() {
        defer { previous = byte }
        let rest = bytes[place...]
        if byte == 45 && isPrivateKey(rest) { return "a private key" }
        // A token starts where a word starts: "task-…" holds no "sk-…". So no byte is looked at often,
        // either.
        let patterns = patternsByFirstByte[Int(byte)]
        let mayMatch = byte == 101 || !patterns.isEmpty
        guard mayMatch, !isTokenByte(previous) else { continue }
        if let pattern = patterns.first(where: { $0.matches(rest) }) { return pattern.name }
        if isWebToken(rest) { return "a JSON Web Token" }
    }
    return nil
}

private let patternsByFirstByte: [[CredentialPattern]] = (0..<256).map { byte in
    CredentialPattern.all.filter { $0.prefix.first == UInt8(byte) }
}

// "-----BEGIN … PRIVATE KEY" of PEM (RFC 7468), whatever the algorithm.
private func isPrivateKey(_ text: ArraySlice<UInt8>) -> Bool {
    let opening = "-----BEGIN "
    guard text.starts(with: opening.utf8) else { return false }
    let label = text.dropFirst(opening.utf8.count).prefix { isUpper($0) || isDigit($0) || $0 == 32 }.prefix(
        40
    )
    return String(decoding: label, as: UTF8.self).contains("PRIVATE KEY")
}

// Three parts of base64url, the first two of which are JSON objects ("eyJ" is `{"`); RFC 7519.
private func isWebToken(_ text: ArraySlice<UInt8>) -> Bool {
    guard text.starts(with: "eyJ".utf8) else { return false }
    let token = text.prefix(while: isTokenByte)
    let parts = token.split(separator: 46, omittingEmptySubsequences: false)
    return parts.count >= 3 && parts[1].starts(with: "eyJ".utf8) && parts[0].count >= 16
        && parts[1].count >= 8
        && parts[2].count >= 16
}

private func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, 65...90, 97...122, 45, 46, 95, 126: true
    default: false
    }
}

private func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
private func isUpper(_ byte: UInt8) -> Bool { (65...90).contains(byte) }
private func isLower(_ byte: UInt8) -> Bool { (97...122).contains(byte) }
