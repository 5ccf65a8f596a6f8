internal import FoundationEssentials

/// How long seeded tests go on, and from which seed.
package enum Fuzzing {
    /// How often a test tries: as often as it says, or `AGIRUNNER_FUZZ` times that, as in `make nightly`.
    package static func rounds(_ usual: Int) -> Int { usual * Int(number("AGIRUNNER_FUZZ") ?? 1) }

    /// Numbers for a test: from `AGIRUNNER_FUZZ_SEED`, to repeat a failure; the same ones each time where
    /// every change is tested, for a change must not fail by chance; where time is given, new ones.
    ///
    /// The seed is printed at once: what traps can tell nobody any more.
    package static func generator(_ test: String = #function) -> SeededGenerator {
        let usual: UInt64? = number("AGIRUNNER_FUZZ") == nil ? 1 : nil
        let seed = number("AGIRUNNER_FUZZ_SEED") ?? usual
        let generator = seed.map { SeededGenerator(seed: $0) } ?? .random()
        print("\(test): AGIRUNNER_FUZZ_SEED=\(generator.seed)")
        return generator
    }

    private static func number(_ variable: String) -> UInt64? {
        ProcessInfo.processInfo.environment[variable].flatMap { UInt64($0) }
    }
}

/// Changes texts as careless and as hostile authors do: bytes, tokens, lines, and pieces of other texts.
package struct Mutator: Sendable {
    /// What decides about everything.
    package var random: SeededGenerator
    /// Texts whose pieces are put into others.
    private let corpus: [[UInt8]]

    /// A mutator whose every decision follows from a generator.
    package init(_ random: SeededGenerator, corpus: [[UInt8]] = []) {
        self.random = random
        self.corpus = corpus
    }

    /// A text with one to a few changes.
    package mutating func changed(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &random) { change(&bytes) }
        return bytes
    }

    /// A text of some of the tokens, which most grammars reject at some other place.
    package mutating func text(of tokens: [String], upTo count: Int) -> String {
        (0..<Int.random(in: 0...count, using: &random)).map { _ in pick(tokens) ?? "" }.joined()
    }

    /// One of some elements.
    package mutating func pick<Element>(_ elements: [Element]) -> Element? {
        elements.randomElement(using: &random)
    }

    private mutating func change(_ bytes: inout [UInt8]) {
        let place = Int.random(in: 0...bytes.count, using: &random)
        switch Int.random(in: 0..<12, using: &random) {
        case 0: if place < bytes.count { bytes[place] = UInt8.random(in: .min ... .max, using: &random) }
        case 1: bytes.removeSubrange(place..<min(bytes.count, place + 1))
        case 2: bytes.removeSubrange(stretch(of: bytes))
        case 3: bytes.insert(contentsOf: Array(bytes[stretch(of: bytes)]), at: place)
        case 4: bytes.removeSubrange(place...)
        case 5: bytes.removeSubrange(line(of: bytes, at: place))
        case 6:
            bytes.insert(contentsOf: Array(bytes[line(of: bytes, at: place)]), at: lineStart(bytes, place))
        case 7: swapLines(&bytes)
        case 8:
            let other = pick(corpus) ?? bytes
            bytes.insert(contentsOf: Array(other[stretch(of: other)]), at: place)
        case 9:
            bytes.insert(
                contentsOf: repeatElement(pick(Self.tokens) ?? "", count: 40).joined().utf8,
                at: place
            )
        case 10: replaceWord(&bytes, at: place)
        default: bytes.insert(contentsOf: (pick(Self.tokens) ?? "").utf8, at: place)
        }
    }

    private mutating func stretch(of bytes: [UInt8]) -> Range<Int> {
        let start = Int.random(in: 0...bytes.count, using: &random)
        return start..<min(bytes.count, start + Int.random(in: 0...60, using: &random))
    }

    private func lineStart(_ bytes: [UInt8], _ place: Int) -> Int {
        bytes[..<place].lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    }

    private func line(of bytes: [UInt8], at place: Int) -> Range<Int> {
        lineStart(bytes, place)..<(bytes[place...].firstIndex(of: 0x0A).map { $0 + 1 } ?? bytes.count)
    }

    private mutating func swapLines(_ bytes: inout [UInt8]) {
        var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        lines.swapAt(
            Int.random(in: lines.indices, using: &random),
            Int.random(in: lines.indices, using: &random)
        )
        bytes = Array(lines.joined(separator: [0x0A]))
    }

    /// Puts a token where a word stands, as a value of another type.
    private mutating func replaceWord(_ bytes: inout [UInt8], at place: Int) {
        let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x0A }
        let start = bytes[..<place].lastIndex(where: isSpace).map { $0 + 1 } ?? 0
        let end = bytes[place...].firstIndex(where: isSpace) ?? bytes.count
        bytes.replaceSubrange(start..<end, with: (pick(Self.tokens) ?? "").utf8)
    }

    /// What means something to YAML, JSON, git or terminals, and numbers at the ends of their ranges.
    private static let tokens: [String] = [
        "---\n", "...\n", "%YAML 1.1\n", "%TAG ! x:\n", "&a ", "*a", "!!str ", "<<: ", "? ", ": ", "- ",
        "|\n",
        ">-\n", "|2-\n", "{", "}", "[", "]", ",", "#", " #", "'", "\"", "\\", "\\u0000", "\\ud800", "\t",
        "\r", "\r\n",
        "\n", "\n\n", "  ", "\u{0}", "\u{7F}", "\u{85}", "\u{A0}", "\u{2028}", "\u{FEFF}", "\u{202E}",
        "\u{301}",
        "e\u{301}", "👩‍🚀",
        "null", "~", "true", "no", "0", "-1", "007", "0x1F", "1e999", "1.5", ".inf", "-0.0",
        "9223372036854775807", "9223372036854775808", "2024-02-30", "12:30", "999999999d", "1h30m", "..",
        "../",
        "/", ".git", "*", "**", "agirunner.dev/v1", "kind: Role\n", "metadata:\n  name: x\n", "spec: {}\n",
        "ghp_A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8",
    ]
}
