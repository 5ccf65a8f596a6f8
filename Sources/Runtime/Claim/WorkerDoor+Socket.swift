internal import Domain
package import Outbound
package import Secrets
internal import Synchronization
internal import WorkerProtocol

extension WorkerDoor {
    /// The door behind a unix socket; `token` is the one from provisioning.
    package static func socket(_ path: String, token: SecretText, client: HTTPClient) -> WorkerDoor {
        let caller = DoorCaller(path, token, client)
        return WorkerDoor(
            register: { request in
                let reply: RegisterReply = try await caller.call(WorkerPath.register, request)
                caller.authenticate(by: SecretText(reply.token))
                return reply
            },
            heartbeat: { try await caller.call(WorkerPath.heartbeat, $0) },
            claim: { request in
                // The reply may wait as long as the request allows, and then still has to arrive.
                let limit = Duration.milliseconds(request.waitMilliseconds) + .seconds(10)
                return try await caller.call(WorkerPath.claim, request, timeout: limit)
            },
            begin: { try await caller.call(WorkerPath.begin, $0) },
            announce: { try await caller.call(WorkerPath.announce, $0) },
            report: { try await caller.call(WorkerPath.report, $0) },
            logs: { try await caller.call(WorkerPath.logs, $0) }
        )
    }
}

/// Sends JSON to the door and reads JSON from it.
private final class DoorCaller: Sendable {
    private let path: String
    private let client: HTTPClient
    private let token: Mutex<SecretText>

    init(_ path: String, _ token: SecretText, _ client: HTTPClient) {
        self.path = path
        self.token = Mutex(token)
        self.client = client
    }

    func authenticate(by token: SecretText) { self.token.withLock { $0 = token } }

    func call<Request: Encodable, Reply: Decodable>(
        _ route: String,
        _ request: Request,
        timeout: Duration = .seconds(10)
    ) async throws -> Reply {
        let message = HTTPRequest(
            method: "POST",
            url: "http://worker\(route)",
            unixSocketPath: path,
            headers: [
                ("authorization", "Bearer \(token.withLock { $0.reveal() })"),
                ("content-type", "application/json"),
                ("accept", "application/json, application/problem+json"),
            ],
            body: try Value(encoding: request).canonicalBytes,
            connectTimeout: .seconds(5),
            totalTimeout: timeout
        )
        let response: HTTPResponse
        do { response = try await client.send(message, maximumBodyBytes: 32 << 20) } catch let error
            as OutboundError
        {
            let code: Failure.Code =
                error.code == .timedOut ? .timeout : error.isTransient ? .unavailable : .internal
            throw Failure(
                code,
                "The worker door did not answer \(route)",
                outside: error.code.rawValue,
                cause: error
            )
        }
        guard (200..<300).contains(response.status) else {
            throw refusal(of: route, status: response.status, body: response.body)
        }
        do { return try Value(json: response.body).decode() } catch {
            throw Failure(.corrupted, "The worker door answered \(route) with something else", cause: error)
        }
    }
}
