package import Domain

/// The failure that an answer of the worker door stands for, which was not given with a status of success.
///
/// The words are those of its problem document (RFC 9457); without one the status alone tells.
package func refusal(of route: String, status: Int, body: [UInt8]) -> Failure {
    // Anything may stand between us and the door, so a body need not be JSON.
    let document = try? Value(json: body)
    let text = document?["detail"]?.string ?? document?["title"]?.string ?? "The request was refused"
    return Failure(
        failureCode(ofStatus: status),
        "\(route): \(text)",
        outside: "HTTP \(status)",
        reason: document?["reason"]?.string
    )
}

/// What an HTTP status means for the caller; whatever the server could not do may be tried again.
private func failureCode(ofStatus status: Int) -> Failure.Code {
    switch status {
    case 401: .unauthenticated
    case 403: .forbidden
    case 404: .notFound
    case 408, 504: .timeout
    case 409: .conflict
    case 410: .expired
    case 429: .exhausted
    case 500...: .unavailable
    default: .invalid
    }
}
