/// What a plain YAML scalar is read as.
///
/// YAML 1.1 and 1.2 disagree on many words; those are `disputed` and must be quoted, because authors and
/// their other tools may mean either. *Source*: yaml.org/type (1.1), YAML 1.2.2 section 10.3 (core schema).
enum PlainReading: Equatable {
    case text, null
    case boolean(Bool)
    case integer(Int64)
    case number(Double)
    /// With what one of the versions reads: `a date`.
    case disputed(String)

    init(_ text: String) {
        if let word = Self.words[text] {
            self = word
        } else if let first = text.utf8.first, "+-.0123456789".utf8.contains(first) {
            self = Self.numeric(text)
        } else {
            self = .text
        }
    }

    /// What it is, for people.
    var noun: String {
        switch self {
        case .text: "a text"
        case .null: "null"
        case .boolean: "a truth value"
        case .integer, .number: "a number"
        case .disputed(let noun): noun
        }
    }

    private static let words: [String: PlainReading] = {
        var words: [String: PlainReading] = ["": .null, "~": .null, "=": .disputed("a YAML 1.1 keyword")]
        func add(_ word: String, _ reading: PlainReading) {
            words[word] = reading
            words[word.prefix(1).uppercased() + word.dropFirst()] = reading
            words[word.uppercased()] = reading
        }
        add("null", .null)
        add("true", .boolean(true))
        add("false", .boolean(false))
        for word in ["y", "n", "yes", "no", "on", "off"] { add(word, .disputed("a truth value")) }
        for word in [".inf", ".nan", "-.inf", "+.inf"] {
            words[word] = .disputed("a number")
            words[word.replacing("i", with: "I").replacing("nan", with: "NaN")] = .disputed("a number")
            words[word.uppercased()] = .disputed("a number")
        }
        words["<<"] = .disputed("a YAML 1.1 keyword")
        return words
    }()

    private static func numeric(_ text: String) -> PlainReading {
        let bare = text.first == "+" || text.first == "-" ? text.dropFirst() : text[...]
        if isDigits(bare) {
            if bare.count > 1, bare.first == "0" { return .disputed("an octal number") }
            return Int64(text).map { .integer($0) } ?? .disputed("a number")
        }
        if isFloat(bare) {
            guard let number = Double(text), number.isFinite else { return .disputed("a number") }
            return .number(number)
        }
        if isDate(bare) { return .disputed("a date") }
        let digits = bare.filter { $0 != "_" }
        if isDigits(digits) || isFloat(digits) || isBased(digits) { return .disputed("a number") }
        return isSexagesimal(digits) ? .disputed("a time") : .text
    }

    private static func isDigits(_ text: some StringProtocol) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (48...57).contains($0) }
    }

    private static func isFloat(_ text: some StringProtocol) -> Bool {
        let halves = text.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 == "e" || $0 == "E" }
        if halves.count == 2 {
            let exponent =
                halves[1].first == "+" || halves[1].first == "-" ? halves[1].dropFirst() : halves[1]
            guard isDigits(exponent) else { return false }
        }
        let parts = halves[0].split(separator: ".", omittingEmptySubsequences: false)
        return parts.count <= 2 && parts.contains { !$0.isEmpty }
            && parts.allSatisfy { $0.isEmpty || isDigits($0) }
    }

    private static func isBased(_ text: some StringProtocol) -> Bool {
        let rest = text.dropFirst(2)
        guard !rest.isEmpty else { return false }
        return switch text.prefix(2) {
        case "0x": rest.utf8.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
        case "0o": rest.utf8.allSatisfy { (48...55).contains($0) }
        case "0b": rest.utf8.allSatisfy { (48...49).contains($0) }
        default: false
        }
    }

    private static func isSexagesimal(_ text: some StringProtocol) -> Bool {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count > 1, isDigits(parts[0]) else { return false }
        return parts.dropFirst().enumerated().allSatisfy { index, part in
            let whole = index == parts.count - 2 ? part.prefix { $0 != "." } : part
            return isDigits(whole) && whole.count <= 2 && (Int(whole) ?? 60) < 60
        }
    }

    private static func isDate(_ text: some StringProtocol) -> Bool {
        let parts = text.split(separator: "-", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].count == 4, isDigits(parts[0]), isDigits(parts[1]),
            parts[1].count <= 2
        else { return false }
        let day = parts[2].prefix { $0.isASCII && $0.isNumber }
        let next = parts[2].dropFirst(day.count).first
        return (1...2).contains(day.count) && (next == nil || next == "T" || next == "t" || next == " ")
    }
}
