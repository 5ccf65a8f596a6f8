internal import CCurl

/// One easy handle with its options, its headers and its text for errors.
// Sendable: made by one task, handed over through the driver's inbox, and used by the driver's thread alone
// from then on. The driver removes it from the multi handle before it lets go of it.
@safe final class Transfer: @unchecked Sendable {
    let exchange: Exchange
    let easy: UnsafeMutableRawPointer
    private let socket: String?
    private let errorText: UnsafeMutablePointer<CChar>
    private var headers: UnsafeMutablePointer<curl_slist>?

    /// - Throws: `OutboundError.invalidRequest`.
    init(_ request: HTTPRequest, _ exchange: Exchange) throws(OutboundError) {
        guard let easy = unsafe curl_easy_init() else {
            throw OutboundError(code: .failed, message: "No memory for a transfer", call: "curl_easy_init")
        }
        self.exchange = exchange
        socket = request.unixSocketPath
        unsafe self.easy = easy
        unsafe errorText = .allocate(capacity: ag_curl_error_size)
        unsafe errorText.initialize(repeating: 0, count: ag_curl_error_size)
        try setTarget(request)
        try setLimits(request)
        try setHeaders(request)
        try setBody(request)
        try setReceivers()
    }

    deinit {
        unsafe curl_easy_cleanup(easy)
        unsafe curl_slist_free_all(headers)
        unsafe errorText.deallocate()
    }

    func resume() { unsafe curl_easy_pause(easy, CURLPAUSE_CONT) }

    /// What a result of the library means.
    func result(_ code: CURLcode) -> Result<Void, any Error> {
        if code == CURLE_OK { return .success(()) }
        let detail = unsafe String(cString: errorText)
        var message = unsafe detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail
        // The library names the host of the URL, which nobody connected to.
        if code == CURLE_COULDNT_CONNECT, let socket { message = "No connection to the socket \(socket)" }
        return .failure(
            OutboundError(
                code: OutboundError.Code(code),
                message: message,
                call: "curl_multi_perform",
                curlCode: Int32(bitPattern: code.rawValue)
            )
        )
    }

    private func setTarget(_ request: HTTPRequest) throws(OutboundError) {
        try set(CURLOPT_URL, request.url)
        try set(CURLOPT_PROTOCOLS_STR, "http,https")
        try set(CURLOPT_NOSIGNAL, 1)
        try set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        try set(CURLOPT_TCP_KEEPALIVE, 1)
        if let path = request.unixSocketPath {
            guard path.utf8.count <= 107 else {
                throw OutboundError(
                    code: .invalidRequest,
                    message: "The path of a socket has at most 107 bytes: \(path)",
                    call: "send"
                )
            }
            try set(CURLOPT_UNIX_SOCKET_PATH, path)
            try set(CURLOPT_PROXY, "")
        }
        if let bundle = request.caBundle { try set(CURLOPT_CAINFO, bundle) }
    }

    private func setLimits(_ request: HTTPRequest) throws(OutboundError) {
        guard request.totalTimeout != nil || request.lowSpeed != nil else {
            throw OutboundError(
                code: .invalidRequest,
                message: "A request has a total timeout or a low-speed limit",
                call: "send"
            )
        }
        try set(CURLOPT_CONNECTTIMEOUT_MS, request.connectTimeout.milliseconds)
        if let timeout = request.totalTimeout { try set(CURLOPT_TIMEOUT_MS, timeout.milliseconds) }
        if let lowSpeed = request.lowSpeed {
            try set(CURLOPT_LOW_SPEED_LIMIT, max(1, lowSpeed.bytesPerSecond))
            try set(CURLOPT_LOW_SPEED_TIME, max(1, lowSpeed.seconds))
        }
    }

    private func setHeaders(_ request: HTTPRequest) throws(OutboundError) {
        // Without "Expect" a large body would wait a second for servers that do not know it.
        var lines = ["Expect:"]
        for (name, value) in request.headers {
            guard name.isToken, !value.utf8.contains(where: { [0, 10, 13].contains($0) }) else {
                throw OutboundError(
                    code: .invalidRequest,
                    message: "The header \(name.debugDescription) cannot be sent",
                    call: "send"
                )
            }
            lines.append(value.isEmpty ? "\(name);" : "\(name): \(value)")
        }
        if !request.headers.contains(where: { $0.0.lowercased() == "content-type" }) {
            lines.append("Content-Type:")
        }
        for line in lines {
            guard let list = unsafe curl_slist_append(headers, line) else {
                throw OutboundError(
                    code: .failed,
                    message: "No memory for a header",
                    call: "curl_slist_append"
                )
            }
            unsafe headers = list
        }
        try check(unsafe ag_curl_set_list(easy, CURLOPT_HTTPHEADER, headers))
    }

