import Domain
import Outbound
import Synchronization

extension ControlClient {
    /// How long a server may be gone in the middle of a stream; a restart with its database takes less.
    private static let longestSilence = Duration.seconds(120)

    /// Hands over what a watch shows after a version, and asks again from the last one when the server ends
    /// the stream, as it does now and then and when it is restarted.
    ///
    /// - Throws: an error of the server or of `each`, which alone end it; the server's is a `CommandFailure`.
    func watch(
        _ path: String,
        _ items: [(String, String?)] = [],
        after version: String?,
        accept: String = "application/json",
        each: @Sendable (_ type: String, _ object: Value) throws -> Void
    ) async throws {
        let seen = Mutex(version)
        try await following { answered in
            // Bookmarks move the version on where nothing changes, so that it does not grow too old.
            let query = query(
                [("watch", "1"), ("allowWatchBookmarks", "true"), ("resourceVersion", seen.withLock { $0 })]
                    + items
            )
            try await transport.lines(path + query, [("Accept", accept)]) { line in
                let frame = try Value(json: line)
                let (type, object) = (frame["type"]?.string ?? "", frame["object"] ?? .null)
                guard type != "ERROR" else {
                    let status = object["code"]?.integer.map { Int($0) } ?? 410
                    throw CommandFailure(.init(status: status, body: object.canonicalBytes))
                }
                if type != "BOOKMARK" { try each(type, object) }
                if let version = object.at("metadata", "resourceVersion")?.string {
                    seen.withLock { $0 = version }
                }
                answered()
                return true
            }
            return true
        }
    }

    /// Repeats what reads a stream for as long as it answers true, also past a server that is being
    /// restarted; it says whenever the server has answered it.
    ///
    /// - Throws: what the reader throws, once the server has not answered for two minutes where it may later.
    func following(_ read: (_ answered: @Sendable () -> Void) async throws -> Bool) async throws {
        let clock = ContinuousClock()
        let silentSince = Mutex<ContinuousClock.Instant?>(nil)
        while true {
            do {
                guard try await read({ silentSince.withLock { $0 = nil } }) else { return }
            } catch  where mayPass(error) {
                let start = silentSince.withLock { since in
                    let start = since ?? clock.now
                    since = start
                    return start
                }
                guard clock.now - start < Self.longestSilence else { throw error }
            }
            try await clock.sleep(for: .milliseconds(200))
        }
    }
}

/// Whether the server may answer later: it is being restarted, or its database is.
func mayPass(_ error: any Error) -> Bool {
    guard let failure = error as? CommandFailure else {
        return (error as? OutboundError)?.isTransient ?? false
    }
    return ["ServiceUnavailable", "InternalError", "Timeout"].contains(failure.reason)
}
