internal import Synchronization

/// What one transfer has received and its reader has not: written by the driver's thread, read by one task.
struct ExchangeState {
    /// Bytes that are buffered before the transfer is paused; it goes on when half of them are read.
    static let bufferLimit = 256 << 10
    static let headLimit = 256 << 10

    enum Reception: Equatable {
        case taken, paused, refused
    }

    enum Reading {
        case wait
        case chunk([UInt8], resumes: Bool)
        case end
        case failure(any Error)
    }

    private(set) var head: HTTPResponseHead?
    /// Nil while the transfer runs.
    private(set) var ending: Result<Void, any Error>?
    private(set) var isPaused = false
    private var status = 0
    private var headers: [(String, String)] = []
    private var headBytes = 0
    private var chunks: [[UInt8]] = []
    private var buffered = 0
    private var isClaimed = false

    /// Takes one line of a head, also of an interim response or of trailers, which are both dropped.
    mutating func receiveHeader(_ line: String, byteCount: Int) -> Reception {
        guard ending == nil else { return .refused }
        headBytes += byteCount
        if headBytes > ExchangeState.headLimit {
            finish(
                .failure(
                    OutboundError(code: .tooLong, message: "The response's head is too long", call: "head")
                )
            )
            return .refused
        }
        if head != nil { return .taken }
        if line.hasPrefix("HTTP/") {
            status = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
            headers = []
        } else if let colon = line.utf8.firstIndex(of: 58) {
            let value = line[line.utf8.index(after: colon)...]
            headers.append((line[..<colon].lowercased(), value.trimmed))
        } else if status >= 200 || status == 101 {
            head = HTTPResponseHead(status: status, headers: headers)
        }
        return .taken
    }

    mutating func receiveBody(_ bytes: UnsafeBufferPointer<UInt8>) -> Reception {
        guard ending == nil else { return .refused }
        if buffered >= ExchangeState.bufferLimit {
            isPaused = true
            return .paused
        }
        unsafe chunks.append(Array(bytes))
        buffered += bytes.count
        return .taken
    }

    /// Ends the exchange once; what was received before a failure can still be read.
    mutating func finish(_ result: Result<Void, any Error>) {
        if ending == nil { ending = result }
    }

    /// Ends the exchange and forgets what was received; whether it was still running.
    mutating func cancel() -> Bool {
        chunks = []
        buffered = 0
        let wasRunning = ending == nil
        ending = .failure(CancellationError())
        return wasRunning
    }

    /// Whether the caller is the first to read the body.
    mutating func claim() -> Bool {
        defer { isClaimed = true }
        return !isClaimed
    }

    mutating func read() -> Reading {
        if !chunks.isEmpty {
            let chunk = chunks.removeFirst()
            buffered -= chunk.count
            let resumes = isPaused && ending == nil && buffered <= ExchangeState.bufferLimit / 2
            if resumes { isPaused = false }
            return .chunk(chunk, resumes: resumes)
        }
        switch ending {
        case nil: return .wait
        case .success: return .end
        case .failure(let error): return .failure(error)
        }
    }
}

/// The meeting point of a transfer and its reader.
final class Exchange: Sendable {
    private struct Waiting {
        var state = ExchangeState()
        var head: CheckedContinuation<HTTPResponseHead, any Error>?
        var chunk: CheckedContinuation<[UInt8]?, any Error>?
    }

    private let waiting = Mutex(Waiting())
    private let driver: Driver

    init(driver: Driver) { self.driver = driver }

    // MARK: The driver's side

    func receiveHeader(_ line: UnsafeBufferPointer<UInt8>) -> ExchangeState.Reception {
        let text = unsafe String(decoding: line, as: UTF8.self).trimmed
        return change { $0.receiveHeader(text, byteCount: line.count) }
    }

    func receiveBody(_ bytes: UnsafeBufferPointer<UInt8>) -> ExchangeState.Reception {
        change { unsafe $0.receiveBody(bytes) }
    }

    func finish(_ result: Result<Void, any Error>) { change { $0.finish(result) } }

    // MARK: The reader's side

    /// Ends the transfer at once; harmless when it has ended.
    func cancel() {
        if change({ $0.cancel() }) { driver.post(.cancel(self)) }
    }

    func claim() -> Bool { change { $0.claim() } }

    /// The head, as soon as it is there.
    func head() async throws -> HTTPResponseHead {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                waiting.withLock { $0.head = continuation }
                change { _ in }
            }
        } onCancel: {
            cancel()
        }
    }

    /// The next bytes of the body; nil at its end.
    func chunk() async throws -> [UInt8]? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isAlone = waiting.withLock { waiting in
                    if waiting.chunk != nil { return false }
                    waiting.chunk = continuation
                    return true
                }
                if isAlone {
                    change { _ in }
                } else {
                    continuation.resume(throwing: OutboundError.alreadyRead)
                }
            }
        } onCancel: {
            cancel()
        }
    }

    /// Changes the state under the lock, then wakes whoever waits for what is there now.
    @discardableResult
    private func change<Value>(_ body: (inout ExchangeState) -> Value) -> Value {
        var wakes: [() -> Void] = []
        var resumes = false
        let value = waiting.withLock { waiting in
            let value = body(&waiting.state)
            if let continuation = waiting.head, let result = waiting.state.headResult {
                waiting.head = nil
                wakes.append { continuation.resume(with: result) }
            }
            if let continuation = waiting.chunk {
                switch waiting.state.read() {
                case .wait: return value
                case .chunk(let bytes, let needsMore):
                    resumes = needsMore
                    wakes.append { continuation.resume(returning: bytes) }
                case .end: wakes.append { continuation.resume(returning: nil) }
                case .failure(let error): wakes.append { continuation.resume(throwing: error) }
                }
                waiting.chunk = nil
            }
            return value
        }
        if resumes { driver.post(.resume(self)) }
        for wake in wakes { wake() }
        return value
    }
}

extension ExchangeState {
    /// The head or why there is none; nil while it may still come.
    fileprivate var headResult: Result<HTTPResponseHead, any Error>? {
        if let head { return .success(head) }
        switch ending {
        case nil: return nil
        case .failure(let error): return .failure(error)
        case .success:
            return .failure(
                OutboundError(code: .connectionLost, message: "The response has no head", call: "head")
            )
        }
    }
}

extension OutboundError {
    static var alreadyRead: OutboundError {
        OutboundError(code: .closed, message: "The body is already being read", call: "next")
    }
}

extension StringProtocol {
    /// Without white space and line ends around it.
    fileprivate var trimmed: String {
        let isSpace = { (character: Character) in character.isWhitespace }
        let tail = drop(while: isSpace).reversed().drop(while: isSpace)
        return String(tail.reversed())
    }
}
