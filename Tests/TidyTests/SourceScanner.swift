/// Tells what runs from what explains and from what is only quoted.
struct SourceScanner {
    private let bytes: [UInt8]
    private var index = 0
    /// The source with comments and the inside of literals blanked.
    private(set) var code: [UInt8]
    /// The source with everything but comments blanked.
    private(set) var comments: [UInt8]

    init(_ text: String) {
        bytes = Array(text.utf8)
        let blank = bytes.map { $0 == newline ? newline : space }
        (code, comments) = (blank, blank)
        scanCode(isInterpolated: false)
    }

    /// Scans to the end, or to the parenthesis that ends an interpolation.
    private mutating func scanCode(isInterpolated: Bool) {
        var depth = 0
        while index < bytes.count {
            switch bytes[index] {
            case slash where next(1) == slash: scanLineComment()
            case slash where next(1) == star: scanBlockComment()
            case backtick: scanQuotedName()
            case quote: scanString(hashes: 0)
            case hash:
                let hashes = count(of: hash)
                if next(hashes) == quote { scanString(hashes: hashes) } else { copy(hashes) }
            case opening:
                depth += 1
                copy(1)
            case closing:
                depth -= 1
                copy(1)
                if isInterpolated, depth == 0 { return }
            default: copy(1)
            }
        }
    }

    private mutating func scanLineComment() {
        while index < bytes.count, bytes[index] != newline { copyComment() }
    }

    private mutating func scanBlockComment() {
        var depth = 0
        repeat {
            if bytes[index] == slash, next(1) == star {
                depth += 1
                copyComment()
            } else if bytes[index] == star, next(1) == slash {
                depth -= 1
                copyComment()
            }
            copyComment()
        } while depth > 0 && index < bytes.count
    }

    /// The name stays one word, whatever stands between the backticks.
    private mutating func scanQuotedName() {
        copy(1)
        while index < bytes.count, bytes[index] != backtick, bytes[index] != newline {
            code[index] = underscore
            index += 1
        }
        copy(1)
    }

    private mutating func scanString(hashes: Int) {
        copy(hashes)
        let quotes = next(1) == quote && next(2) == quote ? 3 : 1
        copy(quotes)
        while index < bytes.count {
            if bytes[index] == backslash, count(of: hash, after: 1) >= hashes {
                index += 1 + hashes
                guard index < bytes.count else { return }
                if bytes[index] == opening { scanCode(isInterpolated: true) } else { index += 1 }
            } else if count(of: quote) >= quotes, count(of: hash, after: quotes) >= hashes {
                return copy(quotes + hashes)
            } else {
                index += 1
            }
        }
    }

    private func next(_ distance: Int) -> UInt8? {
        index + distance < bytes.count ? bytes[index + distance] : nil
    }

    private func count(of byte: UInt8, after distance: Int = 0) -> Int {
        var count = 0
        while next(distance + count) == byte { count += 1 }
        return count
    }

    private mutating func copy(_ count: Int) {
        for _ in 0..<count where index < bytes.count {
            code[index] = bytes[index]
            index += 1
        }
    }

    private mutating func copyComment() {
        guard index < bytes.count else { return }
        comments[index] = bytes[index]
        index += 1
    }
}

private let newline = UInt8(ascii: "\n")
private let space = UInt8(ascii: " ")
private let slash = UInt8(ascii: "/")
private let star = UInt8(ascii: "*")
private let backtick = UInt8(ascii: "`")
private let quote = UInt8(ascii: "\"")
private let hash = UInt8(ascii: "#")
private let backslash = UInt8(ascii: "\\")
private let opening = UInt8(ascii: "(")
private let closing = UInt8(ascii: ")")
private let underscore = UInt8(ascii: "_")
