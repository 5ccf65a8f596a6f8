internal import CCurl
internal import Threads

/// An HTTP client with one thread for all its transfers.
///
/// Redirects are not followed and cookies not kept. Releasing the last reference, which every stream holds
/// too, ends the thread.
package final class HTTPClient: Sendable {
    private let driver: Driver

    /// Prepares the library; called once in `main`, before any task.
    ///
    /// - Throws: `OutboundError.failed`.
    package static func initialise() throws(OutboundError) {
        let result = ag_curl_initialise()
        guard result == CURLE_OK else {
            throw OutboundError(
                code: .failed,
                message: "The HTTP library cannot start",
                call: "curl_global_init",
                curlCode: Int32(bitPattern: result.rawValue)
            )
        }
    }

    /// - Parameter maximumTransfers: more at once are refused with `overloaded`.
    /// - Throws: `SystemError` or `OutboundError` when the process has no thread or memory left.
    package init(maximumTransfers: Int = 512) throws {
        let driver = try Driver(maximumTransfers: maximumTransfers)
        self.driver = driver
        try startThread("http") { driver.run() }
    }

    deinit { driver.stop() }

    /// Sends a request and collects the body.
    ///
    /// *Cancellation*: closes the connection.
    /// - Throws: `OutboundError` (`tooLong` when the body has more than `maximumBodyBytes`),
    /// `CancellationError`.
    package func send(_ request: HTTPRequest, maximumBodyBytes: Int = 8 << 20) async throws -> HTTPResponse {
        let stream = try await stream(request)
        var body: [UInt8] = []
        for try await chunk in stream {
            body += chunk
            if body.count > maximumBodyBytes {
                throw OutboundError(
                    code: .tooLong,
                    message: "The body has more than \(maximumBodyBytes) bytes",
                    call: "send"
                )
            }
        }
        return HTTPResponse(head: stream.head, body: body)
    }

    /// Sends a request and answers with its head; the body is read from the stream.
    ///
    /// *Cancellation*: while waiting for the head or for bytes, closes the connection.
    /// - Throws: `OutboundError`, `CancellationError`.
    package func stream(_ request: HTTPRequest) async throws -> HTTPStream {
        try Task.checkCancellation()
        let exchange = Exchange(driver: driver)
        try driver.start(Transfer(request, exchange))
        return HTTPStream(head: try await exchange.head(), exchange: exchange, client: self)
    }
}

/// A response whose body arrives piece by piece.
///
/// About 256 KiB are buffered; then the transfer pauses until they are read. The body can be read once, by
/// one task. Leaving the loop, or releasing a stream that nobody reads, closes the connection.
package final class HTTPStream: AsyncSequence, Sendable {
    package typealias Element = [UInt8]

    package let head: HTTPResponseHead
    private let exchange: Exchange
    // Keeps the thread for as long as there is something to read.
    private let client: HTTPClient

    init(head: HTTPResponseHead, exchange: Exchange, client: HTTPClient) {
        self.head = head
        self.exchange = exchange
        self.client = client
    }

    deinit { if exchange.claim() { exchange.cancel() } }

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(reader: exchange.claim() ? Reader(exchange, client) : nil)
    }

    /// Reads the body; of several iterators of one stream only the first one does.
    package struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let reader: Reader?

        /// The next piece, never empty; nil at the end.
        ///
        /// - Throws: `OutboundError`, `CancellationError`.
        package mutating func next() async throws -> [UInt8]? {
            guard let reader else { throw OutboundError.alreadyRead }
            return try await reader.exchange.chunk()
        }
    }

    /// Closes the connection when the iterator goes away.
    fileprivate final class Reader: Sendable {
        let exchange: Exchange
        private let client: HTTPClient

        init(_ exchange: Exchange, _ client: HTTPClient) {
            self.exchange = exchange
            self.client = client
        }

        deinit { exchange.cancel() }
    }
}
