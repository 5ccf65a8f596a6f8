internal import Domain

/// Where the database is and how it is used.
package struct StoreSettings: Sendable, Hashable {
    /// A socket directory (an absolute path) or a host name.
    package var host: String
    /// nil is 5432, which a socket's file name carries too.
    package var port: Int?
    package var database: String
    package var user: String
    /// The schema that holds the tables; nil is the user's default.
    package var schema: String?
    /// At most this many connections for transactions; the service holds three more.
    package var connections: Int
    /// A statement that takes longer is ended by the server.
    package var statementTimeout: Duration
    /// A transaction that does nothing for longer is ended by the server, and its connection with it.
    package var idleTimeout: Duration
    package var connectTimeout: Duration
    /// How long a transaction waits for a free connection.
    package var poolTimeout: Duration
    /// What `pg_stat_activity` shows.
    package var applicationName: String

    /// Settings with the defaults of one control plane process.
    package init(
        host: String,
        port: Int? = nil,
        database: String,
        user: String,
        schema: String? = nil,
        connections: Int = 8,
        statementTimeout: Duration = .seconds(15),
        idleTimeout: Duration = .seconds(15),
        connectTimeout: Duration = .seconds(5),
        poolTimeout: Duration = .seconds(10),
        applicationName: String = "agirunnerd"
    ) {
        self.host = host
        self.port = port
        self.database = database
        self.user = user
        self.schema = schema
        self.connections = connections
        self.statementTimeout = statementTimeout
        self.idleTimeout = idleTimeout
        self.connectTimeout = connectTimeout
        self.poolTimeout = poolTimeout
        self.applicationName = applicationName
    }

    /// The text libpq connects with.
    ///
    /// Time zone and date style are fixed so that times read back alike
    /// everywhere.
    var connectionText: String {
        var options = [
            "-c TimeZone=UTC", "-c DateStyle=ISO", "-c client_min_messages=warning",
            "-c statement_timeout=\(statementTimeout.atLeastOneMillisecond)ms",
            "-c idle_in_transaction_session_timeout=\(idleTimeout.atLeastOneMillisecond)ms",
            "-c default_transaction_isolation=read\\ committed",
        ]
        if let schema { options.append("-c search_path=\(schema)") }
        let parts = [
            ("host", host), ("port", "\(port ?? 5432)"), ("dbname", database), ("user", user),
            ("application_name", applicationName), ("client_encoding", "UTF8"),
            ("options", options.joined(separator: " ")),
        ]
        return parts.map { "\($0.0)='\($0.1.escaped)'" }.joined(separator: " ")
    }
}

extension Duration {
    /// Whole milliseconds, of which none would be no limit at all.
    fileprivate var atLeastOneMillisecond: Int64 { max(1, milliseconds) }
}

extension String {
    fileprivate var escaped: String { String(flatMap { "'\\".contains($0) ? ["\\", $0] : [$0] }) }
}
