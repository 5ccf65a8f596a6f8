import Domain
import HTTPTypes
import Hummingbird

/// Answers create, replace, patch and delete of declared kinds.
struct ResourceWriter: Sendable {
    /// A merge that loses the race is tried again that often when the client named no version.
    private static let mergeAttempts = 4

    let reads: ReadPorts
    let writes: WritePorts
    let bodyLimit: Int

    /// Answers `POST …/{plural}`.
    func create(_ call: Call) async throws -> Response {
        let kind = try writableKind(call)
        let options = try WriteOptions(call)
        let (type, body) = try await read(call, ["application/json"])
        _ = type
        let document = try WriteDocument(body, kind, namespace: call.parameters["namespace"], name: nil) {
            generatedSuffix()
        }
        return try await perform(document, .create, call, options, version: nil)
    }

    /// Answers `PUT …/{plural}/{name}`.
    func replace(_ call: Call) async throws -> Response {
        let kind = try writableKind(call)
        let key = try call.key()
        let options = try WriteOptions(call)
        let (_, body) = try await read(call, ["application/json"])
        let document = try WriteDocument(body, kind, namespace: key.namespace, name: key.name)
        return try await perform(document, .replace, call, options, version: document.resourceVersion)
    }

    /// Answers `PATCH …/{plural}/{name}`: a merge patch, or the fields of an object to apply.
    ///
    /// The body of an apply is JSON although its media type says YAML.
    func patch(_ call: Call) async throws -> Response {
        let kind = try writableKind(call)
        let key = try call.key()
        let options = try WriteOptions(call)
        let (type, body) = try await read(
            call,
            ["application/merge-patch+json", "application/apply-patch+yaml"]
        )
        if type == "application/merge-patch+json" { return try await merge(body, kind, key, call, options) }
        let document = try WriteDocument(body, kind, namespace: key.namespace, name: key.name)
        return try await perform(document, .apply, call, options, version: document.resourceVersion)
    }

    /// Answers `DELETE …/{plural}/{name}`.
    func delete(_ call: Call) async throws -> Response {
        let kind = try writableKind(call)
        let key = try call.key()
        let body = try await call.request.body.collect(upTo: bodyLimit)
        let options = body.readableBytes == 0 ? Value.object([:]) : try deleteOptions(body)
        let isDryRun = try WriteOptions(call).isDryRun || options["dryRun"]?.array?.contains("All") == true
        try await checkPreconditions(options["preconditions"] ?? [:], kind, key)
        let object: Object
        do {
            object = try await writes.delete(key, call.caller.subject, isDryRun)
        } catch {
            throw Refusal(answering: error, logger: call.logger).about(kind, key.name)
        }
        guard object.metadata.deletionTimestamp == nil else { return json(try object.shown()) }
        return json([
            "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success",
            "details": .members([
                "name": .string(key.name), "group": .string(Kind.group), "kind": .string(kind.plural),
                "uid": object.metadata.uid.map { .string($0.text) },
            ]),
        ])
    }

    private func writableKind(_ call: Call) throws -> Kind {
        let kind = try call.kind()
        guard kind.isDeclared else {
            throw Refusal.methodNotAllowed(call.request.method.rawValue, ["GET", "HEAD"]).about(kind, nil)
        }
        return kind
    }

    private func read(_ call: Call, _ accepted: [String]) async throws -> (type: String, body: Value) {
        let header = call.headers[.contentType] ?? "application/json"
        let type = header.split(separator: ";").first.map { $0.filter { $0 != " " }.lowercased() } ?? ""
        guard accepted.contains(type) else {
            throw Refusal(
                .unsupportedMediaType,
                "the body of the request was in an unknown format - accepted media types include: "
                    + accepted.joined(separator: ", ")
            )
        }
        return (type, try await call.jsonBody(upTo: bodyLimit))
    }

    private func merge(
        _ patch: Value,
        _ kind: Kind,
        _ key: ObjectKey,
        _ call: Call,
        _ options: WriteOptions
    ) async throws -> Response {
        let asked = try WriteDocument.resourceVersion(of: patch)
        for attempt in 1... {
            guard let current = try await reads.object(key) else { throw Refusal.notFound(kind, key.name) }
            let merged = try Value(encoding: current).merging(patch)
            let document = try WriteDocument(merged, kind, namespace: key.namespace, name: key.name)
            do {
                return try await perform(
                    document,
                    .replace,
                    call,
                    options,
                    version: asked ?? current.metadata.resourceVersion
                )
            } catch let refusal as Refusal
                where refusal.reason == .conflict && refusal.code == nil && asked == nil
                && attempt < Self.mergeAttempts
            {
                continue
            }
        }
        throw Refusal(.conflict, "the object keeps changing; try again").about(kind, key.name)
    }

    private func perform(
        _ document: WriteDocument,
        _ method: WriteRequest.Method,
        _ call: Call,
        _ options: WriteOptions,
        version: Position?
    ) async throws -> Response {
        let result: WriteResult
        do {
            var request = WriteRequest(
                method: method,
                key: document.key,
                object: document.object,
                actor: call.caller.subject,
                isDryRun: options.isDryRun,
                fieldValidation: options.fieldValidation,
                resourceVersion: version
            )
            request.manager = options.manager ?? call.caller.subject
            request.isForced = options.isForced
            request.takesOwnership = options.takesOwnership
            result = try await writes.write(request)
        } catch {
            throw Refusal(answering: error, logger: call.logger).about(document.kind, document.key.name)
        }
        var headers = HTTPFields()
        for warning in result.warnings {
            guard let name = HTTPField.Name("Warning") else { break }
            let text = warning.map { $0 == "\"" || $0 == "\\" || $0.isNewline ? "'" : String($0) }.joined()
            headers.append(HTTPField(name: name, value: "299 - \"\(text)\""))
        }
        return json(try result.object.shown(), status: result.isCreated ? .created : .ok, headers: headers)
    }

    private func deleteOptions(_ body: ByteBuffer) throws -> Value {
        do {
            return try Value(json: body.readableBytesView)
        } catch let error as JSONError {
            throw Refusal(.badRequest, "the body must be JSON: \(error.message) at byte \(error.offset)")
        }
    }

    private func checkPreconditions(_ wanted: Value, _ kind: Kind, _ key: ObjectKey) async throws {
        guard let members = wanted.object, !members.isEmpty else { return }
        guard let current = try await reads.object(key) else { throw Refusal.notFound(kind, key.name) }
        let metadata = current.metadata
        guard members["uid"].map({ $0.string == metadata.uid?.text }) ?? true,
            members["resourceVersion"].map({ $0.string == metadata.resourceVersion?.description }) ?? true
        else {
            throw Refusal(.conflict, "the object is not the one the preconditions name").about(kind, key.name)
        }
    }

    private func generatedSuffix() -> String {
        let letters = Array("bcdfghjklmnpqrstvwxz2456789")
        return String(writes.randomBytes(5).map { letters[Int($0) % letters.count] })
    }
}
