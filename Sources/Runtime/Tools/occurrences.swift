/// Where a text occurs in another, byte for byte and without overlap; nothing for an empty one.
func occurrences(of needle: String, in text: String) -> [Range<Int>] {
    occurrences(of: Array(needle.utf8), in: Array(text.utf8))
}

/// Where a run of bytes occurs in another, from left to right and without overlap; nothing for an empty one.
func occurrences(of needle: [UInt8], in bytes: [UInt8]) -> [Range<Int>] {
    guard let first = needle.first, bytes.count >= needle.count else { return [] }
    var found: [Range<Int>] = []
    var place = 0
    while place <= bytes.count - needle.count {
        if bytes[place] == first, bytes[place..<place + needle.count].elementsEqual(needle) {
            found.append(place..<place + needle.count)
            place += needle.count
        } else {
            place += 1
        }
    }
    return found
}
