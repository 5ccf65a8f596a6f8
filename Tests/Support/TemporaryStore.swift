package import Store
internal import Synchronization

/// A migrated store in an empty schema of its own, whose service runs until the body ends.
///
/// - Throws: what the body throws.
package func withStore<Answer: Sendable>(
    connections: Int = 4,
    _ body: @Sendable @escaping (Store) async throws -> Answer
) async throws -> Answer {
    let cluster = try await TemporaryCluster.shared()
    let schema = schemaCount.withLock { count in
        count += 1
        return "t\(count)"
    }
    return try await withStore(settings: cluster.settings(schema: schema, connections: connections), body)
}

/// A migrated store with these settings, whose service runs until the body ends; makes the schema.
package func withStore<Answer: Sendable>(
    settings: StoreSettings,
    _ body: @Sendable @escaping (Store) async throws -> Answer
) async throws -> Answer {
    let store = Store(settings: settings)
    defer { store.close() }
    try await store.makeSchema()
    try await store.migrate()
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await store.run() }
        defer { group.cancelAll() }
        return try await body(store)
    }
}

// Schemas of one process differ by a number; the cluster is that of the process.
private let schemaCount = Mutex(0)
