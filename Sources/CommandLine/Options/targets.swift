import Domain

/// What a person names: `role/x skill/y`, or `roles x y`.
///
/// - Throws: a failure for words that mix both, and for a kind without a name.
func namedTargets(_ words: [String]) throws -> [(kind: Kind, name: String)] {
    guard let first = words.first else { return [] }
    guard !first.contains("/") else {
        return try words.map { word in
            guard word.contains("/") else {
                throw CommandFailure("after '\(first)' each argument must be kind/NAME, and '\(word)' is not")
            }
            let target = try Target(word)
            return (target.kind, try target.required())
        }
    }
    let kinds = try first.split(separator: ",").map { try Target(String($0)).kind }
    let names = words.dropFirst()
    guard !kinds.isEmpty, !names.isEmpty else {
        throw CommandFailure("a name is missing, as in '\(kinds.first?.singular ?? first)/NAME'")
    }
    if let word = names.first(where: { $0.contains("/") }) {
        throw CommandFailure("'\(word)' must be a name, since '\(first)' is a kind already")
    }
    return kinds.flatMap { kind in names.map { (kind, $0) } }
}

/// Splits `TARGET WORD…` of the verbs that take something after the object: `role/x a=b`, or `role x a=b`.
func leadingTarget(_ words: [String]) throws -> (kind: Kind, name: String, rest: [String]) {
    guard let first = words.first else { throw CommandFailure("must specify kind/NAME") }
    let isWhole = first.contains("/")
    let target = try Target(first, name: isWhole ? nil : words.dropFirst().first)
    return (target.kind, try target.required(), Array(words.dropFirst(isWhole ? 1 : 2)))
}
