package import Domain

/// A line of a task's log with the attempt it came from.
package struct TaskLogEntry: Sendable, Hashable {
    /// Grows within an attempt and from one attempt of a task to the next: where to go on reading.
    package let cursor: Int64
    package let attemptUID: UID
    package let line: TaskLogLine

    /// An entry of its parts.
    package init(cursor: Int64, attemptUID: UID, line: TaskLogLine) {
        self.cursor = cursor
        self.attemptUID = attemptUID
        self.line = line
    }
}

/// The statements of task logs.
enum TaskLogStatement: String, Statement, CaseIterable {
    case append = """
        INSERT INTO task_logs (attempt_uid, sequence, time, source, message, data)
        SELECT $1, sequence, time, source, message, data FROM jsonb_to_recordset($2::jsonb)
            AS l (sequence bigint, time timestamptz, source text, message text, data jsonb)
        ORDER BY sequence ON CONFLICT DO NOTHING
        """
    case read = """
        SELECT l.cursor, l.attempt_uid, l.sequence, l.time, l.source, l.message, l.data FROM task_logs l
        WHERE l.cursor > $2 AND l.attempt_uid IN (SELECT uid FROM attempts WHERE uid = $1 OR task_uid = $1)
        ORDER BY l.cursor LIMIT $3::bigint
        """
}

extension Store {
    /// Appends lines to an attempt's log; a line whose number is there already is the same line.
    ///
    /// - Throws: `Failure.invalid` when there is no such attempt.
    package func appendLogs(_ attempt: UID, _ lines: [TaskLogLine]) async throws {
        guard !lines.isEmpty else { return }
        let documents = Value.array(try lines.map { try Value(encoding: $0) })
        try await transaction { session in
            try session.enqueue(TaskLogStatement.append, attempt, documents)
            session.hasNews = true
        }
    }

    /// Lines of an attempt, or of all attempts of a task, after a cursor, in the order they arrived.
    package func logs(of uid: UID, after cursor: Int64 = 0, limit: Int) async throws -> [TaskLogEntry] {
        try await read { session in
            try session.rows(TaskLogStatement.read, uid, cursor, limit).map { row in
                let line = TaskLogLine(
                    sequence: try row.integer("sequence"),
                    time: try row.moment("time"),
                    source: try row.text("source"),
                    message: try row.text("message"),
                    data: try row.optionalValue("data")
                )
                return TaskLogEntry(
                    cursor: try row.integer("cursor"),
                    attemptUID: UID(try row.text("attempt_uid")),
                    line: line
                )
            }
        }
    }
}
