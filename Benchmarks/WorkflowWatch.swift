import Domain
import Outbound
import Threads

/// A watch on the control door, of all workflows or of something else.
final class WorkflowWatch {
    private var chunks: HTTPStream.AsyncIterator
    private var buffer: [UInt8] = []
    private let state: (Value) -> String?
    /// The newest phase of each workflow that was seen.
    private var phases: [String: String] = [:]
    /// Up to where the server says that everything was shown.
    private var bookmark = "the beginning"

    /// Starts the watch; what there is already is shown first.
    ///
    /// `state` takes a phase from an object.
    init(
        _ stack: Stack,
        path: String = "\(namespacePath)/workflows",
        state: @escaping (Value) -> String? = { $0["status"]?["phase"]?.string }
    ) async throws {
        self.state = state
        // A bookmark comes every few seconds, so that deadlines are looked at also when nothing changes.
        var request = stack.request("\(path)?watch=1&timeoutSeconds=3600&allowWatchBookmarks=true")
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
                throw BenchmarkError(
                    "\(name) is \(phases[name] ?? "not there") after \(limit); shown up to \(bookmark)"
                )
            }
            try await readLine()
        }
    }

    /// What was seen last of one.
    func state(of name: String) -> String? { phases[name] }

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
        guard let object = frame["object"] else { return }
        if frame["type"] == "ERROR" { throw BenchmarkError("a watch has failed: \(object.canonicalJSON)") }
        if frame["type"] == "BOOKMARK" {
            bookmark = object["metadata"]?["resourceVersion"]?.string ?? bookmark
            return
        }
        guard let name = object["metadata"]?["name"]?.string else { return }
        if let phase = state(object) { phases[name] = phase }
    }
}
