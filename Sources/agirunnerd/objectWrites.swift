import API
import Catalog
import Domain
import Store

/// How often a write that loses the race for an object is tried again, when the client named no version.
private let attempts = 4

/// The options of an object that a person sends; of what it does not look at, only the keys are read.
func doorOptions(_ actor: String, _ key: ObjectKey, _ store: Store) async throws -> LoadOptions {
    let specs = try await store.declaredSpecs(kinds: LoadOptions.kindsRead(by: key.kind))
    return .door(actor, key, specs: specs, stored: try await store.stored(key))
}

/// Validates an object as a file would be, and writes it for a person.
func write(_ request: WriteRequest, _ store: Store) async throws -> WriteResult {
    for _ in 1..<attempts {
        do {
            return try await tryToWrite(request, store)
        } catch let failure as Failure where failure.reason == "stale" && request.resourceVersion == nil {
            // What is applied is laid over what was read, and somebody wrote meanwhile.
            continue
        }
    }
    return try await tryToWrite(request, store)
}

private func tryToWrite(_ request: WriteRequest, _ store: Store) async throws -> WriteResult {
    let existing = try await store.stored(request.key)
    // Before it is judged: what a controller wrote is no declaration with mistakes.
    if existing == nil { try await store.refuseLive(request.key) }
    let isApplied = request.method == .apply
    let document = isApplied ? existing?.applying(request.object, as: request.manager) : nil
    let (declared, warnings) = try await judged(document ?? request.object, request, store)
    let (stored, position) = try await store.applyOne(
        declared,
        mode: request.method.mode,
        write: FieldWrite(
            manager: request.manager,
            operation: isApplied ? .apply : .update,
            applied: isApplied ? FieldSet(of: request.object.fieldBody) : nil,
            isForced: request.isForced,
            takesOwnership: request.takesOwnership
        ),
        actor: request.actor,
        expectedResourceVersion: request.resourceVersion
            ?? (isApplied ? existing?.object.metadata.resourceVersion : nil),
        isDryRun: request.isDryRun,
        newUID: newUID
    )
    if !request.isDryRun { await untilShown(position, store) }
    return WriteResult(object: stored.shown, isCreated: existing == nil, warnings: warnings)
}

/// Waits until a write is shown to readers, or for as long as a client can be kept waiting.
func untilShown(_ position: Position, _ store: Store) async {
    // The write is done, however the wait ends. An error would have it sent again, and a create is refused
    // then.
    try? await store.waitForHorizon(position, deadline: .seconds(5))
}

/// The whole object of a document, with what is doubtful about it.
private func judged(
    _ document: Value,
    _ request: WriteRequest,
    _ store: Store
) async throws -> (Declared, warnings: [String]) {
    var options = try await doorOptions(request.actor, request.key, store)
    options.unknownFields =
        switch request.fieldValidation {
        case .strict: .refused
        case .warn: .warned
        case .ignore: .ignored
        }
    let loaded = Loader().load(document, options: options)
    guard let declared = loaded.objects.first, !loaded.hasErrors else {
        throw InvalidObject(diagnostics: loaded.diagnostics.filter { $0.severity == .error })
    }
    let warnings = loaded.diagnostics.map { [$0.message, $0.fix].compactMap(\.self).joined(separator: "; ") }
    return (declared, warnings)
}

extension WriteRequest.Method {
    fileprivate var mode: ApplyMode {
        switch self {
        case .create: .create
        case .replace: .replace
        case .apply: .apply
        }
    }
}
