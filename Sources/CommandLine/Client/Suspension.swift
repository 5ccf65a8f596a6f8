import Domain

/// Stops a source, or lets it go on.
///
/// What a person applied has its own `spec.suspend`. What git declares is stopped by the annotation, which
/// its file knows nothing of and which survives its commits.
func setSuspended(_ isSuspended: Bool, _ name: String, _ connection: ConnectionOptions) async throws {
    let environment = try CommandEnvironment.required()
    let client = try connection.client()
    let source = try await client.get(.gitSource, namespace: nil, name: name)
    let isAnnotated = source.isSuspendedByAnnotation
    let isDeclared = source.isSuspendedBySpec
    let word = isSuspended ? "suspended" : "resumed"
    guard isSuspended != source.isSuspended else {
        return environment.output("\(Kind.gitSource.reference(name)) \(word) already")
    }
    var patch: Value = [:]
    if isAnnotated || (source.origin.gitSource != nil && isSuspended) {
        let value: Value = isSuspended ? "true" : .null
        patch["metadata"] = ["annotations": .object([GitSourceSpec.suspendAnnotation: value])]
    }
    if source.origin.gitSource == nil, isDeclared != isSuspended {
        patch["spec"] = ["suspend": .bool(isSuspended)]
    } else if isDeclared {
        let place = source.origin.place ?? "?"
        throw CommandFailure("\(source.key) is suspended by its file, \(place); change it there")
    }
    try await client.patch(.gitSource, namespace: nil, name: name, patch)
    environment.output("\(Kind.gitSource.reference(name)) \(word)")
}

extension DecisionOptions {
    /// Stops a run or a source, or lets it go on.
    func hold(_ isHeld: Bool, _ words: String) async throws {
        let target = try Target(words)
        guard target.kind == .gitSource else {
            return try await decide(isHeld ? .pause : .resume, on: words, done: isHeld ? "paused" : "resumed")
        }
        guard note == nil else {
            throw CommandFailure("--note is for runs; a source keeps no record of why")
        }
        try await setSuspended(isHeld, try target.required(), connection)
    }
}

extension Object {
    /// Whether nothing of a source is applied before somebody lifts that.
    var isSuspended: Bool { isSuspendedBySpec || isSuspendedByAnnotation }

    fileprivate var isSuspendedBySpec: Bool { spec?["suspend"] == true }

    fileprivate var isSuspendedByAnnotation: Bool {
        metadata.annotations?[GitSourceSpec.suspendAnnotation] == "true"
    }
}
