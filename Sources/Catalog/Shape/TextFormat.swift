internal import Domain
internal import Secrets

/// The form of a text.
enum TextFormat: Sendable, CaseIterable {
    case free, line, dnsLabel, namespaceOrAll, duration, cores, byteQuantity, money, version, identifier,
        variable
    case domain, command, glob, relativePath, repositoryURL, relativeRepositoryURL, httpURL, reference, digest
    case kindName, email, commit, labelKey, labelValue, secretKey, sealed, catalogID, parameterName, toolName
    case subject, cron, timeZone, payloadPath, headerName, eventPattern

    /// What the text must be, for messages; nil when everything goes.
    var description: String? {
        switch self {
        case .free: nil
        case .line: "one line"
        case .dnsLabel: "1–63 of a–z, 0–9 and -, neither first nor last"
        case .namespaceOrAll: "a namespace, or * for all"
        case .duration: "a duration such as 90s, 10m or 1h30m"
        case .cores: "a number of cores such as 2 or 500m"
        case .byteQuantity: "a number of bytes such as 512Mi or 2Gi"
        case .money: "an amount such as 2.00"
        case .version: "a version such as 1.2.0"
        case .identifier: "a name of a–z, 0–9 and _, beginning with a letter"
        case .variable: "a name of A–Z, a–z, 0–9 and _, not beginning with a digit"
        case .domain: "a domain name, or *.domain"
        case .command: "the name of a command without a path"
        case .glob: "a path pattern below the root, without .."
        case .relativePath: "a path below the root, without .."
        case .repositoryURL: "an https, http, ssh, git or file URL, host:path, or an absolute path"
        case .relativeRepositoryURL: "the URL of a repository, or a path that begins with ./ or ../"
        case .httpURL: "an http or https URL"
        case .reference: "the name of a branch or tag"
        case .digest: "sha256: and 64 hexadecimal digits"
        case .kindName: "the name of a kind, or * for all"
        case .email: "an e-mail address"
        case .commit: "40 hexadecimal digits"
        case .secretKey: "1–253 of a–z, A–Z, 0–9, _, - and ., not beginning with - or ."
        case .sealed: "what 'agirunner secret seal' prints"
        case .catalogID: "a name of a–z, 0–9 and -, not beginning with -"
        case .parameterName: "a name of a–z, 0–9, _ and -, beginning with a letter or digit"
        case .toolName: "1–128 of a–z, A–Z, 0–9, _, -, . and +, beginning with a letter, a digit or _"
        case .subject: "user:, group:, key:, unix: or signer: and who is meant"
        case .cron:
            "minute, hour, day, month, weekday as in cron, such as */15 8-18 * * MON-FRI, on days there are"
        case .timeZone: "the name of a time zone such as UTC or Europe/Berlin"
        case .payloadPath: "keys and numbers with dots between them, such as issue.labels.0.name"
        case .headerName: "a name of a–z, A–Z, 0–9, _ and -"
        case .eventPattern: "the type of an event such as gate.decided, or gate.*"
        case .labelKey: "a name, or a domain, a slash and a name"
        case .labelValue: "up to 63 of a–z, A–Z, 0–9, _, - and ., letters or digits first and last"
        }
    }

