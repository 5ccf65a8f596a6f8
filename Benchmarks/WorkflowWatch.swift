import Domain
import Outbound
import Threads

/// A watch of all workflows on the control door.
final class WorkflowWatch {
    private var chunks: HTTPStream.AsyncIterator
    private var buffer: [UInt8] = []
    /// The newest phase of each workflow that was seen.
    private var phases: [String: String] = [:]

    /// Starts the watch; what there is already is shown first.
    init(_ stack: Stack) async throws {
        var request = stack.request("\(namespacePath)/workflows?watch=1&timeoutSeconds=3600")
        // A watch has no end of its own; the process that measures ends sooner than these.
        request.totalTimeout = .seconds(3600)
        let stream = try await stack.http.stream(request)
        guard stream.head.status == 200 else { throw BenchmarkError("a watch: \(stream.head.status)") }
        chunks = stream.makeAsyncIterator()
    }

    /// Reads until a workflow's phase is as wanted, or was when it was last seen.
    func until(_ name: String, within limit: Duration, _ isWanted: (String) -> Bool) async throws {
        let deadline = ContinuousClock.now + limit
        while !(phases[name].map(isWanted) ?? false) {
            guard ContinuousClock.now < deadline else {
                throw BenchmarkError("\(name) is \(phases[name] ?? "not there") after \(limit)")
            }
            try await readLine()
        }
    }

    private func readLine() async throws {
        while true {
            if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                let line = Array(buffer[..<end])
                buffer.removeSubrange(...end)
                return try take(Value(json: line))
            }
            guard let chunk = try await chunks.next() else { throw BenchmarkError("a watch has ended") }
            buffer += chunk
        }
    }

    private func take(_ frame: Value) throws {
        guard let object = frame["object"], let name = object["metadata"]?["name"]?.string else { return }
        if let phase = object["status"]?["phase"]?.string { phases[name] = phase }
    }
}
