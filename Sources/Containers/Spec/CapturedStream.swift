/// What is kept of an output stream: its beginning and its end, with a marker for what lies between.
package struct CapturedStream: Sendable, Hashable {
    /// The first bytes, at most half of the limit once something was left out.
    package private(set) var head: [UInt8] = []
    /// All bytes that were written, kept or not.
    package private(set) var total = 0

    private var recent: [UInt8] = []
    private let headLimit: Int
    private let tailLimit: Int

    /// Keeps at most `limit` bytes, not counting the marker.
    package init(limit: Int) {
        headLimit = max(0, limit) - max(0, limit) / 2
        tailLimit = max(0, limit) / 2
    }

    /// The last bytes that are not in `head`.
    package var tail: ArraySlice<UInt8> { recent.suffix(tailLimit) }

    /// How many bytes between head and tail were left out.
    package var omitted: Int { total - head.count - tail.count }

    /// Head, marker when something was left out, and tail.
    package var bytes: [UInt8] {
        guard omitted > 0 else { return head + tail }
        return head + Array("\n… [\(omitted) bytes left out] …\n".utf8) + tail
    }

    /// The bytes as text; what is not UTF-8 becomes U+FFFD.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Takes the next bytes of the stream.
    package mutating func append(_ bytes: [UInt8]) {
        total += bytes.count
        let toHead = min(headLimit - head.count, bytes.count)
        head += bytes.prefix(toHead)
        guard tailLimit > 0 else { return }
        recent += bytes.dropFirst(toHead).suffix(tailLimit)
        // Trimmed only when twice the limit is reached, so that each byte moves once on average.
        if recent.count >= 2 * tailLimit { recent.removeFirst(recent.count - tailLimit) }
    }

    package static func == (left: CapturedStream, right: CapturedStream) -> Bool {
        left.total == right.total && left.head == right.head && left.tail == right.tail
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(total)
        hasher.combine(head)
    }
}
