import Domain
import HTTPTypes
import Hummingbird

/// Answers get, list and watch of every kind.
struct ResourceReader: Sendable {
    /// Objects in one answer to a client that does not page.
    private static let unpagedLimit = 5000

    let ports: ReadPorts
    let streams: Streams

    /// Answers `GET …/{plural}`.
    func list(_ call: Call) async throws -> Response {
        let kind = try call.kind()
        if kind.isEvent { return try await EventReader(ports: ports, streams: streams).list(call) }
        let options = try ListOptions(call, kind: kind)
        try options.refuseFields()
        let printer = try ObjectPrinter(call, kind: kind, ports)
        if WatchRequest.isWatch(call) {
            let feed = objectFeed(ports, options, kind, printer)
            return try streams.watch(call, try WatchRequest(call, options), feed)
        }
        let page = try await page(options)
        var metadata: Value = ["resourceVersion": .string(page.position.description)]
        if let next = page.next {
            metadata["continue"] = .string(ContinueToken(position: page.position, after: next).text)
        }
        return json(
            printer.print(try page.objects.map { try $0.shown() }, kind: kind, metadata: metadata),
            headers: [.vary: "Accept"]
        )
    }

    /// Answers `GET …/{plural}/{name}`, also with `/status`.
    func get(_ call: Call) async throws -> Response {
        let kind = try call.kind()
        let key = try call.key()
        if kind.isEvent { return try await EventReader(ports: ports, streams: streams).get(call) }
        let printer = try ObjectPrinter(call, kind: kind, ports)
        guard let object = try await ports.object(key) else { throw Refusal.notFound(kind, key.name) }
        // An age in a table changes although the object does not.
        guard case .table = printer.representation else {
            let version = object.metadata.resourceVersion?.description ?? "0"
            return tagged(
                printer.print(try object.shown()),
                tag: "\(version)-\(printer.representation.label)",
                call
            )
        }
        return json(printer.print(try object.shown()), headers: [.vary: "Accept"])
    }

    private func page(_ options: ListOptions) async throws -> ObjectPage {
        try await options.checkVersion(ports)
        let start = options.token?.position
        guard !options.matchesNothing else {
            return ObjectPage(objects: [], position: start ?? ports.horizon(), next: nil)
        }
        let most = options.limit ?? Self.unpagedLimit
        var page = try await ports.list(options.query, min(most, 500), options.token?.after, start)
        while let next = page.next, page.objects.count < most {
            let more = try await ports.list(
                options.query,
                min(most - page.objects.count, 500),
                next,
                page.position
            )
            page.objects += more.objects
            page.next = more.next
        }
        return page
    }
}

extension Kind {
    /// Whether its objects are the log's events, which are read through a port of their own.
    var isEvent: Bool { name == "Event" }
}

extension Refusal {
    static func notFound(_ kind: Kind, _ name: String) -> Refusal {
        Refusal(.notFound, "\(kind.plural).\(Kind.group) \"\(name)\" not found").about(kind, name)
    }
}

/// A JSON answer with a strong ETag, or 304 without a body when the client has it.
func tagged(_ value: Value, tag: String, _ call: Call, type: String = "application/json") -> Response {
    let quoted = "\"\(tag)\""
    let headers: HTTPFields = [
        .eTag: quoted, .vary: "Accept", .cacheControl: "private, no-cache", .contentType: type,
    ]
    let known = call.headers[values: .ifNoneMatch].joined(separator: ",").split(separator: ",").map {
        $0.filter { $0 != " " }
    }
    // Compared weakly, as RFC 9110 asks for GET.
    guard known.contains(where: { $0 == "*" || $0 == quoted || $0 == "W/" + quoted }) else {
        return json(value, headers: headers)
    }
    return Response(status: .notModified, headers: headers)
}
