extension Value {
    /// The canonical JSON text: keys sorted by their UTF-8 bytes, no white space, shortest escapes.
    package var canonicalJSON: String { String(decoding: canonicalBytes, as: UTF8.self) }

    /// The bytes of ``canonicalJSON``, over which digests are computed.
    package var canonicalBytes: [UInt8] {
        var writer = JSONWriter(indentation: nil)
        writer.write(self, depth: 0)
        return writer.bytes
    }

    /// Indented JSON with sorted keys, ending without a newline.
    package var prettyJSON: String {
        var writer = JSONWriter(indentation: 2)
        writer.write(self, depth: 0)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}

/// Writes values as JSON bytes; a non-finite number becomes null, because JSON has none.
struct JSONWriter {
    private let indentation: Int?
    private(set) var bytes: [UInt8] = []

    init(indentation: Int?) { self.indentation = indentation }

    mutating func write(_ value: Value, depth: Int) {
        switch value {
        case .null: bytes += "null".utf8
        case .bool(let flag): bytes += (flag ? "true" : "false").utf8
        case .integer(let number): bytes += String(number).utf8
        case .number(let number): write(number)
        case .string(let text): write(text)
        case .array(let elements):
            writeList("[", "]", count: elements.count, depth: depth) { writer, index in
                writer.write(elements[index], depth: depth + 1)
            }
        case .object(let members):
            let sorted = members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            writeList("{", "}", count: sorted.count, depth: depth) { writer, index in
                writer.write(sorted[index].key)
                writer.bytes += (writer.indentation == nil ? ":" : ": ").utf8
                writer.write(sorted[index].value, depth: depth + 1)
            }
        }
    }

    private mutating func writeList(
        _ open: String,
        _ close: String,
        count: Int,
        depth: Int,
        element: (inout JSONWriter, Int) -> Void
    ) {
        bytes += open.utf8
        for index in 0..<count {
            if index > 0 { bytes += ",".utf8 }
            breakLine(depth: depth + 1)
            element(&self, index)
        }
        if count > 0 { breakLine(depth: depth) }
        bytes += close.utf8
    }

    private mutating func breakLine(depth: Int) {
        guard let indentation else { return }
        bytes.append(0x0A)
        bytes += repeatElement(0x20, count: depth * indentation)
    }

    private mutating func write(_ number: Double) {
        guard number.isFinite else {
            bytes += "null".utf8
            return
        }
        bytes += "\(number)".utf8
    }

    private mutating func write(_ text: String) {
        bytes.append(0x22)
        defer { bytes.append(0x22) }
        guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C }) else {
            bytes += text.utf8
            return
        }
        for byte in text.utf8 {
            switch byte {
            case 0x22: bytes += "\\\"".utf8
            case 0x5C: bytes += "\\\\".utf8
            case 0x0A: bytes += "\\n".utf8
            case 0x0D: bytes += "\\r".utf8
            case 0x09: bytes += "\\t".utf8
            case 0x00..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                bytes += "\\u00".utf8
                bytes += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: bytes.append(byte)
            }
        }
    }
}
