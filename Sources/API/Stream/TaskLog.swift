import Domain
import HTTPTypes
import Hummingbird
import ServiceLifecycle

/// Answers `…/{tasks|attempts}/{name}/log`: text for people, or JSON lines when `application/x-ndjson` is
/// accepted.
///
/// `follow=true` stays until the task or attempt is over, but no longer than `timeoutSeconds=`, or the
/// `watchTimeout` of the door when that is not given; `after=` is the cursor of a JSON line.
struct TaskLog: Sendable {
    private static let pageSize = 500
    /// Lines move no horizon, so a follower looks again this often.
    private static let pause: Duration = .milliseconds(500)

    let ports: ReadPorts
    let streams: Streams

    func read(_ call: Call) async throws -> Response {
        let kind = try call.kind()
        let key = try call.key()
        guard ["Task", "Attempt"].contains(kind.name) else {
            throw Refusal(.notFound, "only tasks and attempts have a log")
        }
        guard try await ports.object(key) != nil else { throw Refusal.notFound(kind, key.name) }
        let isJSON = Accept(call.headers).ranges.first?.type == "application/x-ndjson"
        let follows = call.query.flag("follow")
        let after = try call.query.number("after") ?? 0
        let seconds = try call.query.number("timeoutSeconds")
        let timeout: Duration =
            seconds.map { .seconds(min(max($0, 1), 86_400)) } ?? streams.settings.watchTimeout
        let type = isJSON ? "application/x-ndjson" : "text/plain; charset=utf-8"
        return try streams.response(call, type: type) { writer in
            let end = ContinuousClock.now + timeout
            var cursor = after
            while !Task.isShuttingDownGracefully, ContinuousClock.now < end {
                // Read before the lines: when it was over then, the lines are the last ones.
                let isOver = follows ? try await isOver(key) : true
                let entries = try await ports.logs(key, cursor, Self.pageSize)
                cursor = entries.last?.cursor ?? cursor
                try await writer.write(entries.flatMap { isJSON ? $0.jsonLine : $0.textLine })
                if entries.count == Self.pageSize { continue }
                if isOver { return }
                await Streams.wait(ports, after: ports.horizon(), atMost: Self.pause)
                try Task.checkCancellation()
            }
        }
    }

    private func isOver(_ key: ObjectKey) async throws -> Bool {
        guard let state = try await ports.object(key)?.status?["state"]?.string else { return true }
        if key.kind == "Attempt" { return state != AttemptState.live.rawValue }
        return TaskState(rawValue: state)?.isSettled ?? true
    }
}

extension LogEntry {
    fileprivate var textLine: [UInt8] {
        Array("\(line.time) \(attempt) \(line.source): \(line.message)\n".utf8)
    }

    fileprivate var jsonLine: [UInt8] {
        let value = Value.members([
            "attempt": .string(attempt), "sequence": .integer(line.sequence),
            "time": .string(line.time.description),
            "source": .string(line.source), "message": .string(line.message), "data": line.data,
            "cursor": .integer(cursor),
        ])
        return value.canonicalBytes + [0x0A]
    }
}
