/// Whether a glob matches the whole text: `*` is any run of characters, lines included, and `?` is one.
///
/// Takes time in proportion to the product of both lengths at worst, whatever the pattern.
package func globMatches(_ pattern: String, _ text: String) -> Bool {
    let pattern = Array(pattern.unicodeScalars)
    let text = Array(text.unicodeScalars)
    var place = 0
    var next = 0
    // Where the last star stood, and up to where the text belongs to it.
    var star: (pattern: Int, text: Int)?
    while next < text.count {
        if place < pattern.count, pattern[place] == "*" {
            star = (place, next)
            place += 1
        } else if place < pattern.count, pattern[place] == "?" || pattern[place] == text[next] {
            place += 1
            next += 1
        } else if let last = star {
            star = (last.pattern, last.text + 1)
            place = last.pattern + 1
            next = last.text + 1
        } else {
            return false
        }
    }
    return pattern[place...].allSatisfy { $0 == "*" }
}
