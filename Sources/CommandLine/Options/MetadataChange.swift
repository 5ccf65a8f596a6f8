import ArgumentParser
import Domain

/// What `label` and `annotate` set and take away.
struct MetadataChange {
    /// `labels` or `annotations`.
    let field: String
    private(set) var sets: [String: String] = [:]
    private(set) var removes: Set<String> = []

    /// Reads `KEY=VALUE` and `KEY-`; *throws* a failure for anything else, and for a key that comes twice.
    init(_ field: String, _ words: [String]) throws {
        self.field = field
        for word in words {
            if let sign = word.firstIndex(of: "="), sign != word.startIndex {
                let key = String(word[..<sign])
                guard sets.updateValue(String(word[sign...].dropFirst()), forKey: key) == nil else {
                    throw CommandFailure("'\(key)' is set twice")
                }
            } else if word.hasSuffix("-"), word.count > 1 {
                removes.insert(String(word.dropLast()))
            } else {
                throw CommandFailure("each change must be KEY=VALUE or KEY-, and '\(word)' is neither")
            }
        }
        guard !sets.isEmpty || !removes.isEmpty else {
            throw CommandFailure("at least one KEY=VALUE or KEY- must be given")
        }
        if let both = removes.first(where: { sets[$0] != nil }) {
            throw CommandFailure("'\(both)' cannot be set and taken away at once")
        }
    }

    /// The merge patch for an object; nil when it has everything already.
    ///
    /// It carries the version that was looked at, so that nobody's change meanwhile is overwritten unseen.
    ///
    /// - Throws: a failure for a key that has another value, unless it may be overwritten.
    func patch(for object: Object, overwrite: Bool) throws -> Value? {
        let metadata = object.metadata
        let there = (field == "labels" ? metadata.labels : metadata.annotations) ?? [:]
        if !overwrite {
            for (key, value) in sets.sorted(by: { $0.key < $1.key }) {
                guard let old = there[key], old != value else { continue }
                throw CommandFailure("'\(key)' already has a value (\(old)), and --overwrite is not given")
            }
        }
        var changes = sets.filter { there[$0.key] != $0.value }.mapValues(Value.string)
        for key in removes where there[key] != nil { changes[key] = .null }
        guard !changes.isEmpty else { return nil }
        let members: [String: Value] = [
            field: .object(changes),
            "resourceVersion": metadata.resourceVersion.map { .string($0.description) } ?? .null,
        ]
        return ["metadata": .object(members)]
    }

    /// What became of the object, in kubectl's words.
    func words(_ set: String, _ removed: String, isChanged: Bool) -> String {
        guard isChanged else { return "not \(set)" }
        return sets.isEmpty ? removed : set
    }
}

/// The options that `label` and `annotate` share.
struct MetadataOptions: ParsableArguments {
    @OptionGroup var connection: ConnectionOptions
    @Argument(help: "kind/NAME, then KEY=VALUE to set and KEY- to take away.") var words: [String]
    @Flag(help: "Replace a value that is there.") var overwrite = false
    @OptionGroup var choices: ChangeChoices

    /// Changes a map of an object's metadata; a status that moves meanwhile is no conflict.
    func change(_ field: String, set: String, removed: String) async throws {
        let environment = try CommandEnvironment.required()
        let (kind, name, rest) = try leadingTarget(words)
        let change = try MetadataChange(field, rest)
        let client = try connection.client()
        for attempt in 1...5 {
            let object = try await client.get(kind, namespace: connection.namespace, name: name)
            let patch = try change.patch(for: object, overwrite: overwrite)
            do {
                if let patch, choices.dryRun != .client {
                    try await client.patch(
                        kind,
                        namespace: connection.namespace,
                        name: name,
                        patch,
                        query: [choices.force.item],
                        dryRun: choices.dryRun
                    )
                }
            } catch let failure as CommandFailure where failure.isStale && attempt < 5 {
                continue
            }
            let said = change.words(set, removed, isChanged: patch != nil)
            return environment.output("\(kind.reference(name)) \(said)\(choices.dryRun.mark)")
        }
    }
}
