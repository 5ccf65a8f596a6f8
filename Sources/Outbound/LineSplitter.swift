/// Cuts bytes that come in pieces into lines that end with LF; a CR before it is dropped.
package struct LineSplitter: Sendable {
    private let maximumLineBytes: Int
    private var pending: [UInt8] = []

    package init(maximumLineBytes: Int = 1 << 20) { self.maximumLineBytes = maximumLineBytes }

    /// Takes a piece and gives back the lines it completes, without their ends.
    ///
    /// - Throws: `OutboundError.tooLong`; the splitter is of no more use then.
    package mutating func push(_ bytes: some Sequence<UInt8>) throws(OutboundError) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        for byte in bytes {
            if byte == 10 {
                if pending.last == 13 { pending.removeLast() }
                lines.append(pending)
                pending = []
            } else if pending.count < maximumLineBytes {
                pending.append(byte)
            } else {
                throw OutboundError(
                    code: .tooLong,
                    message: "A line is longer than \(maximumLineBytes) bytes",
                    call: "LineSplitter"
                )
            }
        }
        return lines
    }

    /// The line that had no end when the stream ended; nil when there is none.
    package mutating func finish() -> [UInt8]? {
        defer { pending = [] }
        return pending.isEmpty ? nil : pending
    }
}
