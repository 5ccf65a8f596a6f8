internal import Domain

/// The statements that drop what is no longer needed.
enum RetentionStatement: String, Statement, CaseIterable {
    /// The newest change always stays, so that a cursor at the end is never too old.
    case changes = """
        WITH gone AS (
            DELETE FROM changes
            WHERE time < clock_timestamp() - $1::bigint * interval '1 microsecond'
                AND position < (SELECT max(position) FROM changes)
            RETURNING position
        ) SELECT max(position) AS position FROM gone
        """
    case requests = """
        DELETE FROM requests WHERE time < clock_timestamp() - $1::bigint * interval '1 microsecond'
        """
    case lockFloor = "SELECT value FROM settings WHERE name = 'changes_floor' FOR UPDATE"
}

extension Store {
    /// Drops changes after an hour and answers to requests after a day; cursors before the dropped changes
    /// expire.
    package func trim(
        changesOlderThan changeAge: Duration = .seconds(3600),
        requestsOlderThan requestAge: Duration = .seconds(86_400)
    ) async throws {
        try await transaction { session in
            let floor = try session.rows(RetentionStatement.lockFloor).first?.value("value").integer ?? 0
            if let last = try session.rows(RetentionStatement.changes, changeAge).first?.optional("position"),
                let position = Int64(last), position > floor
            {
                try session.enqueue(SettingStatement.set, "changes_floor", Value.integer(position))
            }
            try session.enqueue(RetentionStatement.requests, requestAge)
        }
    }
}
