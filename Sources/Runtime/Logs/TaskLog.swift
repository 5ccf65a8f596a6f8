internal import Domain
internal import Secrets
internal import Synchronization
internal import Threads

/// The log of one attempt: numbered lines without secrets, sent in batches to whoever keeps them.
final class TaskLog: Sendable {
    /// Where a line comes from.
    enum Source: String, Sendable { case model, tool, sandbox, workspace, runtime }

    /// Lines of one request, as the worker door allows.
    static let batchLimit = 200
    /// Bytes of the lines of one request; the worker door takes 3 MiB with what is around them.
    static let batchByteLimit = 2 << 20
    /// Lines that wait; further ones are left out and counted.
    static let bufferLimit = 2000
    /// Bytes of one text in a line; results of tools may be longer for the model than for the log.
    static let textLimit = 8 << 10

    private struct State {
        /// Each with the bytes it takes.
        var waiting: [(line: TaskLogLine, size: Int)] = []
        var nextSequence: Int64 = 1
        var omitted = 0
        var isClosed = false

        mutating func append(_ time: Timestamp, _ source: Source, _ message: String, _ data: Value?) {
            let line = TaskLogLine(
                sequence: nextSequence,
                time: time,
                source: source.rawValue,
                message: message,
                data: data
            )
            // A number, a time and the names of the fields come to less than 200 bytes.
            let size = jsonSize(.string(message)) + (data.map(jsonSize) ?? 0) + 200
            waiting.append((line, size))
            nextSequence += 1
        }

        /// Says how many lines were left out since this was last said.
        mutating func tellOmitted(_ time: Timestamp) {
            guard omitted > 0 else { return }
            append(
                time,
                .runtime,
                "\(omitted) lines were left out: they came faster than they could be sent, or were refused",
                nil
            )
            omitted = 0
        }

        /// What the next request carries, at least one line where one waits.
        var batch: [TaskLogLine] {
            var size = 0
            return waiting.prefix(TaskLog.batchLimit).prefix { line in
                size += line.size
                return size <= TaskLog.batchByteLimit || size == line.size
            }.map(\.line)
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
        let data = data.map { bounded(cleaned($0)) }
        let time = clock.wall()
        state.withLock { state in
            guard state.waiting.count < Self.bufferLimit else {
                state.omitted += 1
                return
            }
            state.tellOmitted(time)
            state.append(time, source, message, data)
        }
        bell.ring()
    }

    /// Sends what is added until the log is closed and empty, or the task is cancelled.
    func run() async {
        var isLast = false
        while !Task.isCancelled {
            let (batch, isClosed) = state.withLock { ($0.batch, $0.isClosed) }
            if batch.isEmpty {
                // What is left out of the end is told once, and that this was refused is told to nobody.
                if isClosed, isLast { return }
                isLast = isClosed
                if isClosed {
                    state.withLock { $0.tellOmitted(clock.wall()) }
                } else {
                    await bell.wait(atMost: .seconds(60), clock)
                }
                continue
            }
            do {
                try await send(batch)
                drop(batch.count)
            } catch let failure as Failure where !failure.isTransient {
                // Nobody wants these lines; the attempt goes on without them.
                drop(batch.count, omitted: batch.count)
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

    private func drop(_ count: Int, omitted: Int = 0) {
        state.withLock { state in
            state.waiting.removeFirst(count)
            state.omitted += omitted
        }
    }

    /// Keeps one line far below what a request may carry: members that are large together with all that is in
    /// them, such as a long list of long texts, become the beginning and end of their JSON.
    private func bounded(_ data: Value) -> Value {
        guard let members = data.object else { return data }
        return .object(
            members.mapValues { member in
                guard jsonSize(member) > 8 * Self.textLimit else { return member }
                return .string(shortened(member.canonicalJSON, to: Self.textLimit))
            }
        )
    }

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

private func jsonSize(_ value: Value) -> Int { value.canonicalJSON.utf8.count }
