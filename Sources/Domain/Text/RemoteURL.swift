/// Where a repository is; shown without the credentials it may carry.
package struct RemoteURL: Sendable, Hashable {
    /// How it is reached.
    package enum Transport: String, Sendable {
        case https, http, ssh, git
        /// A folder of this machine, given as a path or a `file://` URL.
        case local

        /// The port where a URL names none.
        package var port: Int? { [.https: 443, .http: 80, .ssh: 22, .git: 9418][self] }
    }

    /// How it is reached.
    package let transport: Transport
    /// Everything before the path, such as `https://user:token@host` or `git@host:`; empty for a local path.
    private let prefix: String
    /// The path as written; for a local one absolute, percent escapes resolved, without a slash at its end.
    private let path: String

    private init(_ transport: Transport, prefix: String, path: String) {
        self.transport = transport
        self.prefix = prefix
        self.path = path
    }

    /// The whole URL, as git takes it, which may hold a password: never show or log it.
    package var secretText: String { prefix + path }

    /// The path of a local repository, else nil.
    package var localPath: String? { transport == .local ? path : nil }

    /// Reads `https://…`, `http://…`, `ssh://…`, `git://…`, `user@host:path`, `file:///…` or an absolute
    /// path.
    ///
    /// - Throws: `Failure.invalid` or `.unsupported`, whose message repeats no part that may be secret.
    package init(_ text: String) throws {
        guard !text.isEmpty,
            text.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F || $0 == " " })
        else { throw Failure(.invalid, "A repository URL must not be empty or hold control characters") }
        if text.hasPrefix("/") {
            self = try Self.local(text)
        } else if !text.utf8.allSatisfy({ $0 < 0x80 }) {
            throw Failure(.invalid, "A repository URL must be ASCII; write other characters as %XX")
        } else if let separator = text.firstRange(of: "://") {
            let scheme = text[..<separator.lowerBound].lowercased()
            self = try Self.url(scheme: scheme, rest: text[separator.upperBound...])
        } else {
            self = try Self.secureCopy(text)
        }
    }

    /// The host, without the brackets of an IPv6 address; nil for a local path.
    package var host: String? { place?.host }

    /// The port, where the URL names one.
    package var port: Int? { place?.port }

    /// Whether what is sent stays on this machine.
    package var isLoopback: Bool {
        guard let host else { return true }
        // Other names are not looked up: whoever answers for one could lead it elsewhere.
        let bytes = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return host == "localhost" || host == "::1"
            || bytes.count == 4 && bytes[0] == 127 && !bytes.contains(nil)
    }

    /// Whether another URL leads to the same server, in the same way.
    package func isServed(with other: RemoteURL) -> Bool {
        transport == other.transport && host?.lowercased() == other.host?.lowercased()
            && (port ?? transport.port) == (other.port ?? other.transport.port)
    }

    private var place: (host: String, port: Int?)? {
        guard localPath == nil else { return nil }
        let scheme = prefix.firstRange(of: "://")
        let whole = prefix[(scheme?.upperBound ?? prefix.startIndex)...]
        let bare = whole.lastIndex(of: "@").map { whole[whole.index(after: $0)...] } ?? whole
        // The short form of an SSH URL ends with the colon before its path.
        guard scheme != nil else { return (String(bare.dropLast()), nil) }
        let isBracketed = bare.hasPrefix("[")
        let host = isBracketed ? bare.dropFirst().prefix { $0 != "]" } : bare.prefix { $0 != ":" }
        return (String(host), Int(bare.dropFirst(host.count + (isBracketed ? 3 : 1))))
    }

    /// A text without the credentials of this URL, for messages that come from elsewhere.
    package func redacting(_ text: String) -> String {
        guard let userInfo, transport != .local else { return text }
        var result = text.replacing(secretText, with: description)
        for secret in [userInfo] + userInfo.split(separator: ":") where secret.utf8.count > 3 {
            result = result.replacing(secret, with: "•••")
        }
        return result
    }

    /// One text for all spellings of a repository: its host in lower case and its path, however reached.
    package var identity: String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        if parts.last == ".git" { parts.removeLast() }
        if let last = parts.last, last.hasSuffix(".git") { parts[parts.count - 1] = last.dropLast(4) }
        return ([(host ?? "").lowercased()[...]] + parts).joined(separator: "/")
    }

    private static func local(_ path: String) throws -> RemoteURL {
        let trimmed = path.reversed().drop { $0 == "/" }.reversed()
        guard !trimmed.isEmpty else { throw Failure(.invalid, "The root folder cannot be a repository") }
        return RemoteURL(.local, prefix: "", path: String(trimmed))
    }

    private static func url(scheme: String, rest: Substring) throws -> RemoteURL {
        let authority = rest.prefix { $0 != "/" }
        let path = rest.dropFirst(authority.count)
        if scheme == "file" {
            guard ["", "localhost"].contains(authority), let decoded = percentDecoded(path) else {
                throw Failure(.invalid, "A file URL must be file:///an/absolute/path")
            }
            return try local(decoded)
        }
        guard let transport = Transport(rawValue: scheme), transport != .local else {
            throw Failure(
                .unsupported,
                "A repository URL must begin with https://, ssh://, http://, git:// or file://, "
                    + "not '\(scheme)://'"
            )
        }
        let host = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
        guard isHost(host), path.count > 1, !rest.contains(" "), !path.contains("?"), !path.contains("#")
        else {
            throw Failure(
                .invalid,
                "A repository URL must be \(scheme)://host/path without '?', '#' or spaces"
            )
        }
        return RemoteURL(transport, prefix: "\(scheme)://\(authority)", path: String(path))
    }

    private static func secureCopy(_ text: String) throws -> RemoteURL {
        let authority = text.prefix { $0 != ":" && $0 != "/" }
        let path = text.dropFirst(authority.count + 1)
        let host = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
        // A second colon would make it one of the git command's `helper::address` forms, which start
        // programs; an `@` behind the colon is a URL with a password whose scheme was forgotten.
        guard text.dropFirst(authority.count).hasPrefix(":"), isHost(host), !path.isEmpty,
            !path.hasPrefix(":"),
            !path.prefix(while: { $0 != "/" }).contains("@"), !text.contains(" ")
        else {
            throw Failure(
                .invalid,
                "A repository URL must be absolute: https://…, ssh://…, user@host:path or /an/absolute/path"
            )
        }
        return RemoteURL(.ssh, prefix: "\(authority):", path: String(path))
    }

    /// A leading dash would be read as an option by the programs that such a host is handed to.
    private static func isHost(_ text: some StringProtocol) -> Bool {
        !text.isEmpty && !text.hasPrefix("-") && !text.hasPrefix(":")
            && text.utf8.allSatisfy { $0 > 0x20 && $0 != UInt8(ascii: "\\") }
    }
}

extension RemoteURL: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The URL with `•••` instead of credentials; the user name of an SSH URL stays, since it is no secret.
    package var description: String {
        guard let userInfo else { return secretText }
        let isPlainUser = transport == .ssh && !userInfo.contains(":")
        return isPlainUser
            ? secretText : secretText.replacing("\(userInfo)@", with: "•••@", maxReplacements: 1)
    }

    package var debugDescription: String { description }
    package var customMirror: Swift.Mirror { Swift.Mirror(self, children: []) }

    /// What stands before the last `@` of the authority.
    private var userInfo: Substring? {
        guard let end = prefix.lastIndex(of: "@") else { return nil }
        let start = prefix.firstRange(of: "://")?.upperBound ?? prefix.startIndex
        return prefix[start..<end]
    }
}