    private func setBody(_ request: HTTPRequest) throws(OutboundError) {
        guard request.method.isToken else {
            throw OutboundError(
                code: .invalidRequest,
                message: "No method: \(request.method.debugDescription)",
                call: "send"
            )
        }
        if request.method == "HEAD" { return try set(CURLOPT_NOBODY, 1) }
        if !request.body.isEmpty || ["POST", "PUT", "PATCH"].contains(request.method) {
            try check(unsafe ag_curl_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, request.body.count))
            // Never empty: the library would read the standard input instead.
            let bytes = request.body + [0]
            try check(
                unsafe bytes.withUnsafeBytes {
                    unsafe ag_curl_set_pointer(easy, CURLOPT_COPYPOSTFIELDS, $0.baseAddress)
                }
            )
        }
        try set(CURLOPT_CUSTOMREQUEST, request.method)
    }

    private func setReceivers() throws(OutboundError) {
        let context = unsafe Unmanaged.passUnretained(exchange).toOpaque()
        try check(unsafe ag_curl_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText))
        try check(unsafe ag_curl_set_pointer(easy, CURLOPT_HEADERDATA, context))
        try check(unsafe ag_curl_set_pointer(easy, CURLOPT_WRITEDATA, context))
        try check(
            unsafe ag_curl_set_receiver(easy, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
                unsafe receive(bytes, size * count, context) { unsafe $0.receiveHeader($1) }
            }
        )
        try check(
            unsafe ag_curl_set_receiver(easy, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
                unsafe receive(bytes, size * count, context) { unsafe $0.receiveBody($1) }
            }
        )
    }

    private func set(_ option: CURLoption, _ value: Int) throws(OutboundError) {
        try check(unsafe ag_curl_set_long(easy, option, value))
    }

    private func set(_ option: CURLoption, _ value: String) throws(OutboundError) {
        guard !value.utf8.contains(0) else {
            throw OutboundError(code: .invalidRequest, message: "A NUL inside the request", call: "send")
        }
        try check(unsafe ag_curl_set_text(easy, option, value))
    }

    private func check(_ code: CURLcode) throws(OutboundError) {
        guard code != CURLE_OK else { return }
        throw OutboundError(
            code: .invalidRequest,
            message: unsafe String(cString: curl_easy_strerror(code)),
            call: "curl_easy_setopt",
            curlCode: Int32(bitPattern: code.rawValue)
        )
    }
}

/// Hands bytes of the library to the exchange behind its context pointer, which the transfer keeps alive.
private func receive(
    _ bytes: UnsafeMutablePointer<CChar>?,
    _ count: Int,
    _ context: UnsafeMutableRawPointer?,
    _ body: (Exchange, UnsafeBufferPointer<UInt8>) -> ExchangeState.Reception
) -> Int {
    guard let context = unsafe context else { return 0 }
    let exchange = unsafe Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue()
    let raw = unsafe UnsafeRawBufferPointer(start: bytes, count: count)
    let reception = unsafe raw.withMemoryRebound(to: UInt8.self) { unsafe body(exchange, $0) }
    return switch reception {
    case .taken: count
    case .paused: ag_curl_pause
    // Any other number than `count` ends the transfer; for an empty piece that is not 0.
    case .refused: count == 0 ? 1 : 0
    }
}

extension OutboundError.Code {
    fileprivate init(_ code: CURLcode) {
        self =
            switch code {
            case CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT: .invalidRequest
            case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .cannotResolve
            case CURLE_COULDNT_CONNECT: .cannotConnect
            case CURLE_OPERATION_TIMEDOUT: .timedOut
            case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE,
                CURLE_SSL_CERTPROBLEM, CURLE_SSL_ISSUER_ERROR:
                .tls
            case CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_PARTIAL_FILE, CURLE_HTTP2,
                CURLE_HTTP2_STREAM, CURLE_WEIRD_SERVER_REPLY:
                .connectionLost
            default: .failed
            }
    }
}

extension Duration {
    /// Whole milliseconds, rounded up, at least 1: the library takes 0 for "no limit".
    fileprivate var milliseconds: Int {
        let (seconds, attoseconds) = components
        return max(
            1,
            Int(min(seconds, 2_000_000)) * 1000
                + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
        )
    }
}

extension String {
    /// Whether it is a token of RFC 9110, section 5.6.2: a legal method or header name.
    fileprivate var isToken: Bool {
        !isEmpty
            && utf8.allSatisfy { byte in
                switch byte {
                case 48...57, 65...90, 97...122: true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }
}
