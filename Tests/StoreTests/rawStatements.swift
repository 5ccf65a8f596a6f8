import Domain

@testable import Store

extension Store {
    /// Runs a statement that is written in a test, for what no statement of the store may do.
    func raw(_ sql: String) async throws { _ = try await read { try $0.execute(TableStatement(sql: sql)) } }

    /// The first column of the first row.
    func rawText(_ sql: String) async throws -> String? {
        try await read {
            try $0.rows(TableStatement(sql: "SELECT (\(sql))::text AS answer")).first?.optional("answer")
        }
    }
}

/// The failure that an operation ends with; nil when it succeeds.
func failure(_ operation: () async throws -> Void) async -> Failure? {
    do { try await operation() } catch { return error as? Failure }
    return nil
}
