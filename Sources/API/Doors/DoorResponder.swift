import Domain
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// What Hummingbird hands over with a request.
struct DoorContext: InitializableFromSource {
    let channel: any Channel
    let logger: Logger

    init(source: ApplicationRequestContextSource) {
        channel = source.channel
        logger = source.logger
    }
}

/// Finds the route, judges the caller, and turns every error into an answer.
struct DoorResponder: HTTPResponder {
    typealias Authorise =
        @Sendable (
            _ caller: Caller, _ verb: String, _ kind: String?, _ namespace: String?
        ) async throws -> Bool

    let routes: RouteTable
    /// Whether callers come over a unix socket and are known by their user.
    let knowsPeers: Bool
    let authorise: Authorise
    /// How long a handler may take to begin its answer.
    let deadline: Duration

    @Sendable func respond(to request: Request, context: DoorContext) async throws -> Response {
        let call = Call(request, channel: context.channel, logger: context.logger)
        let response: Response
        do {
            response = try await answer(call)
        } catch {
            response = errorResponse(Refusal(answering: error, logger: call.logger), call)
        }
        return request.method == .head ? response.createHeadResponse() : response
    }

    private func answer(_ call: Call) async throws -> Response {
        var call = call
        if knowsPeers { call.caller = Caller(userID: try await peerCredentials(of: call.channel).userID) }
        let answer: Answer
        switch routes.find(call.request.method, call.request.uri.path) {
        case .read(let route, let parameters):
            call.parameters = parameters
            if route.access == .guarded { try await check(call, readVerb(call)) }
            answer = route.answer
        case .write(let route, let parameters):
            call.parameters = parameters
            if route.access == .guarded { try await check(call, route.verb) }
            answer = route.answer
        case .otherMethods(let methods):
            if call.request.method == .options {
                return Response(status: .noContent, headers: [.allow: methods.joined(separator: ", ")])
            }
            throw Refusal.methodNotAllowed(call.request.method.rawValue, methods)
        case .nothing:
            throw Refusal(.notFound, "the server could not find the requested resource")
        }
        return try await within(deadline) { [call] in try await answer(call) }
    }

    private func check(_ call: Call, _ verb: String) async throws {
        let kind = call.parameters["plural"] == nil ? nil : try call.kind()
        let namespace = call.parameters["namespace"]
        guard try await !authorise(call.caller, verb, kind?.name, namespace) else { return }
        if call.caller.userID == nil {
            throw Refusal(.unauthorized, "this door shows that to nobody it does not know")
        }
        let what = kind.map { "\(verb) \($0.plural).\(Kind.group)" } ?? "\(verb) \(call.request.uri.path)"
        let place = namespace.map { " in the namespace \"\($0)\"" } ?? ""
        throw Refusal(.forbidden, "\(call.caller.subject) may not \(what)\(place)")
    }

    private func readVerb(_ call: Call) -> String {
        if call.parameters["name"] != nil { return "get" }
        return call.query.flag("watch") || Accept(call.headers).wantsEventStream ? "watch" : "list"
    }

    private func errorResponse(_ refusal: Refusal, _ call: Call) -> Response {
        var headers = HTTPFields()
        headers[.allow] = refusal.allow
        headers[.retryAfter] = refusal.retryAfterSeconds.map(String.init)
        if refusal.reason == .unauthorized { headers[.wwwAuthenticate] = "Bearer" }
        guard speaksKubernetes(call.request.uri.path) else {
            headers[.contentType] = "application/problem+json"
            return bytes(
                refusal.problemDocument.canonicalBytes,
                status: refusal.reason.status,
                headers: headers
            )
        }
        return json(refusal.statusObject, status: refusal.reason.status, headers: headers)
    }

    /// Kubernetes clients read a `Status`; everyone else reads a problem document.
    private func speaksKubernetes(_ path: String) -> Bool {
        ["api", "apis", "openapi", "version"].contains(path.split(separator: "/").first ?? "")
    }
}

extension WriteRoute {
    fileprivate var verb: String {
        switch method {
        case .post: "create"
        case .put: "update"
        case .patch: "patch"
        case .delete: "delete"
        }
    }
}

extension Refusal {
    static func methodNotAllowed(_ method: String, _ allowed: [String]) -> Refusal {
        var refusal = Refusal(
            .methodNotAllowed,
            "the server does not allow \(method) on the requested resource"
        )
        refusal.allow = allowed.joined(separator: ", ")
        return refusal
    }
}

/// Gives up on an operation that takes too long, by cancelling it.
///
/// *Throws* ``Refusal`` 504.
private func within<Value: Sendable>(
    _ duration: Duration,
    _ operation: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await operation() }
        group.addTask {
            try await ContinuousClock().sleep(for: duration)
            return nil
        }
        defer { group.cancelAll() }
        guard let first = try await group.next(), let value = first else {
            throw Refusal(.timeout, "the request took too long; try again")
        }
        return value
    }
}

/// A response of these bytes.
func bytes(_ bytes: [UInt8], status: HTTPResponse.Status = .ok, headers: HTTPFields) -> Response {
    Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
}

/// A response of one JSON value.
func json(_ value: Value, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) -> Response {
    var headers = headers
    headers[.contentType] = headers[.contentType] ?? "application/json"
    headers[.cacheControl] = headers[.cacheControl] ?? "private, no-cache"
    return bytes(value.canonicalBytes, status: status, headers: headers)
}

/// A response of plain text.
func text(
    _ text: String,
    status: HTTPResponse.Status = .ok,
    type: String = "text/plain; charset=utf-8"
) -> Response {
    bytes(Array(text.utf8), status: status, headers: [.contentType: type, .cacheControl: "no-store"])
}
