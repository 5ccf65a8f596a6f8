/// A request that got no complete response.
///
/// An HTTP status is never an error of this kind.
package struct OutboundError: Error, Sendable, CustomStringConvertible {
    /// What went wrong, as a closed set that callers may branch on.
    package enum Code: String, Sendable {
        /// The request cannot be sent as it is: URL, method or header.
        case invalidRequest = "invalid_request"
        case cannotResolve = "cannot_resolve"
        case cannotConnect = "cannot_connect"
        /// The certificate or the handshake was refused.
        case tls
        /// The connect, total or low-speed limit was reached.
        case timedOut = "timed_out"
        /// The connection broke before the response was complete.
        case connectionLost = "connection_lost"
        /// The response, a line or an event is longer than the caller allows.
        case tooLong = "too_long"
        /// The client has as many transfers as it may.
        case overloaded
        /// The client was released, or the stream is already being read.
        case closed
        /// Every other refusal of the library; see `curlCode`.
        case failed
    }

    package let code: Code
    /// One sentence for people; holds no header and no body.
    package let message: String
    /// The call that failed.
    package let call: String
    /// The library's own code; 0 where there is none.
    package let curlCode: Int32

    package init(code: Code, message: String, call: String, curlCode: Int32 = 0) {
        self.code = code
        self.message = message
        self.call = call
        self.curlCode = curlCode
    }

    /// Whether sending again may help; the caller decides whether the request may be sent twice.
    package var isTransient: Bool {
        switch code {
        case .cannotResolve, .cannotConnect, .timedOut, .connectionLost, .overloaded: true
        case .invalidRequest, .tls, .tooLong, .closed, .failed: false
        }
    }

    package var description: String {
        curlCode == 0 ? "\(message) (\(call))" : "\(message) (\(call), curl \(curlCode))"
    }
}
