/// Whether a text is a DNS label (RFC 1123): 1–63 of `a-z`, `0-9` and `-`, not at either end.
package func isDNSLabel(_ text: String) -> Bool {
    (1...63).contains(text.utf8.count) && !text.hasPrefix("-") && !text.hasSuffix("-")
        && text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
}

/// A live object's name from its parts, at most 63 characters: `fix-division-implement-2`.
///
/// When the parts are too long the last one stays whole, the rest is cut, and a hash of the rest keeps two
/// long names apart but for a rare chance (FNV-1a, at most six base-36 digits).
package func liveName(_ parts: String...) -> String { liveName(parts, apart: nil) }

/// A live object's name from its parts, with the hash of a text before the last one: `a-test-1x2y3z-1`.
///
/// What joins two names can be read in two ways (`a-b` + `c` and `a` + `b-c`), so that of two objects called
/// alike one needs something of its own.
package func liveName(_ parts: [String], apart: String?) -> String {
    let whole = parts.joined(separator: "-")
    guard apart != nil || whole.utf8.count > 63, let last = parts.last else { return whole }
    let front = parts.dropLast().joined(separator: "-")
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in (front + (apart ?? "")).utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    let suffix = "-\(String(hash % 2_176_782_336, radix: 36))-\(last)"
    let cut = front.prefix(max(0, 63 - suffix.utf8.count))
    return cut + suffix
}
