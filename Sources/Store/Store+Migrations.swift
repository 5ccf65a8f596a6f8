internal import Domain

/// A step of the schema; once released it never changes.
struct Migration: Sendable {
    let name: String
    let script: String

    /// Every step there is, in order.
    static let all: [Migration] = [
        Migration(
            name: "m0001_base",
            script: String(decoding: PackageResources.m0001_base_sql, as: UTF8.self)
        ),
        Migration(
            name: "m0002_claim_order",
            script: String(decoding: PackageResources.m0002_claim_order_sql, as: UTF8.self)
        ),
        Migration(
            name: "m0003_revision_attempts",
            script: String(decoding: PackageResources.m0003_revision_attempts_sql, as: UTF8.self)
        ),
        Migration(
            name: "m0004_field_owners",
            script: String(decoding: PackageResources.m0004_field_owners_sql, as: UTF8.self)
        ),
        Migration(
            name: "m0005_foreign_keys",
            script: String(decoding: PackageResources.m0005_foreign_keys_sql, as: UTF8.self)
        ),
    ]
}

enum MigrationStatement: String, Statement, CaseIterable {
    case unlimited = "SET LOCAL statement_timeout = '10min'"
    /// One at a time for each schema, whatever process it is in; ends with the transaction.
    case lock = "SELECT pg_advisory_xact_lock(hashtextextended('agirunner.migrate:' || current_schema(), 0))"
    case table = """
        CREATE TABLE IF NOT EXISTS schema_migrations (
            name text PRIMARY KEY, digest text NOT NULL, applied_at timestamptz NOT NULL)
        """
    case applied = "SELECT digest FROM schema_migrations WHERE name = $1"
    case digest = "SELECT encode(sha256(convert_to($1::text, 'UTF8')), 'hex') AS digest"
    case record =
        "INSERT INTO schema_migrations (name, digest, applied_at) VALUES ($1, $2, clock_timestamp())"
    case schema = "SELECT format('CREATE SCHEMA IF NOT EXISTS %I', $1::text) AS sql"
    case names = "SELECT name FROM schema_migrations ORDER BY name"
}

extension Store {
    /// Makes the settings' schema when it is missing; without one the user's default is used.
    package func makeSchema() async throws {
        guard let schema = settings.schema else { return }
        try await transaction { session in
            guard let sql = try session.rows(MigrationStatement.schema, schema).first?.text("sql") else {
                return
            }
            try session.run(script: sql, timeout: settings.statementTimeout)
        }
    }

    /// Brings the schema up to this program's version; does nothing when it is there.
    ///
    /// - Throws: `Failure.corrupted` when an applied step differs from the one this program holds,
    ///   `.unsupported` when the database was migrated by a newer program.
    package func migrate() async throws {
        for migration in Migration.all {
            try await transaction { session in
                try session.execute(MigrationStatement.unlimited)
                // Waited for as long as a migration may take; other statements are given up much earlier.
                try session.run(script: MigrationStatement.lock.sql, timeout: .seconds(600))
                try session.execute(MigrationStatement.table)
                try session.apply(migration)
            }
        }
        let known = Set(Migration.all.map(\.name))
        let names = try await read { session in
            try session.rows(MigrationStatement.names).map { try $0.text("name") }
        }
        if let newer = names.first(where: { !known.contains($0) }) {
            throw Failure(
                .unsupported,
                "The database has migration \(newer), which this program does not know"
            )
        }
    }
}

extension Session {
    fileprivate func apply(_ migration: Migration) throws {
        let digest = try rows(MigrationStatement.digest, migration.script).first?.text("digest")
        if let applied = try rows(MigrationStatement.applied, migration.name).first {
            guard try applied.text("digest") == digest else {
                throw Failure(.corrupted, "Migration \(migration.name) is not the one that was applied")
            }
            return
        }
        try run(script: migration.script, timeout: .seconds(600))
        try execute(MigrationStatement.record, migration.name, digest)
    }
}