    /// Whether a text has the form.
    func accepts(_ text: String) -> Bool {
        switch self {
        case .free: true
        case .line: !text.unicodeScalars.contains { $0.properties.generalCategory == .control }
        case .dnsLabel: isDNSLabel(text)
        case .namespaceOrAll: text == "*" || isDNSLabel(text)
        case .duration: Duration(text: text) != nil
        case .cores: isCores(text)
        case .byteQuantity: ByteCount(quantity: text) != nil
        case .money: USD(text) != nil
        case .version: isVersion(text)
        case .identifier: text.matches(first: .lower, rest: [.lower, .digit, .underscore])
        case .variable:
            text.matches(first: [.lower, .upper, .underscore], rest: [.lower, .upper, .digit, .underscore])
        case .domain: isDomain(text)
        case .command: text.matches(first: .word, rest: [.word, .dash, .dot, .plus])
        case .glob, .relativePath: isBelowRoot(text)
        case .repositoryURL: isRepositoryURL(text)
        case .relativeRepositoryURL:
            isRepositoryURL(text)
                || Self.line.accepts(text) && ["./", "../"].contains { text.utf8.starts(with: $0) }
        case .httpURL: isURL(text, ["http", "https"])
        case .reference: isReferenceName(text)
        case .digest:
            text.hasPrefix("sha256:") && text.utf8.count == 71 && text.dropFirst(7).allSatisfy(isLowerHex)
        case .kindName: text == "*" || text.matches(first: .upper, rest: [.lower, .upper])
        case .email: isEmail(text)
        case .commit: text.utf8.count == 40 && text.allSatisfy(isLowerHex)
        case .secretKey:
            text.utf8.count <= 253 && text.matches(first: .word, rest: [.word, .dash, .dot])
        case .sealed: isSealed(text)
        case .catalogID: text.matches(first: [.lower, .digit], rest: [.lower, .digit, .dash])
        case .parameterName:
            text.matches(first: [.lower, .digit], rest: [.lower, .digit, .underscore, .dash])
        case .toolName:
            text.utf8.count <= 128 && text.matches(first: .word, rest: [.word, .dash, .dot, .plus])
        case .subject: isSubject(text)
        case .cron: CronExpression(text) != nil
        case .timeZone: TimeZones.names.contains(text)
        case .payloadPath: isPayloadPath(text)
        case .headerName: text.utf8.count <= 128 && text.matches(first: .word, rest: [.word, .dash])
        case .eventPattern: isEventPattern(text)
        case .labelKey: isLabelKey(text)
        case .labelValue: text.isEmpty || isLabelName(text)
        }
    }
}

extension TextFormat {
    /// What a text may have been meant to be; none where nobody can tell.
    var names: [String] { self == .timeZone ? Array(TimeZones.names) : [] }
}

/// Sets of ASCII characters.
private struct Characters: OptionSet {
    let rawValue: Int
    static let lower = Characters(rawValue: 1)
    static let upper = Characters(rawValue: 2)
    static let digit = Characters(rawValue: 4)
    static let underscore = Characters(rawValue: 8)
    static let dash = Characters(rawValue: 16)
    static let dot = Characters(rawValue: 32)
    static let plus = Characters(rawValue: 64)
    static let word: Characters = [.lower, .upper, .digit, .underscore]

    func holds(_ byte: UInt8) -> Bool {
        switch byte {
        case 97...122: contains(.lower)
        case 65...90: contains(.upper)
        case 48...57: contains(.digit)
        case 95: contains(.underscore)
        case 45: contains(.dash)
        case 46: contains(.dot)
        case 43: contains(.plus)
        default: false
        }
    }
}

extension StringProtocol {
    fileprivate func matches(first: Characters, rest: Characters) -> Bool {
        guard let head = utf8.first else { return false }
        return first.holds(head) && utf8.dropFirst().allSatisfy { rest.holds($0) }
    }
}

private func isLowerHex(_ character: Character) -> Bool { "0123456789abcdef".contains(character) }

private func isDigits(_ text: some StringProtocol) -> Bool { text.matches(first: .digit, rest: .digit) }

private func isCores(_ text: String) -> Bool {
    if text.hasSuffix("m") { return isDigits(text.dropLast()) && text.utf8.count <= 8 }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count <= 2 && parts.allSatisfy { isDigits($0) && $0.utf8.count <= 4 }
}

/// One to three numbers, then perhaps a pre-release after `-`.
private func isVersion(_ text: String) -> Bool {
    let halves = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    let numbers = halves[0].split(separator: ".", omittingEmptySubsequences: false)
    guard text.utf8.count <= 64, numbers.count <= 3, numbers.allSatisfy({ isDigits($0) }) else {
        return false
    }
    return halves.count == 1 || halves[1].matches(first: .word, rest: [.word, .dash, .dot, .plus])
}

private func isDomain(_ text: String) -> Bool {
    let bare = text.hasPrefix("*.") ? text.dropFirst(2) : text[...]
    let labels = bare.split(separator: ".", omittingEmptySubsequences: false)
    return text.utf8.count <= 253 && labels.allSatisfy { isDNSLabel(String($0)) }
}

// What follows looks at bytes, as file systems, git and curl do. To Swift a slash with a combining accent
// behind it is another character than a slash, so that a path could climb through one.

