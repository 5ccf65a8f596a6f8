/// An opaque text that names one thing of one kind; the phantom type keeps kinds of ids apart.
package struct Identifier<Subject>: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
    /// The id's text, as shown to people and stored.
    package let text: String

    /// An id from its text.
    package init(_ text: String) { self.text = text }

    package var description: String { text }

    package static func < (left: Self, right: Self) -> Bool { left.text < right.text }

    /// Encodes as plain text.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    /// Decodes plain text.
    package init(from decoder: any Decoder) throws {
        text = try decoder.singleValueContainer().decode(String.self)
    }
}

/// The phantom types of ``Identifier``.
package enum IdentifierSubject {
    package enum Object {}
    package enum Commit {}
    package enum Digest {}
    package enum Blob {}
}

/// The id an object keeps for life (`metadata.uid`): a lower-case UUID.
package typealias UID = Identifier<IdentifierSubject.Object>
/// A git commit's id: 40 hexadecimal digits.
package typealias CommitID = Identifier<IdentifierSubject.Commit>
/// A git blob's id: 40 hexadecimal digits.
package typealias BlobID = Identifier<IdentifierSubject.Blob>
/// A content digest: `sha256:` and 64 hexadecimal digits.
package typealias Digest = Identifier<IdentifierSubject.Digest>

extension Digest {
    /// The digest of nothing that there is.
    package static let unknown = Digest("")
}

extension CommitID {
    /// The seven digits people read.
    package var short: String { String(text.prefix(7)) }
}

extension UID {
    /// The uid whose 122 free bits are the given 16 bytes (RFC 9562, version 4 layout).
    package init(bytes: [UInt8]) {
        let digits = Array("0123456789abcdef")
        var padded = Array(bytes.prefix(16))
        padded += Array(repeating: 0, count: 16 - padded.count)
        padded[6] = padded[6] & 0x0F | 0x40
        padded[8] = padded[8] & 0x3F | 0x80
        var text = ""
        for (index, byte) in padded.enumerated() {
            if [4, 6, 8, 10].contains(index) { text.append("-") }
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        self.init(text)
    }
}

/// A place in the installation's one log: an object's `resourceVersion`, the watch cursor and the SSE id.
package struct Position: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
    /// The number drawn from the sequence; positive once written.
    package let number: Int64

    /// A position from its number.
    package init(_ number: Int64) { self.number = number }

    /// Reads the string form that clients hand back; nil for anything else.
    package init?(_ text: String) {
        guard let number = Int64(text), number >= 0 else { return nil }
        self.number = number
    }

    /// Before everything.
    package static let start = Position(0)

    package var description: String { String(number) }

    package static func < (left: Position, right: Position) -> Bool { left.number < right.number }

    /// Encodes as a string, since JSON numbers lose digits above 2^53.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    /// Decodes the string form.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let position = Position(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "a position must be a number"
            )
        }
        self = position
    }
}
