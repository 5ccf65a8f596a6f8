internal import Domain
package import Outbound
package import WorkerProtocol

/// What the fleet manager asks of the control plane.
package struct FleetDoor: Sendable {
    package var snapshot: @Sendable () async throws -> FleetSnapshot
    package var provision: @Sendable (ProvisionRequest) async throws -> ProvisionReply
    package var report: @Sendable (InventoryReport) async throws -> Void

    /// A door of its calls.
    package init(
        snapshot: @escaping @Sendable () async throws -> FleetSnapshot,
        provision: @escaping @Sendable (ProvisionRequest) async throws -> ProvisionReply,
        report: @escaping @Sendable (InventoryReport) async throws -> Void
    ) {
        self.snapshot = snapshot
        self.provision = provision
        self.report = report
    }

    /// The worker door behind a unix socket; `token` is the fleet token.
    package static func socket(_ path: String, token: String, client: HTTPClient) -> FleetDoor {
        let caller = FleetCaller(path: path, token: token, client: client)
        return FleetDoor(
            snapshot: { try await caller.call(WorkerPath.fleet, [String: String]()) },
            provision: { try await caller.call(WorkerPath.provision, $0) },
            report: { let _: Acknowledgement = try await caller.call(WorkerPath.inventory, $0) }
        )
    }
}

private struct FleetCaller: Sendable {
    let path: String
    let token: String
    let client: HTTPClient

    func call<Request: Encodable, Reply: Decodable>(_ route: String, _ request: Request) async throws -> Reply
    {
        let message = HTTPRequest(
            method: "POST",
            url: "http://worker\(route)",
            unixSocketPath: path,
            headers: [
                ("authorization", "Bearer \(token)"), ("content-type", "application/json"),
                ("accept", "application/json, application/problem+json"),
            ],
            body: try Value(encoding: request).canonicalBytes,
            connectTimeout: .seconds(5),
            totalTimeout: .seconds(15)
        )
        let response: HTTPResponse
        do { response = try await client.send(message, maximumBodyBytes: 32 << 20) } catch let error
            as OutboundError
        {
            throw Failure(
                .unavailable,
                "The worker door did not answer \(route)",
                outside: error.code.rawValue,
                cause: error
            )
        }
        // Anything may stand between us and the door, so a body need not be JSON.
        let body = try? Value(json: response.body)
        guard response.status == 200, let body else {
            let text = body?["detail"]?.string ?? body?["title"]?.string ?? "The request was refused"
            let code: Failure.Code =
                switch response.status {
                case 401: .unauthenticated
                case 403: .forbidden
                case 409: .conflict
                case 500...: .unavailable
                default: .invalid
                }
            throw Failure(
                code,
                "\(route): \(text)",
                outside: "HTTP \(response.status)",
                reason: body?["reason"]?.string
            )
        }
        do { return try body.decode(Reply.self) } catch {
            throw Failure(.corrupted, "The worker door answered \(route) with something else", cause: error)
        }
    }
}
