/// Why bytes are not JSON, with the offset of the first byte that cannot be.
package struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Offset in bytes from the start.
    package let offset: Int
    /// What was wrong there.
    package let message: String
    package var description: String { "invalid JSON at byte \(offset): \(message)" }
}

extension Value {
    /// Reads one strict JSON text (RFC 8259): UTF-8, no duplicate keys, nothing after the value.
    ///
    /// *Throws* `JSONError`. Depth is limited to 200 so that hostile nesting cannot exhaust the stack.
    package init(json bytes: some Collection<UInt8>) throws {
        var reader = JSONReader(bytes: Array(bytes))
        self = try reader.readDocument()
    }

    /// Reads one strict JSON text.
    package init(json text: String) throws { try self.init(json: Array(text.utf8)) }
}

private struct JSONReader {
    private static let depthLimit = 200
    private let bytes: [UInt8]
    private var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func readDocument() throws -> Value {
        skipSpace()
        let value = try readValue(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw error("nothing may follow the value") }
        return value
    }

    private mutating func readValue(depth: Int) throws -> Value {
        guard depth < Self.depthLimit else { throw error("nesting must be at most \(Self.depthLimit) deep") }
        guard let byte = peek else { throw error("unexpected end") }
        switch byte {
        case UInt8(ascii: "{"): return try readObject(depth: depth)
        case UInt8(ascii: "["): return try readArray(depth: depth)
        case UInt8(ascii: "\""): return .string(try readString())
        case UInt8(ascii: "t"): return try readWord("true", .bool(true))
        case UInt8(ascii: "f"): return try readWord("false", .bool(false))
        case UInt8(ascii: "n"): return try readWord("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try readNumber()
        default: throw error("unexpected byte")
        }
    }

    private mutating func readObject(depth: Int) throws -> Value {
        var members: [String: Value] = [:]
        position += 1
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object([:]) }
        repeat {
            skipSpace()
            let start = position
            guard peek == UInt8(ascii: "\"") else { throw error("a key must be a string") }
            let key = try readString()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw error("':' must follow a key") }
            skipSpace()
            let value = try readValue(depth: depth + 1)
            guard members.updateValue(value, forKey: key) == nil else {
                throw JSONError(offset: start, message: "key '\(key)' must not repeat")
            }
            skipSpace()
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw error("',' or '}' must follow a member") }
        return .object(members)
    }

    private mutating func readArray(depth: Int) throws -> Value {
        var elements: [Value] = []
        position += 1
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array([]) }
        repeat {
            skipSpace()
            elements.append(try readValue(depth: depth + 1))
            skipSpace()
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw error("',' or ']' must follow an element") }
        return .array(elements)
    }

    private mutating func readString() throws -> String {
        position += 1
        let start = position
        while let byte = peek, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 {
            position += 1
        }
        // Most texts end here, and need no copy.
        if peek == UInt8(ascii: "\"") {
            let text = bytes[start..<position]
            position += 1
            guard let string = String(validating: text, as: UTF8.self) else {
                throw error("text must be UTF-8")
            }
            return string
        }
        var text = Array(bytes[start..<position])
        while let byte = peek {
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw error("text must be UTF-8")
                }
                return string
            case UInt8(ascii: "\\"): try readEscape(into: &text)
            case 0..<0x20: throw error("a control character must be escaped")
            default:
                text.append(byte)
                position += 1
            }
        }
        throw error("a string must end with '\"'")
    }

    private mutating func readEscape(into text: inout [UInt8]) throws {
        position += 1
        guard let byte = peek else { throw error("unexpected end") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text += Array(String(try readScalar()).utf8)
        default: throw error("unknown escape")
        }
    }

    private mutating func readScalar() throws -> Unicode.Scalar {
        let high = try readHex()
        if let scalar = Unicode.Scalar(high) { return scalar }
        guard (0xD800..<0xDC00).contains(high), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
            throw error("a surrogate must be one of a pair")
        }
        let low = try readHex()
        guard (0xDC00..<0xE000).contains(low),
            let scalar = Unicode.Scalar(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
        else { throw error("a surrogate must be one of a pair") }
        return scalar
    }

    private mutating func readHex() throws -> UInt32 {
        guard position + 4 <= bytes.count else { throw error("four hexadecimal digits must follow \\u") }
        var number: UInt32 = 0
        for byte in bytes[position..<position + 4] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw error("four hexadecimal digits must follow \\u")
            }
            number = number << 4 | UInt32(digit)
        }
        position += 4
        return number
    }

    private mutating func readNumber() throws -> Value {
        let start = position
        _ = take(UInt8(ascii: "-"))
        if take(UInt8(ascii: "0")) {
            guard !isDigit else { throw error("a number must not start with 0") }
        } else {
            try readDigits()
        }
        var isInteger = true
        if take(UInt8(ascii: ".")) {
            isInteger = false
            try readDigits()
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            isInteger = false
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try readDigits()
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger, let number = Int64(text) { return .integer(number) }
        guard let number = Double(text), number.isFinite else {
            throw JSONError(offset: start, message: "number out of range")
        }
        return .number(number)
    }

    private mutating func readDigits() throws {
        guard isDigit else { throw error("a digit must stand here") }
        while isDigit { position += 1 }
    }

    private mutating func readWord(_ word: String, _ value: Value) throws -> Value {
        guard bytes[position...].starts(with: word.utf8) else { throw error("unexpected word") }
        position += word.utf8.count
        return value
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private var isDigit: Bool { peek.map { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ?? false }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private func error(_ message: String) -> JSONError { JSONError(offset: position, message: message) }
}
