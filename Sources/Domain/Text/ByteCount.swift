/// A number of bytes.
package struct ByteCount: Sendable, Hashable, Comparable {
    /// Whole bytes.
    package let bytes: Int64

    /// A number of bytes.
    package init(bytes: Int64) { self.bytes = bytes }

    /// Reads a Kubernetes quantity such as `512Mi`, `1G` or `4096`; nil for anything else.
    package init?(quantity text: String) {
        let suffixes: [(String, Int64)] = [
            ("Ki", 1 << 10), ("Mi", 1 << 20), ("Gi", 1 << 30), ("Ti", 1 << 40),
            ("k", 1000), ("M", 1_000_000), ("G", 1_000_000_000), ("T", 1_000_000_000_000), ("", 1),
        ]
        guard let (suffix, factor) = suffixes.first(where: { text.hasSuffix($0.0) }),
            text.utf8.first.map({ (48...57).contains($0) }) == true,
            let number = Int64(text.dropLast(suffix.count))
        else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: factor)
        guard !overflow else { return nil }
        bytes = product
    }

    package static func < (left: ByteCount, right: ByteCount) -> Bool { left.bytes < right.bytes }
}
