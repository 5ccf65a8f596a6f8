package import Domain

/// The statements about who holds an attempt.
enum HoldingStatement: String, Statement, CaseIterable {
    case byToken = "SELECT uid, workflow_uid FROM attempts WHERE token_digest = $1"
    case phases = """
        SELECT a.uid, w.phase FROM attempts a JOIN workflows w ON w.uid = a.workflow_uid WHERE a.uid =
            ANY($1::text[])
        """
    case names = "SELECT uid, name FROM attempts WHERE uid = ANY($1::text[])"
}

extension Store {
    /// The attempt whose token has a digest, with its run; nil when there is none.
    package func attempt(tokenDigest: Digest) async throws -> (workflow: UID, attempt: UID)? {
        try await read { session in
            try session.rows(HoldingStatement.byToken, tokenDigest).first.map { row in
                (UID(try row.text("workflow_uid")), UID(try row.text("uid")))
            }
        }
    }

    /// Where the runs of some attempts stand; attempts that do not exist are missing.
    package func phases(of attempts: [UID]) async throws -> [UID: WorkflowPhase] {
        try await read { session in
            let rows = try session.rows(HoldingStatement.phases, attempts.map(\.text)).map { row in
                (UID(try row.text("uid")), WorkflowPhase(rawValue: try row.text("phase")) ?? .failed)
            }
            return Dictionary(rows, uniquingKeysWith: { first, _ in first })
        }
    }

    /// The names of some attempts; attempts that do not exist are missing.
    package func names(of attempts: Set<UID>) async throws -> [UID: String] {
        try await read { session in
            let rows = try session.rows(HoldingStatement.names, attempts.map(\.text).sorted()).map { row in
                (UID(try row.text("uid")), try row.text("name"))
            }
            return Dictionary(rows, uniquingKeysWith: { first, _ in first })
        }
    }

    /// The time of the database, the only clock that rows are compared with.
    package func now() async throws -> Timestamp { try await read { try $0.now() } }
}
