import Domain
import Hummingbird
import ServiceLifecycle
import WorkerProtocol

/// What the workers' door answers.
func workerRoutes(_ ports: WorkerPorts, bodyLimit: Int) -> [WriteRoute] {
    [
        route(WorkerPath.register, bodyLimit, ports.register),
        route(WorkerPath.heartbeat, bodyLimit, ports.heartbeat),
        route(WorkerPath.claim, bodyLimit) { (request: ClaimRequest, credential) in
            guard request.count >= 1, (0...30_000).contains(request.waitMilliseconds) else {
                throw Failure(.invalid, "a claim takes at least one task and waits at most 30,000 ms")
            }
            // A shutdown waits for the answers that are open; whoever claims asks again under the same id.
            return try await cancelWhenGracefulShutdown { try await ports.claim(request, credential) }
        },
        route(WorkerPath.begin, bodyLimit, ports.begin),
        route(WorkerPath.announce, bodyLimit, ports.announce),
        route(WorkerPath.report, bodyLimit, ports.report),
        route(WorkerPath.logs, bodyLimit) { (request: LogsRequest, credential) in
            guard request.lines.count <= 200 else {
                throw Failure(.invalid, "at most 200 lines are taken at once")
            }
            return try await ports.logs(request, credential)
        },
        WriteRoute(.post, WorkerPath.fleet) { call in
            json(try Value(encoding: try await ports.fleetSnapshot(try credential(call))))
        },
        route(WorkerPath.provision, bodyLimit, ports.provision),
        route(WorkerPath.inventory, bodyLimit, ports.inventory),
    ]
}

private func route<Request: Decodable & Sendable, Reply: Encodable & Sendable>(
    _ path: String,
    _ bodyLimit: Int,
    _ port: @escaping WorkerPorts.Port<Request, Reply>
) -> WriteRoute {
    WriteRoute(.post, path) { call in
        // Before the body: nobody without a token makes us read one.
        let credential = try credential(call)
        let body = try await call.jsonBody(upTo: bodyLimit)
        let request: Request
        do {
            request = try body.decode()
        } catch let error as DecodingError {
            var refusal = Refusal(.badRequest, "the request is malformed: \(error.sentence)")
            refusal.code = "malformed"
            throw refusal
        }
        return json(try Value(encoding: try await port(request, credential)))
    }
}

private func credential(_ call: Call) throws -> WorkerCredential {
    guard let user = call.caller.userID else { throw Refusal(.unauthorized, "the peer is not known") }
    return WorkerCredential(token: try bearerToken(call.headers), userID: user)
}

extension DecodingError {
    /// What the decoder says, without the values it saw.
    fileprivate var sentence: String {
        switch self {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
            .dataCorrupted(let context):
            context.debugDescription
        @unknown default: "a field has the wrong form"
        }
    }
}
