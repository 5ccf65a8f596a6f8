internal import Domain

/// The bytes of one file as text: what may not stand in it, and where a byte is in lines and columns.
struct SourceText {
    static let sizeLimit = 1 << 20

    let bytes: [UInt8]
    /// Bytes that the file has; more than are here when it was too large to be read.
    let size: Int

    init(bytes: [UInt8], size: Int? = nil) {
        self.bytes = bytes
        self.size = size ?? bytes.count
    }

    /// The first thing that makes these bytes unreadable, reported to `findings`; true when they can be read.
    func isReadable(_ findings: inout Findings) -> Bool {
        guard size <= Self.sizeLimit else {
            findings.report(
                .tooLarge,
                at: .whole,
                "a file must be at most \(Self.sizeLimit) bytes; this has \(size)"
            )
            return false
        }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            findings.report(
                .byteOrderMark,
                at: .whole,
                "a file must not start with a byte order mark",
                fix: "save it as UTF-8 without BOM"
            )
            return false
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            let offset = invalidOffset
            findings.report(
                .notUTF8,
                at: TextSpan(start: position(of: offset), end: position(of: offset)).first(1),
                "a file must be UTF-8; byte 0x\(String(bytes[offset], radix: 16)) is not"
            )
            return false
        }
        if let (offset, scalar) = firstForbidden(in: text) {
            let code =
                "U+" + String(repeating: "0", count: scalar.value < 16 ? 3 : 2)
                + String(scalar.value, radix: 16, uppercase: true)
            findings.report(
                .controlCharacter,
                at: TextSpan(start: position(of: offset), end: position(of: offset)).first(1),
                "a file must not hold control characters; \(code) found"
            )
            return false
        }
        return true
    }

    /// The place of the byte at an offset; a place past the end is the end.
    func position(of offset: Int) -> TextPosition {
        var line = 1
        var column = 1
        var index = 0
        while index < min(offset, bytes.count) {
            let length = breakLength(at: index)
            if length > 0 {
                line += 1
                column = 1
            } else if bytes[index] & 0xC0 != 0x80 {
                column += 1
            }
            index += max(1, length)
        }
        return TextPosition(line: line, column: column)
    }

    /// The texts of its lines without their ends.
    var lines: [String] {
        var found: [String] = []
        var start = 0
        var index = 0
        while index < bytes.count {
            let length = breakLength(at: index)
            if length > 0 {
                found.append(String(decoding: bytes[start..<index], as: UTF8.self))
                start = index + length
            }
            index += max(1, length)
        }
        return found + [String(decoding: bytes[start...], as: UTF8.self)]
    }

    /// The text of a 1-based line without its end; nil past the last.
    func line(_ number: Int) -> String? {
        var start = 0
        var current = 1
        var index = 0
        while index < bytes.count {
            let length = breakLength(at: index)
            guard length > 0 else {
                index += 1
                continue
            }
            if current == number { return String(decoding: bytes[start..<index], as: UTF8.self) }
            current += 1
            index += length
            start = index
        }
        return current == number ? String(decoding: bytes[start...], as: UTF8.self) : nil
    }

    /// The offset of the first line that starts with a text.
    func firstLine(startingWith start: String) -> Int? {
        guard let first = start.utf8.first else { return nil }
        var rest = bytes[...]
        while let index = rest.firstIndex(of: first) {
            if bytes[index...].starts(with: start.utf8), isLineStart(index) { return index }
            rest = bytes[(index + 1)...]
        }
        return nil
    }

    private func isLineStart(_ index: Int) -> Bool {
        index == 0 || (1...3).contains { $0 <= index && breakLength(at: index - $0) == $0 }
    }

    /// The length of the line break at an offset, 0 when there is none; the breaks are those of libyaml.
    private func breakLength(at index: Int) -> Int {
        switch bytes[index] {
        case 0x0A: 1
        case 0x0D: index + 1 < bytes.count && bytes[index + 1] == 0x0A ? 2 : 1
        case 0xC2: index + 1 < bytes.count && bytes[index + 1] == 0x85 ? 2 : 0
        case 0xE2:
            index + 2 < bytes.count && bytes[index + 1] == 0x80 && [0xA8, 0xA9].contains(bytes[index + 2])
                ? 3 : 0
        default: 0
        }
    }

    /// The offset of the first byte that no valid UTF-8 has there.
    private var invalidOffset: Int {
        var low = 0
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        while case .scalarValue(let scalar) = decoder.decode(&iterator) { low += UTF8.width(scalar) }
        return min(low, bytes.count - 1)
    }

    /// The first scalar that YAML forbids in a stream.
    ///
    /// *Source*: YAML 1.2.2, production `c-printable`.
    private func firstForbidden(in text: String) -> (offset: Int, scalar: Unicode.Scalar)? {
        var offset = 0
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x09, 0x0A, 0x0D, 0x20...0x7E, 0x85, 0xA0...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD,
                0x10000...:
                offset += UTF8.width(scalar)
            default: return (offset, scalar)
            }
        }
        return nil
    }
}
