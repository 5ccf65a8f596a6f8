import Domain

/// A kind and perhaps a name as a person types them: `task/x`, `tasks`, `wf fix-division`.
struct Target {
    let kind: Kind
    let name: String?

    /// Reads `kind/name` or `kind` with a name after it; *throws* a failure that suggests the nearest kind.
    init(_ text: String, name: String? = nil) throws {
        let parts = text.split(separator: "/", maxSplits: 1).map(String.init)
        guard let kind = parts.first.flatMap(Kind.matching) else {
            let near = nearestName(
                to: parts.first ?? text,
                among: Kind.all.flatMap { [$0.plural, $0.singular] }
            )
            let hint = near.map { "did you mean '\($0)'?" } ?? "see 'agirunner api-resources'"
            throw CommandFailure("the server doesn't have a resource type '\(parts.first ?? text)'; \(hint)")
        }
        self.kind = kind
        self.name = parts.count > 1 ? parts[1] : name
    }

    /// *Throws* when no name was given.
    func required() throws -> String {
        guard let name else { throw CommandFailure("a name is missing, as in '\(kind.singular)/NAME'") }
        return name
    }
}
