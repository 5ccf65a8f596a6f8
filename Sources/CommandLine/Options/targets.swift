import Domain

/// What a person names: `role/x skill/y`, or `roles x y`.
///
/// - Throws: a failure for words that mix both, and for a kind without a name.
func namedTargets(_ words: [String]) throws -> [Target] {
    guard let first = words.first else { return [] }
    guard !first.contains("/") else {
        return try words.map { word in
            guard word.contains("/") else {
                throw CommandFailure("after '\(first)' each argument must be kind/NAME, and '\(word)' is not")
            }
            let target = try Target(word)
            _ = try target.required()
            return target
        }
    }
    let kinds = try first.split(separator: ",").map { try Target(String($0)).kind }
    let names = words.dropFirst()
    guard let kind = kinds.first, !names.isEmpty else {
        throw CommandFailure("a name is missing, as in '\(kinds.first?.singular ?? first)/NAME'")
    }
    if let word = names.first(where: { $0.contains("/") }) {
        throw CommandFailure("'\(word)' must be a name, since '\(first)' is a kind already")
    }
    return kinds.count == 1
        ? names.map { Target(kind, $0) } : kinds.flatMap { kind in names.map { Target(kind, $0) } }
}

/// Splits `TARGET WORD…` of the verbs that take something after the object: `role/x a=b`, or `role x a=b`.
func leadingTarget(_ words: [String]) throws -> (target: Target, rest: [String]) {
    guard let first = words.first else { throw CommandFailure("must specify kind/NAME") }
    if first.contains("/") {
        let target = try Target(first)
        _ = try target.required()
        return (target, Array(words.dropFirst()))
    }
    let target = try Target(first, name: words.dropFirst().first)
    _ = try target.required()
    return (target, Array(words.dropFirst(2)))
}

extension Kind {
    /// An object of the kind as messages name it: `role.agirunner.dev/x`.
    func reference(_ name: String) -> String { "\(singular).\(Kind.group)/\(name)" }
}

extension ObjectKey {
    /// As messages name it: `role.agirunner.dev/x`.
    var reference: String { Kind.named(kind)?.reference(name) ?? "\(kind)/\(name)" }
}
