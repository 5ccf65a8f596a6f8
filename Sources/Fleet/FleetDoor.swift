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
        guard (200..<300).contains(response.status) else {
            throw refusal(of: route, status: response.status, body: response.body)
        }
        do { return try Value(json: response.body).decode() } catch {
            throw Failure(.corrupted, "The worker door answered \(route) with something else", cause: error)
        }
    }
}
