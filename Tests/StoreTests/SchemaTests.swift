import Domain
import Support
import Testing

@testable import Store

@Suite struct SchemaTests {
    @Test func `migrating again changes nothing`() async throws {
        try await withStore { store in
            let before = try await store.installation()
            try await store.migrate()
            #expect(try await store.installation() == before)
            #expect(
                try await store.rawText("SELECT count(*) FROM schema_migrations") == "\(Migration.all.count)"
            )
        }
    }

    /// A store whose schema is made and still empty.
    private func emptyStore() async throws -> Store {
        let number = UInt64.random(in: 1...999_999_999)
        let store = Store(settings: try await TemporaryCluster.shared().settings(schema: "empty\(number)"))
        try await store.makeSchema()
        return store
    }

    @Test func `several processes may migrate at once`() async throws {
        let store = try await emptyStore()
        defer { store.close() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 { group.addTask { try await store.migrate() } }
            try await group.waitForAll()
        }
        #expect(try await store.rawText("SELECT count(*) FROM schema_migrations") == "\(Migration.all.count)")
    }

    @Test func `a migration that was edited, and one of a newer program, are refused`() async throws {
        let store = try await emptyStore()
        defer { store.close() }
        try await store.migrate()
        try await store.raw("INSERT INTO schema_migrations VALUES ('m9999_future', '', now())")
        #expect(await failure { try await store.migrate() }?.code == .unsupported)
        try await store.raw("UPDATE schema_migrations SET digest = 'another'")
        #expect(await failure { try await store.migrate() }?.code == .corrupted)
    }

    /// A released migration never changes: its digest stands here, and a change is a new migration.
    @Test func `migrations have the digests they were released with`() async throws {
        try await withStore { store in
            let digests = try await store.read { session in
                try Migration.all.map { migration in
                    let row = try session.rows(MigrationStatement.digest, migration.script).first
                    return "\(migration.name) \(try row?.text("digest") ?? "")"
                }
            }
            #expect(
                try differenceFromGolden(
                    digests.joined(separator: "\n") + "\n",
                    "Tests/Goldens/Store/migrations.txt"
                )
                    == nil
            )
        }
    }

    @Test func `every migration says what it locks`() {
        for migration in Migration.all { #expect(migration.script.hasPrefix("-- Lock impact: ")) }
    }

    @Test func `the tables in the database are those described`() async throws {
        try await withStore { store in
            for table in Table.all {
                let columns = try await store.read { session in
                    try session.rows(
                        TableStatement(
                            sql: "SELECT column_name, data_type FROM information_schema.columns "
                                + "WHERE table_schema = current_schema() AND table_name = $1"
                        ),
                        table.name
                    ).map { "\(try $0.text("column_name")) \(try $0.text("data_type"))" }
                }
                let described = table.columns.map { column in
                    let type =
                        switch column.type {
                        case .position: "bigint"
                        case .timestamptz: "timestamp with time zone"
                        default: column.type.rawValue
                        }
                    return "\(column.name) \(type)"
                }
                #expect(columns.sorted() == described.sorted(), "\(table.name)")
            }
        }
    }

    private static let statements: [any Statement] =
        ([
            ServiceStatement.allCases, SettingStatement.allCases, MigrationStatement.allCases,
            KeyStatement.allCases,
            DeclaredStatement.allCases, GuardStatement.allCases, RevisionStatement.allCases,
            RunStatement.allCases,
            ClaimStatement.allCases, HoldingStatement.allCases,
            FleetStatement.allCases, LogStatement.allCases, TaskLogStatement.allCases,
            RetentionStatement.allCases,
            ControlStatement.allCases, Table.all.flatMap { [$0.insert, $0.update] },
            ShownTable.all.flatMap { [$0.get, $0.list, $0.byUID] },
        ] as [[any Statement]]).flatMap { $0 }

    @Test func `Postgres can plan every statement`() async throws {
        try await withStore { store in
            try await store.transaction { session in
                try session.execute(TableStatement(sql: "SET LOCAL plan_cache_mode = force_generic_plan"))
                for (index, statement) in Self.statements.enumerated() {
                    let verbs = ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"]
                    // BEGIN, LISTEN, SET and CREATE have no plan; other tests run them. Tables without uid
                    // have no update.
                    guard verbs.contains(where: statement.sql.hasPrefix) else { continue }
                    if statement.sql.hasPrefix("UPDATE events") || statement.sql.hasPrefix("UPDATE changes") {
                        continue
                    }
                    let count = (1...9).last { statement.sql.contains("$\($0)") } ?? 0
                    try session.execute(TableStatement(sql: "PREPARE explained\(index) AS \(statement.sql)"))
                    let nulls = Array(repeating: "NULL", count: count).joined(separator: ", ")
                    let arguments = count == 0 ? "" : "(\(nulls))"
                    let plan = try session.rows(
                        TableStatement(sql: "EXPLAIN EXECUTE explained\(index)\(arguments)")
                    )
                    #expect(plan.first != nil)
                }
            }
        }
    }

    @Test func `every foreign key has an index`() async throws {
        try await withStore { store in
            let slow = try await store.rawText(
                """
                SELECT string_agg(c.conrelid::regclass || '.' || a.attname, ' ') FROM pg_constraint c
                JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
                WHERE c.contype = 'f' AND c.connamespace = current_schema()::regnamespace AND NOT EXISTS (
                    SELECT FROM pg_index i
                    WHERE i.indrelid = c.conrelid AND i.indkey[0] = a.attnum AND i.indpred IS NULL
                )
                """
            )
            #expect(slow == nil)
        }
    }

    @Test func `events of a namespace are found by it`() async throws {
        try await withStore { store in
            try await store.transaction { session in
                for setting in ["enable_seqscan = off", "plan_cache_mode = force_custom_plan"] {
                    try session.execute(TableStatement(sql: "SET LOCAL \(setting)"))
                }
                for statement in [LogStatement.eventsForward, .eventsBackward] {
                    try session.execute(TableStatement(sql: "PREPARE \(statement) AS \(statement.sql)"))
                    let plan = try session.rows(
                        TableStatement(sql: "EXPLAIN EXECUTE \(statement)(0, 9, NULL, 'default', 9)")
                    ).map { try $0.text("QUERY PLAN") }.joined(separator: "\n")
                    #expect(plan.contains("events_namespace") && !plan.contains("Sort"), "\(plan)")
                }
            }
        }
    }

    @Test func `whoever waits for another's migration waits longer than for a statement`() async throws {
        let store = try await emptyStore()
        defer { store.close() }
        var settings = store.settings
        settings.statementTimeout = .seconds(1)
        let second = Store(settings: settings)
        defer { second.close() }
        let door = Door()
        async let first: Void = store.transaction { session in
            _ = try session.rows(MigrationStatement.lock)
            try door.pass(session)
        }
        await door.waitUntilReached()
        async let waiting: Void = second.migrate()
        // A second more than the client gives a statement that the server does not end.
        try await ContinuousClock().sleep(for: settings.statementTimeout + .seconds(6))
        door.open()
        try await first
        try await waiting
        #expect(try await store.rawText("SELECT count(*) FROM schema_migrations") == "\(Migration.all.count)")
    }

    @Test func `what the log is read by has an index`() async throws {
        try await withStore { store in
            let statements: [any Statement] = [
                LogStatement.changes, LogStatement.eventsForward, KeyStatement.claim, ClaimStatement.expired,
            ]
            try await store.transaction { session in
                try session.execute(TableStatement(sql: "SET LOCAL enable_seqscan = off"))
                try session.execute(TableStatement(sql: "SET LOCAL plan_cache_mode = force_generic_plan"))
                for (index, statement) in statements.enumerated() {
                    let count = (1...9).last { statement.sql.contains("$\($0)") } ?? 0
                    try session.execute(TableStatement(sql: "PREPARE p\(index) AS \(statement.sql)"))
                    let nulls = Array(repeating: "NULL", count: count).joined(separator: ", ")
                    let plan = try session.rows(TableStatement(sql: "EXPLAIN EXECUTE p\(index)(\(nulls))"))
                        .map { try $0.text("QUERY PLAN") }.joined(separator: "\n")
                    #expect(!plan.contains("Seq Scan"), "\(plan)")
                }
            }
        }
    }

    @Test func `a claim reads ready tasks in their order instead of sorting all of them`() async throws {
        try await withStore { store in
            try await store.transaction { session in
                // Without an index of this order Postgres sorts all the same.
                for way in ["seqscan", "sort", "hashjoin", "mergejoin"] {
                    try session.execute(TableStatement(sql: "SET LOCAL enable_\(way) = off"))
                }
                try session.execute(TableStatement(sql: "SET LOCAL plan_cache_mode = force_generic_plan"))
                try session.execute(TableStatement(sql: "PREPARE c AS \(ClaimStatement.candidate.sql)"))
                let plan = try session.rows(TableStatement(sql: "EXPLAIN EXECUTE c(NULL, NULL, NULL)"))
                    .map { try $0.text("QUERY PLAN") }.joined(separator: "\n")
                #expect(plan.contains("tasks_claim") && !plan.contains("Sort"), "\(plan)")
            }
        }
    }
}
