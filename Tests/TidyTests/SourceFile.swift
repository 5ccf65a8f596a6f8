/// A Swift source as the checks see it.
struct SourceFile: Sendable {
    let path: String
    /// The lines as they are written.
    let lines: [String]
    /// The same lines with comments and the inside of literals blanked.
    let code: [String]
    /// The same lines with everything but comments blanked.
    let comments: [String]
    let tokens: [Token]

    /// A word or a sign of the code.
    struct Token: Hashable, Sendable {
        let text: String
        /// Counted from 1.
        let line: Int
    }

    init(path: String, text: String) {
        self.path = path
        let scanner = SourceScanner(text)
        lines = split(Array(text.utf8))
        code = split(scanner.code)
        comments = split(scanner.comments)
        tokens = tokenize(scanner.code)
    }

    /// The folder below `Sources` or `Tests`, which is the target's name; `Benchmarks` is one target.
    var target: String {
        let parts = path.split(separator: "/").map(String.init)
        if parts.first == "Benchmarks" { return "benchmarks" }
        return parts.count > 2 ? parts[1] : ""
    }

    /// Whether it is no code of the product.
    var isTest: Bool { path.hasPrefix("Tests/") || path.hasPrefix("Benchmarks/") }

    func violation(_ line: Int, _ rule: Rule, _ message: String) -> Violation {
        Violation(path: path, line: line, rule: rule, message: message)
    }
}

/// The lines of a text; a line end at its end begins no line.
private func split(_ bytes: [UInt8]) -> [String] {
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    return (lines.last?.isEmpty == true ? lines.dropLast() : lines).map {
        String(decoding: $0, as: UTF8.self)
    }
}

private func tokenize(_ code: [UInt8]) -> [SourceFile.Token] {
    var tokens: [SourceFile.Token] = []
    var word: [UInt8] = []
    var line = 1
    func flush() {
        if word.isEmpty { return }
        tokens.append(SourceFile.Token(text: String(decoding: word, as: UTF8.self), line: line))
        word = []
    }
    for byte in code {
        if isWordByte(byte) {
            word.append(byte)
            continue
        }
        flush()
        if byte == UInt8(ascii: "\n") {
            line += 1
        } else if byte != UInt8(ascii: " ") {
            tokens.append(SourceFile.Token(text: String(decoding: [byte], as: UTF8.self), line: line))
        }
    }
    flush()
    return tokens
}

/// Whether a byte may stand in a name; all bytes beyond ASCII may.
func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "`"), 128...: true
    default: false
    }
}
