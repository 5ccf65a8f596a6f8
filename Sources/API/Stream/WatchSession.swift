import Domain
import Logging
import ServiceLifecycle

/// One watcher's stream: what there is, then what changes.
///
/// At most one page of frames is in memory; while a slow client takes it, nothing more is read.
struct WatchSession: Sendable {
    let ports: ReadPorts
    let feed: WatchFeed
    let request: WatchRequest
    let encoding: FrameEncoding
    let timeout: Duration
    let heartbeat: Duration
    let logger: Logger

    /// Writes frames until the time is over, the door closes, or the feed cannot go on.
    @concurrent func run(_ writer: inout StreamWriter) async throws {
        let clock = ContinuousClock()
        let end = clock.now + timeout
        try await writer.write(encoding.preamble)
        do {
            var cursor = try await start(&writer)
            var lastSign = clock.now
            while clock.now < end, !Task.isShuttingDownGracefully {
                try Task.checkCancellation()
                let (frames, through) = try await feed.changes(cursor)
                cursor = max(cursor, through)
                if !frames.isEmpty {
                    try await write(frames, &writer)
                    lastSign = clock.now
                    continue
                }
                if clock.now - lastSign >= heartbeat {
                    try await writeSign(cursor, &writer)
                    lastSign = clock.now
                }
                let pause = min(heartbeat - (clock.now - lastSign), end - clock.now)
                await Streams.wait(ports, after: cursor, atMost: max(pause, .milliseconds(1)))
            }
        } catch let error where error is CancellationError || error is ClientGone {
            throw error
        } catch {
            let refusal = Refusal(answering: error, logger: logger)
            try await write([WatchFrame(kind: .error, object: refusal.statusObject, position: nil)], &writer)
        }
    }

    /// Shows what there is when the client named no position, and answers from where changes follow.
    @concurrent private func start(_ writer: inout StreamWriter) async throws -> Position {
        if let after = request.after {
            guard await ports.reaches(after) else {
                throw Refusal(
                    .expired,
                    "the resource version \(after) is none of this installation; list again"
                )
            }
            return after
        }
        let position = try await feed.snapshot { frames in try await write(frames, &writer) }
        // Only from here on an event source knows where to go on.
        if encoding == .events || request.wantsBookmarks { try await writeBookmark(position, &writer) }
        return position
    }

    @concurrent private func write(_ frames: [WatchFrame], _ writer: inout StreamWriter) async throws {
        try await writer.write(frames.flatMap(encoding.encode))
    }

    @concurrent private func writeSign(_ cursor: Position, _ writer: inout StreamWriter) async throws {
        guard encoding == .events || request.wantsBookmarks else { return }
        try await writer.write(encoding.heartbeat)
        try await writeBookmark(cursor, &writer)
    }

    @concurrent private func writeBookmark(_ position: Position, _ writer: inout StreamWriter) async throws {
        let frame = WatchFrame(kind: .bookmark, object: feed.bookmark(position), position: position)
        try await write([frame], &writer)
    }
}
