internal import Secrets

/// Somebody whose signatures count: one line of a list of allowed signers.
///
/// *Source*: ALLOWED SIGNERS in ssh-keygen(1).
struct AllowedSigner: Hashable {
    /// Patterns of names, as they are written.
    let principals: Set<String>
    /// The options, by their names in lower case; the value is empty for one without a value.
    let options: [String: String]
    /// The type of the key, and the key itself in base64.
    let key: String

    /// What is wrong with a line, to go on from its number: `must begin with …`.
    struct Mistake: Error, Equatable {
        let message: String

        init(_ message: String) { self.message = message }
    }

    private static let keyTypes: Set<String> = [
        "ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
        "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com",
    ]
    private static let blanks: Set<Character> = [" ", "\t"]

    /// The signer of a line; nil for an empty line and for a comment.
    ///
    /// - Throws: `Mistake`; ssh-keygen(1) would pass over such a line without a word.
    init?(_ line: Substring) throws(Mistake) {
        // ssh-keygen looks at bytes: no character may hide one that means something to it.
        guard line.count == line.unicodeScalars.count,
            !line.unicodeScalars.contains(where: { $0.value < 0x20 && $0 != "\t" || $0.value == 0x7F })
        else { throw Mistake("must not hold control characters or combined ones") }
        var rest = line.drop(while: Self.blanks.contains)
        guard let first = rest.first, first != "#" else { return nil }
        principals = try Self.principals(&rest)
        var word = Self.word(&rest)
        if Self.keyTypes.contains(word) {
            options = [:]
        } else if word.isEmpty {
            throw Mistake("must have a key behind the names")
        } else {
            options = try Self.options(word)
            word = Self.word(&rest)
        }
        guard Self.keyTypes.contains(word) else {
            throw Mistake("must have the type of a key where '\(word)' stands")
        }
        let blob = Self.word(&rest)
        guard Self.isKey(blob, of: word) else { throw Mistake("must have a whole \(word) key") }
        key = "\(word) \(blob)"
    }

    private static func principals(_ rest: inout Substring) throws(Mistake) -> Set<String> {
        var word = Self.word(&rest)
        if word.hasPrefix("\""), word.hasSuffix("\""), word.count > 1 {
            word = String(word.dropFirst().dropLast())
        }
        let names = word.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard !word.contains("\""), names.allSatisfy({ !$0.isEmpty && $0 != "!" }) else {
            throw Mistake("must begin with names such as ann@example.org, separated by commas")
        }
        return Set(names)
    }

    private static func options(_ word: String) throws(Mistake) -> [String: String] {
        guard !word.contains("\\") else { throw Mistake("must have no backslash in its options") }
        var result: [String: String] = [:]
        for option in unquoted(word, separator: ",") {
            let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = parts[0].lowercased()
            var value = parts.count == 2 ? String(parts[1]) : ""
            if value.hasPrefix("\""), value.hasSuffix("\""), value.count > 1 {
                value = String(value.dropFirst().dropLast())
            } else if !value.isEmpty {
                throw Mistake("must have the value of \(name) in quotes")
            }
            let isGood =
                switch name {
                case "cert-authority": parts.count == 1
                case "namespaces": !value.isEmpty
                case "valid-after", "valid-before": isTime(value)
                default: throw Mistake("must have an option or the type of a key where '\(option)' stands")
                }
            guard isGood else { throw Mistake("must have the option \(name) as ssh-keygen takes it") }
            guard result[name] == nil else { throw Mistake("must have the option \(name) once") }
            result[name] = value
        }
        return result
    }

    /// Takes the text up to the next blank that is not in quotes, and the blanks behind it.
    private static func word(_ rest: inout Substring) -> String {
        var isQuoted = false
        let word = rest.prefix { character in
            if character == "\"" { isQuoted.toggle() }
            return isQuoted || !blanks.contains(character)
        }
        rest = rest[word.endIndex...].drop(while: blanks.contains)
        return String(word)
    }

    /// The parts of a text between separators that are not in quotes.
    private static func unquoted(_ text: String, separator: Character) -> [String] {
        var isQuoted = false
        return text.split(omittingEmptySubsequences: false) { character in
            if character == "\"" { isQuoted.toggle() }
            return !isQuoted && character == separator
        }.map(String.init)
    }

    /// `YYYYMMDD`, `YYYYMMDDHHMM` or `YYYYMMDDHHMMSS`, and a Z or none.
    private static func isTime(_ text: String) -> Bool {
        let digits = text.hasSuffix("Z") ? text.dropLast() : text[...]
        guard [8, 12, 14].contains(digits.utf8.count), digits.utf8.allSatisfy({ 48...57 ~= $0 }) else {
            return false
        }
        let pairs = stride(from: 4, to: digits.utf8.count, by: 2).compactMap { place in
            Int(digits.dropFirst(place).prefix(2))
        }
        let ranges = [1...12, 1...31, 0...23, 0...59, 0...59]
        return zip(pairs, ranges).allSatisfy { $1.contains($0) }
    }

    /// Whether base64 text is a key that names its own type.
    private static func isKey(_ text: String, of type: String) -> Bool {
        guard let bytes = decodeBase64(text), bytes.count > 4 + type.utf8.count else { return false }
        return Array(bytes.prefix(4)) == [0, 0, 0, UInt8(type.utf8.count)]
            && Array(bytes[4..<(4 + type.utf8.count)]) == Array(type.utf8)
    }
}

extension AllowedSigner {
    /// The lines of a list, with their mistakes.
    static func lines(_ text: String) -> [(number: Int, signer: Result<AllowedSigner?, Mistake>)] {
        text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().map { index, line in
            (index + 1, Result { () throws(Mistake) in try AllowedSigner(line) })
        }
    }

    /// The signers of a list without its mistakes.
    static func all(in text: String?) -> [AllowedSigner] {
        // A list with a mistake is refused as a whole, where it stands.
        lines(text ?? "").compactMap { try? $0.signer.get() }
    }

    /// Whether another signer says at least as much: the same key, on the same terms, for all these names.
    func isCovered(by other: AllowedSigner) -> Bool {
        key == other.key && options == other.options && principals.isSubset(of: other.principals)
    }
}
