internal import Domain
internal import Secrets
internal import Synchronization

/// The log of one attempt: numbered lines without secrets, sent in batches to whoever keeps them.
final class TaskLog: Sendable {
    /// Where a line comes from.
    enum Source: String, Sendable { case model, tool, sandbox, workspace, runtime }

    /// Lines of one request, as the worker door allows.
    static let batchLimit = 200
    /// Lines that wait; further ones are left out and counted.
    static let bufferLimit = 2000
    /// Bytes of one text in a line; results of tools may be longer for the model than for the log.
    static let textLimit = 8 << 10

    private struct State {
        var waiting: [TaskLogLine] = []
        var nextSequence: Int64 = 1
        var omitted = 0
        var isClosed = false

        mutating func append(_ time: Timestamp, _ source: Source, _ message: String, _ data: Value?) {
            waiting.append(
                TaskLogLine(
                    sequence: nextSequence,
                    time: time,
                    source: source.rawValue,
                    message: message,
                    data: data
                )
            )
            nextSequence += 1
        }
    }

    private let state = Mutex(State())
    private let bell = Bell()
    private let clock: Timepiece
    private let redactor: Redactor
    private let send: @Sendable ([TaskLogLine]) async throws -> Void

    /// A log whose batches go to `send`, which throws `Failure`.
    init(
        clock: Timepiece,
        redactor: Redactor = Redactor(),
        send: @escaping @Sendable ([TaskLogLine]) async throws -> Void
    ) {
        self.clock = clock
        self.redactor = redactor
        self.send = send
    }

    /// Adds a line.
    func add(_ source: Source, _ message: String, _ data: Value? = nil) {
        let message = cleaned(message)
        let data = data.map(cleaned)
        let time = clock.wall()
        state.withLock { state in
            guard state.waiting.count < Self.bufferLimit else {
                state.omitted += 1
                return
            }
            if state.omitted > 0 {
                let note =
                    "\(state.omitted) lines were left out: they came faster than they could be sent"
                state.append(time, .runtime, note, nil)
                state.omitted = 0
            }
            state.append(time, source, message, data)
        }
        bell.ring()
    }

    /// Sends what is added until the log is closed and empty, or the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            let (batch, isClosed) = state.withLock { ($0.waiting.prefix(Self.batchLimit), $0.isClosed) }
            if batch.isEmpty {
                if isClosed { return }
                await bell.wait(atMost: .seconds(60), clock)
                continue
            }
            do {
                try await send(Array(batch))
                drop(batch.count)
            } catch let failure as Failure where !failure.isTransient {
                // Nobody wants these lines; the attempt goes on without them.
                drop(batch.count)
            } catch {
                // Only cancellation ends the pause early, and then the loop ends, too.
                try? await clock.sleep(.seconds(1))
            }
        }
    }

    /// Lets `run` end once everything is sent.
    func close() {
        state.withLock { $0.isClosed = true }
        bell.ring()
    }

    private func drop(_ count: Int) { state.withLock { $0.waiting.removeFirst(count) } }

    private func cleaned(_ text: String) -> String { shortened(redactor.redact(text), to: Self.textLimit) }

    private func cleaned(_ value: Value) -> Value {
        switch value {
        case .string(let text): .string(cleaned(text))
        case .array(let elements): .array(elements.map(cleaned))
        case .object(let members):
            .object(Dictionary(members.map { (cleaned($0.key), cleaned($0.value)) }) { first, _ in first })
        default: value
        }
    }
}
