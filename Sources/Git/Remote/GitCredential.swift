package import Domain
package import Secrets

/// What a remote is shown so that it serves a private repository.
package enum GitCredential: Sendable, Equatable {
    /// A user and a password or token, for HTTP.
    case password(user: String, SecretText)
    /// A private key that needs no passphrase, and the lines of known_hosts(5) that say whom it is shown to.
    case key(SecretText, knownHosts: String)

    /// Bytes that a secret may have.
    package static let largestSecret = 64 << 10

    /// Reads a secret as the transport of a URL needs it.
    ///
    /// For https it is a token, or `user:password`; for ssh a private key as a PEM block, and beside the
    /// block the lines of known_hosts.
    /// - Throws: `Failure.invalid` with the reason `secret_invalid`, whose message repeats nothing of it.
    package init(_ secret: SecretText, for url: RemoteURL) throws(Failure) {
        guard secret.count <= Self.largestSecret else {
            throw invalid("it has more than \(Self.largestSecret >> 10) KiB")
        }
        let lines = secret.reveal().split(whereSeparator: \.isNewline).map { $0.trimmed }
            .filter { !$0.isEmpty }
        switch url.transport {
        case .ssh: self = try Self.key(in: lines)
        case .https: self = try Self.password(in: lines)
        case .http:
            // Whoever is on the way would read it. On this machine nobody is.
            guard url.isLoopback else {
                throw invalid("it would travel unprotected over http; use an https URL")
            }
            self = try Self.password(in: lines)
        case .git, .local: throw invalid("\(url) takes no credentials; use an https or ssh URL")
        }
    }

    /// The user named before the password; any name does where a token says who it is.
    private static func password(in lines: [Substring]) throws(Failure) -> GitCredential {
        guard let line = lines.first, lines.count == 1 else {
            throw invalid("for an https URL it must be one line: a token, or user:password")
        }
        guard line.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
            throw invalid("it must not hold control characters")
        }
        guard let colon = line.firstIndex(of: ":") else {
            return .password(user: "git", SecretText(line.utf8))
        }
        return .password(user: String(line[..<colon]), SecretText(line[line.index(after: colon)...].utf8))
    }

    private static func key(in lines: [Substring]) throws(Failure) -> GitCredential {
        guard let begin = lines.firstIndex(where: { $0.hasPrefix("-----BEGIN ") }),
            let end = lines[begin...].firstIndex(where: { $0.hasPrefix("-----END ") }),
            lines[begin].hasSuffix(" PRIVATE KEY-----")
        else { throw invalid("for an ssh URL it must hold a private key, -----BEGIN … PRIVATE KEY-----") }
        let hosts = (lines[..<begin] + lines[(end + 1)...]).filter { !$0.hasPrefix("#") }
        guard !hosts.isEmpty else {
            throw invalid(
                "beside the private key it must hold the lines of known_hosts for the host, as ssh-keyscan "
                    + "prints them"
            )
        }
        // What the SSH library would take for the name of a host means something else to ssh(1).
        guard !hosts.contains(where: { $0.hasPrefix("@") }) else {
            throw invalid(
                "@cert-authority and @revoked in its known_hosts cannot be honoured; leave them out"
            )
        }
        let key = lines[begin...end].joined(separator: "\n") + "\n"
        return .key(SecretText(key), knownHosts: hosts.joined(separator: "\n") + "\n")
    }
}

extension GitCredential {
    /// A text in which nothing of the credential stands, in no form in which it usually leaks.
    func redacting(_ text: String) -> String { Redactor(secrets).redact(text) }

    private var secrets: [SecretText] {
        switch self {
        case .password(_, let password): [password]
        // A part of a key is as good as a hint to it, and lines are what programs print.
        case .key(let key, _):
            [key]
                + key.reveal().split(separator: "\n").filter { !$0.hasPrefix("-----") }
                .map { SecretText($0.utf8) }
        }
    }

    /// As it goes to the fetch child.
    var value: Value {
        switch self {
        case .password(let user, let password):
            ["user": .string(user), "password": .string(password.reveal())]
        case .key(let key, let knownHosts):
            ["key": .string(key.reveal()), "knownHosts": .string(knownHosts)]
        }
    }

    /// As it comes to the fetch child; nil for anything else.
    init?(_ value: Value) {
        if let user = value["user"]?.string, let password = value["password"]?.string {
            self = .password(user: user, SecretText(password))
        } else if let key = value["key"]?.string, let hosts = value["knownHosts"]?.string {
            self = .key(SecretText(key), knownHosts: hosts)
        } else {
            return nil
        }
    }
}

private func invalid(_ reason: String) -> Failure {
    Failure(.invalid, "The secret cannot be used: \(reason)", reason: "secret_invalid")
}

extension Substring {
    fileprivate var trimmed: Substring {
        let start = drop { $0 == " " || $0 == "\t" }
        let blanks = start.reversed().prefix { $0 == " " || $0 == "\t" }.count
        return start.dropLast(blanks)
    }
}
