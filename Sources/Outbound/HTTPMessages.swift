/// One request, as a value.
package struct HTTPRequest: Sendable {
    /// Bytes a second over some seconds; a transfer that is slower for that long fails with `timedOut`.
    package struct LowSpeed: Sendable {
        package let bytesPerSecond: Int
        /// Whole seconds, at least 1.
        package let seconds: Int

        package init(bytesPerSecond: Int, seconds: Int) {
            self.bytesPerSecond = bytesPerSecond
            self.seconds = seconds
        }
    }

    package var method: String
    /// `http` or `https`; over a unix socket the host only fills the Host header.
    package var url: String
    /// The server's socket, at most 107 bytes; proxies of the environment are then ignored.
    package var unixSocketPath: String?
    /// In the order in which they are sent; a name may come twice.
    package var headers: [(String, String)]
    package var body: [UInt8]
    package var connectTimeout: Duration
    /// The whole exchange; nil only together with `lowSpeed`, for streams.
    package var totalTimeout: Duration?
    package var lowSpeed: LowSpeed?
    /// A file of certificates in place of the system's.
    package var caBundle: String?

    package init(
        method: String = "GET",
        url: String,
        unixSocketPath: String? = nil,
        headers: [(String, String)] = [],
        body: [UInt8] = [],
        connectTimeout: Duration = .seconds(10),
        totalTimeout: Duration? = .seconds(60),
        lowSpeed: LowSpeed? = nil,
        caBundle: String? = nil
    ) {
        self.method = method
        self.url = url
        self.unixSocketPath = unixSocketPath
        self.headers = headers
        self.body = body
        self.connectTimeout = connectTimeout
        self.totalTimeout = totalTimeout
        self.lowSpeed = lowSpeed
        self.caBundle = caBundle
    }
}

// Headers, the query and what stands before an "@" may hold credentials, so a request prints without them.
extension HTTPRequest: CustomStringConvertible, CustomReflectable {
    package var description: String {
        let parts = url.prefix { $0 != "?" }.split(separator: "/", omittingEmptySubsequences: false)
        let shown = parts.map { $0.split(separator: "@", omittingEmptySubsequences: false).last ?? "" }
        return "\(method) \(shown.joined(separator: "/"))"
    }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// The beginning of a response.
package struct HTTPResponseHead: Sendable {
    package let status: Int
    /// Names in lower case, in the order received.
    package let headers: [(String, String)]

    package init(status: Int, headers: [(String, String)]) {
        self.status = status
        self.headers = headers
    }

    /// The first value of a header, whose name is given in lower case.
    package subscript(_ name: String) -> String? { headers.first { $0.0 == name }?.1 }
}

/// A response with its whole body.
package struct HTTPResponse: Sendable {
    package let head: HTTPResponseHead
    package let body: [UInt8]

    package init(head: HTTPResponseHead, body: [UInt8]) {
        self.head = head
        self.body = body
    }

    package var status: Int { head.status }
    /// Names in lower case, in the order received.
    package var headers: [(String, String)] { head.headers }
}