extension String.UTF8View {
    fileprivate func starts(with text: String) -> Bool { starts(with: text.utf8) }
    fileprivate func holds(_ text: String) -> Bool { firstRange(of: text.utf8) != nil }
    fileprivate func parts(_ separator: Unicode.Scalar) -> [Substring.UTF8View] {
        split(separator: UInt8(ascii: separator), omittingEmptySubsequences: false)
    }
}

extension Substring.UTF8View {
    fileprivate func ends(with text: String) -> Bool { suffix(text.utf8.count).elementsEqual(text.utf8) }
}

private func isBelowRoot(_ text: String) -> Bool {
    !text.utf8.starts(with: "/") && !text.utf8.starts(with: "-") && TextFormat.line.accepts(text)
        && !text.utf8.parts("/").contains { $0.elementsEqual("..".utf8) }
}

private func isURL(_ text: String, _ schemes: [String]) -> Bool {
    guard TextFormat.line.accepts(text), !text.utf8.holds(" "),
        let scheme = schemes.first(where: { text.utf8.starts(with: $0 + "://") })
    else { return false }
    return text.utf8.count > scheme.utf8.count + 3
}

/// Git would run a program for other transports (`ext::`) and take a leading dash as an option.
private func isRepositoryURL(_ text: String) -> Bool {
    if isURL(text, ["https", "http", "ssh", "git", "file"]) { return true }
    guard TextFormat.line.accepts(text), !text.utf8.holds("://"), !text.utf8.holds("::") else { return false }
    if text.utf8.starts(with: "/") { return text.utf8.count > 1 }
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[1].isEmpty, parts[1].utf8.first != UInt8(ascii: "-") else { return false }
    let host = parts[0].split(separator: "@", omittingEmptySubsequences: false)
    return host.count <= 2 && host.allSatisfy { $0.matches(first: .word, rest: [.word, .dash, .dot]) }
}

/// *Source*: git-check-ref-format(1).
private func isReferenceName(_ text: String) -> Bool {
    let bytes = text.utf8
    let isPlain = bytes.allSatisfy { $0 > 32 && $0 != 127 && !"~^:?*[\\".utf8.contains($0) }
    return isPlain && !bytes.starts(with: "-") && !bytes.holds("..") && !bytes.holds("@{") && text != "@"
        && bytes.last != UInt8(ascii: ".")
        && bytes.parts("/").allSatisfy {
            !$0.isEmpty && $0.first != UInt8(ascii: ".") && !$0.ends(with: ".lock")
        }
}

private func isEmail(_ text: String) -> Bool {
    let parts = text.utf8.parts("@")
    return parts.count == 2 && parts.allSatisfy { !$0.isEmpty }
        && TextFormat.line.accepts(text) && !text.utf8.contains { " <>".utf8.contains($0) }
}

/// *Source*: the syntax of label keys and values in the Kubernetes API.
private func isLabelKey(_ text: String) -> Bool {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2, let name = parts.last, isLabelName(name) else { return false }
    return parts.count == 1 || isDomain(String(parts[0])) && !text.hasPrefix("*")
}

private func isLabelName(_ text: some BidirectionalCollection<Character> & StringProtocol) -> Bool {
    let ends: Characters = [.lower, .upper, .digit]
    guard let last = text.last?.utf8.last, text.utf8.count <= 63 else { return false }
    return ends.holds(last) && text.matches(first: ends, rest: [.word, .dash, .dot])
}

private func isSubject(_ text: String) -> Bool {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    return parts.count == 2 && !parts[1].isEmpty && TextFormat.line.accepts(text)
        && ["user", "group", "key", "unix", "signer"].contains(parts[0])
}

private func isPayloadPath(_ text: String) -> Bool {
    let keys = text.split(separator: ".", omittingEmptySubsequences: false)
    return text.utf8.count <= 253 && keys.allSatisfy { $0.matches(first: .word, rest: [.word, .dash]) }
}

private func isEventPattern(_ text: String) -> Bool {
    text.utf8.count <= 100 && !text.isEmpty
        && text.utf8.allSatisfy { byte in
            (97...122).contains(byte) || (48...57).contains(byte) || byte == 95 || byte == 46 || byte == 42
        }
}
