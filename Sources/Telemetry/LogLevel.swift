internal import Logging

/// The least severe level that a program logs, as its option `--log-level` names it.
package enum LogLevel: String, Sendable, CaseIterable {
    case trace
    case debug
    case info
    case notice
    case warning
    case error
    case critical

    /// The level of the same name.
    var level: Logger.Level { Logger.Level(rawValue: rawValue) ?? .info }
}
