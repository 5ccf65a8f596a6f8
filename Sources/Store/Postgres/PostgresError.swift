internal import Domain

/// What Postgres or the way to it refused, with the SQLSTATE that says why.
struct PostgresError: Error, CustomStringConvertible {
    /// Five characters; class 08 is made up here where the connection broke without an answer.
    let sqlState: String
    let message: String
    var constraint: String?
    /// Whether a commit was under way, so that nobody knows whether it took effect.
    var isUncertain = false

    static func lost(_ message: String) -> PostgresError {
        PostgresError(sqlState: "08006", message: message)
    }

    /// Names of constraints that only a race can violate: a second try finds the row that the other one
    /// wrote, or writes the specs of a run again that went with the last run that had them.
    private static let racy: Set<String> = [
        "objects_kind_namespace_name_key", "requests_pkey", "workflows_pin_fkey",
    ]

    var isConnectionLoss: Bool {
        // 25P03: the server ended a transaction that idled, and the connection with it.
        sqlState.hasPrefix("08") || sqlState.hasPrefix("57P") || sqlState == "25P03"
    }

    /// Whether the same transaction may be tried again.
    var isRetryable: Bool {
        if isUncertain { return false }
        if sqlState == "40001" || sqlState == "40P01" || isConnectionLoss { return true }
        return ["23505", "23503"].contains(sqlState) && constraint.map(Self.racy.contains) ?? false
    }

    /// The error that callers of the store see.
    var failure: Failure {
        let code: Failure.Code
        let text: String
        switch sqlState {
        case _ where isUncertain:
            (code, text) = (.unavailable, "The connection broke during a commit, which may have taken effect")
        case _ where isConnectionLoss: (code, text) = (.unavailable, "The database cannot be reached")
        case "40001", "40P01": (code, text) = (.unavailable, "Too many transactions were in each other's way")
        case "23505": (code, text) = (.alreadyExists, "The same thing exists already")
        case "23503", "23514", "23502":
            (code, text) = (.invalid, "The database refused a state that must not be")
        case "22023": (code, text) = (.unsupported, "The database does not know a value that it was given")
        case "57014": (code, text) = (.timeout, "A statement took too long")
        case "53100": (code, text) = (.exhausted, "The database's disk is full; nothing was changed")
        case "53300", "53200": (code, text) = (.exhausted, "The database has run out of a resource")
        default: (code, text) = (.internal, "The database refused a statement")
        }
        return Failure(
            code,
            text,
            outside: sqlState,
            reason: isUncertain ? "commit_uncertain" : nil,
            cause: self
        )
    }

    var description: String { constraint.map { "\(message) (\($0))" } ?? message }
}
