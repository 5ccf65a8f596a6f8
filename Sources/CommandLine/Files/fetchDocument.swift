import Domain
import Outbound

/// The bytes that a URL of files leads to.
///
/// At most 8 MiB within 30 seconds, and at most five redirections, none of them away from https.
///
/// - Throws: a `CommandFailure` that names the URL without its credentials and query.
func fetchDocument(_ url: String) async throws -> [UInt8] {
    let environment = try CommandEnvironment.required()
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(30)
    var url = url
    for _ in 0...5 {
        let request = HTTPRequest(url: url, totalTimeout: max(.milliseconds(1), deadline - clock.now))
        let name = request.description.dropFirst("GET ".count)
        let response: HTTPResponse
        do {
            response = try await environment.send(request, 8 << 20)
        } catch let error as OutboundError {
            throw CommandFailure("\(name) cannot be read: \(error.message)")
        }
        if let place = redirection(response, from: url) {
            guard isURL(place), !url.hasPrefix("https:") || place.hasPrefix("https:") else {
                throw CommandFailure("\(name) leads to what is not https, or no URL; that is not followed")
            }
            url = place
            continue
        }
        guard response.status == 200 else {
            throw CommandFailure("\(name) cannot be read: the server answers \(response.status)")
        }
        return response.body
    }
    throw CommandFailure("the URL leads from one place to another, more than five times")
}

/// Whether what is to be read is a URL, not a file.
func isURL(_ text: String) -> Bool { text.hasPrefix("http://") || text.hasPrefix("https://") }

/// Where an answer leads: a whole URL, or a path of the same server.
private func redirection(_ response: HTTPResponse, from url: String) -> String? {
    guard [301, 302, 303, 307, 308].contains(response.status), let place = response.head["location"] else {
        return nil
    }
    guard place.hasPrefix("/"), !place.hasPrefix("//") else { return place }
    let parts = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
    return parts.prefix(3).joined(separator: "/") + place
}
