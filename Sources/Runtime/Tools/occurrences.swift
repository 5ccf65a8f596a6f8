/// Where a text occurs in another, byte for byte and without overlap; nothing for an empty one.
func occurrences(of needle: String, in text: String) -> Occurrences {
    occurrences(of: Array(needle.utf8), in: Array(text.utf8))
}

/// Where a run of bytes occurs in another, from left to right and without overlap; nothing for an empty one.
func occurrences(of needle: [UInt8], in bytes: [UInt8]) -> Occurrences { Occurrences(needle, bytes) }

/// The places of a run of bytes in another, found one after the other.
///
/// Each byte is looked at once, whatever repeats itself (Knuth, Morris and Pratt), so that a hostile pair of
/// texts costs no more time than any other.
struct Occurrences: Sequence, IteratorProtocol {
    private let needle: [UInt8]
    private let bytes: [UInt8]
    /// For each length of a beginning of the needle, less one: how long an end of it is a beginning, too.
    private let borders: [Int]
    private var place = 0

    init(_ needle: [UInt8], _ bytes: [UInt8]) {
        self.needle = needle
        self.bytes = bytes
        var borders = [Int](repeating: 0, count: needle.count)
        var length = 0
        for index in needle.indices.dropFirst() {
            while length > 0, needle[index] != needle[length] { length = borders[length - 1] }
            if needle[index] == needle[length] { length += 1 }
            borders[index] = length
        }
        self.borders = borders
    }

    /// Whether there is no further place.
    var isEmpty: Bool {
        var rest = self
        return rest.next() == nil
    }

    mutating func next() -> Range<Int>? {
        guard !needle.isEmpty else { return nil }
        var matched = 0
        while place < bytes.count {
            while matched > 0, bytes[place] != needle[matched] { matched = borders[matched - 1] }
            if bytes[place] == needle[matched] { matched += 1 }
            place += 1
            if matched == needle.count { return place - matched..<place }
        }
        return nil
    }
}
