/// The candidate most like a mistyped name, or nil when none is near enough to suggest.
///
/// Near enough is an edit distance (insert, delete, replace, swap neighbours) of at most a third of the
/// longer word and never over three, so that a suggestion is a likely slip and not a guess.
package func nearestName(to name: String, among candidates: some Sequence<String>) -> String? {
    candidates.map { ($0, editDistance(name.lowercased(), $0.lowercased())) }
        .filter { $0.1 <= min(3, max(1, max(name.count, $0.0.count) / 3)) }
        .min { ($0.1, $0.0) < ($1.1, $1.0) }?.0
}

private func editDistance(_ left: String, _ right: String) -> Int {
    let a = Array(left.unicodeScalars)
    let b = Array(right.unicodeScalars)
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
