internal import Glibc
internal import Logging
internal import Metrics
internal import Synchronization

/// What a program's telemetry is made of.
package struct Telemetry: Sendable {
    /// Learns the secrets that log lines must not carry.
    package let redaction: LogRedaction
    /// All counters, gauges and histograms of the process.
    package let metrics: MetricsRegistry
}

/// Sends every logger of the process to the standard error as JSON lines, and every metric to a registry.
///
/// Called once in `main`, before any logger or metric is made.
package func bootstrap(program: String, level: LogLevel) -> Telemetry {
    let telemetry = Telemetry(redaction: LogRedaction(), metrics: MetricsRegistry())
    let output = StandardError()
    LoggingSystem.bootstrap(
        { label, provider in
            var handler = JSONLinesHandler(
                program: program,
                label: label,
                level: level.level,
                redaction: telemetry.redaction,
                clock: WallTime.now,
                write: output.write
            )
            handler.metadataProvider = provider
            return handler
        },
        metadataProvider: nil
    )
    MetricsSystem.bootstrap(telemetry.metrics)
    return telemetry
}

/// The process's standard error, one line at a time.
private final class StandardError: Sendable {
    private let turn = Mutex(())

    @Sendable func write(_ line: [UInt8]) {
        turn.withLock { _ in
            var rest = line[...]
            while !rest.isEmpty {
                let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(2, $0.baseAddress, $0.count) }
                if count < 0 && errno == EINTR { continue }
                // A log that cannot be written must not stop the program.
                guard count > 0 else { return }
                rest = rest.dropFirst(count)
            }
        }
    }
}
