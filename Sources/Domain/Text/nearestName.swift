/// The candidate most like a mistyped name, or nil when none is near enough to suggest.
///
/// Near enough is an edit distance (insert, delete, replace, swap neighbours) of at most a third of the
/// longer word and never over three, so that a suggestion is a likely slip and not a guess. No name of over
/// 128 scalars has one: comparing takes as long as two names' lengths multiplied.
package func nearestName(to name: String, among candidates: some Sequence<String>) -> String? {
    guard name.unicodeScalars.count <= 128 else { return nil }
    let wanted = Array(name.lowercased().unicodeScalars)
    return candidates.compactMap { candidate -> (name: String, distance: Int)? in
        let other = Array(candidate.lowercased().unicodeScalars)
        // Nobody meant a short word by a long one; comparing them would take as long as the author likes.
        guard abs(wanted.count - other.count) <= 3 else { return nil }
        let distance = editDistance(wanted, other)
        return distance <= min(3, max(1, max(wanted.count, other.count) / 3)) ? (candidate, distance) : nil
    }
    .min { ($0.distance, $0.name) < ($1.distance, $1.name) }?.name
}

private func editDistance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
    var previous: [Int] = []
    var current = Array(0...b.count)
    for i in 0..<a.count {
        var next = [i + 1]
        for j in 0..<b.count {
            var best = min(current[j] + (a[i] == b[j] ? 0 : 1), current[j + 1] + 1, next[j] + 1)
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, previous[j - 1] + 1) }
            next.append(best)
        }
        previous = current
        current = next
    }
    return current[b.count]
}
