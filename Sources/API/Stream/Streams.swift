import Domain
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle
import Synchronization

/// The open streams of a door.
struct Streams: Sendable {
    private let count = StreamCount()
    let ports: ReadPorts
    let settings: DoorSettings

    init(ports: ReadPorts, settings: DoorSettings) {
        self.ports = ports
        self.settings = settings
    }

    /// A response whose body is written over time, until its writer returns, the client leaves, or the door
    /// closes.
    ///
    /// *Throws* ``Refusal`` 429 when too many streams are open.
    func response(
        _ call: Call,
        type: String,
        _ body: @escaping @Sendable @concurrent (inout StreamWriter) async throws -> Void
    ) throws -> Response {
        let permit = try StreamPermit(count, limit: settings.streamLimit)
        let writeDeadline = settings.writeDeadline
        var headers: HTTPFields = [.contentType: type, .cacheControl: "no-store", .vary: "Accept"]
        // Tells a proxy such as nginx to pass the stream on as it comes.
        if let name = HTTPField.Name("X-Accel-Buffering") { headers[name] = "no" }
        return Response(
            status: .ok,
            headers: headers,
            body: ResponseBody { writer in
                // Held for as long as the body is being written; a response that is dropped gives it back
                // too.
                defer { withExtendedLifetime(permit) {} }
                var output = StreamWriter(writer, closing: call.channel, after: writeDeadline)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    let stall = output.stall
                    group.addTask { try await stall.watch() }
                    try await call.request.body.consumeWithCancellationOnInboundClose { _ in
                        try await body(&output)
                    }
                    // Guarded too, since it waits until the client has taken what was written. Within the
                    // above the next request could be lost, which a client sends when it has read the end.
                    try await output.finish()
                    group.cancelAll()
                }
            }
        )
    }

    /// A watch over a feed.
    ///
    /// *Throws* ``Refusal`` 429 when too many streams are open.
    func watch(
        _ call: Call,
        _ request: WatchRequest,
        _ feed: WatchFeed
    ) throws -> Response {
        let session = WatchSession(
            ports: ports,
            feed: feed,
            request: request,
            encoding: request.isEventStream ? .events : .lines,
            timeout: request.timeout ?? settings.watchTimeout,
            heartbeat: settings.heartbeat,
            logger: call.logger
        )
        return try response(call, type: session.encoding.contentType) { writer in
            try await session.run(&writer)
        }
    }

    /// Waits for the horizon to pass a position, but neither past a pause nor into a shutdown.
    static func wait(_ ports: ReadPorts, after position: Position, atMost pause: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await ports.waitForChange(position, pause) }
            // It throws when the wait is over and it is cancelled.
            group.addTask { try? await gracefulShutdown() }
            await group.next()
            group.cancelAll()
        }
    }
}

/// How many streams are open.
private final class StreamCount: Sendable {
    let open = Mutex(0)
}

/// One open stream; giving it up counts it off.
private final class StreamPermit: Sendable {
    private let count: StreamCount

    /// *Throws* ``Refusal`` 429.
    init(_ count: StreamCount, limit: Int) throws {
        let isFree = count.open.withLock { open in
            guard open < limit else { return false }
            open += 1
            return true
        }
        guard isFree else {
            var refusal = Refusal(.tooManyRequests, "too many streams are open on this door; try again")
            refusal.retryAfterSeconds = 5
            throw refusal
        }
        self.count = count
    }

    deinit { count.open.withLock { $0 -= 1 } }
}

/// Writes to a client and cuts it off when one write takes too long.
///
/// Hummingbird's writer cannot be sent, so whoever writes runs where the writer runs: concurrently.
struct StreamWriter {
    let stall: StallGuard
    private var writer: any ResponseBodyWriter

    init(_ writer: any ResponseBodyWriter, closing channel: any Channel, after deadline: Duration) {
        self.writer = writer
        stall = StallGuard(channel: channel, deadline: deadline)
    }

    /// Writes and waits until the client's buffer has room again.
    @concurrent mutating func write(_ bytes: [UInt8]) async throws {
        guard !bytes.isEmpty else { return }
        stall.began()
        defer { stall.ended() }
        do {
            try await writer.write(ByteBuffer(bytes: bytes))
        } catch {
            throw ClientGone()
        }
    }

    /// Writes the end, and waits for the client as a write does.
    @concurrent func finish() async throws {
        stall.began()
        defer { stall.ended() }
        try await writer.finish(nil)
    }
}

/// That nobody reads any more: the end of a stream and no fault of anyone.
struct ClientGone: Error {}

/// Closes a connection on which one write takes too long; a cut client resumes where it was.
final class StallGuard: Sendable {
    private let since = Mutex<ContinuousClock.Instant?>(nil)
    private let channel: any Channel
    private let deadline: Duration

    init(channel: any Channel, deadline: Duration) {
        self.channel = channel
        self.deadline = deadline
    }

    func began() { since.withLock { $0 = .now } }
    func ended() { since.withLock { $0 = nil } }

    /// Looks several times per deadline, until it is cancelled.
    func watch() async throws {
        while true {
            try await ContinuousClock().sleep(for: deadline / 4)
            guard let start = since.withLock({ $0 }), .now - start > deadline else { continue }
            channel.close(mode: .all, promise: nil)
            return
        }
    }
}
