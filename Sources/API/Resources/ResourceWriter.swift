import Domain
import HTTPTypes
import Hummingbird

/// Answers create, replace, patch and delete of declared kinds.
struct ResourceWriter: Sendable {
    /// How often a patch is tried in all, when it loses the race and the client named no version.
    private static let patchAttempts = 4

    let reads: ReadPorts
    let writes: WritePorts
    let bodyLimit: Int

    /// Answers `POST …/{plural}`.
    func create(_ call: Call) async throws -> Response {
        let kind = try writableKind(call)
        let options = try WriteOptions(call)
        let (_, body) = try await read(call, ["application/json"])
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

    /// Answers `PATCH …/{plural}/{name}`: a merge patch, a JSON patch, or the fields of an object to apply.
    ///
    /// The body of an apply is JSON although its media type says YAML.
    func patch(_ call: Call) async throws -> Response {
        let kind = try writableKind(call)
        let key = try call.key()
        let options = try WriteOptions(call)
        let (type, body) = try await read(
            call,
            ["application/merge-patch+json", "application/json-patch+json", "application/apply-patch+yaml"]
        )
        switch type {
        case "application/merge-patch+json":
            return try await amend(kind, key, call, options) { $0.merging(body) }
        case "application/json-patch+json":
            let patch = try refusing { () throws(JSONPatchError) in try JSONPatch(body) }
            return try await amend(kind, key, call, options) { value in
                try refusing { () throws(JSONPatchError) in try patch.applied(to: value) }
            }
        default:
            let document = try WriteDocument(body, kind, namespace: key.namespace, name: key.name)
            return try await perform(document, .apply, call, options, version: document.resourceVersion)
        }
    }

    /// Answers `DELETE …/{plural}/{name}`.
    func delete(_ call: Call) async throws -> Response {
        let kind = try writableKind(call)
        let key = try call.key()
        let body = try await call.request.body.collect(upTo: bodyLimit)
        let options = body.readableBytes == 0 ? Value.object([:]) : try deleteOptions(body)
        var request = DeleteRequest(
            key: key,
            actor: call.caller.subject,
            isDryRun: try WriteOptions(call).isDryRun || isDryRun(options)
        )
        try readPreconditions(options["preconditions"], into: &request)
        let object: Object
        do {
            object = try await writes.delete(request)
        } catch {
            throw Refusal(answering: error, logger: call.logger).about(kind, key.name)
        }
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

    /// Replaces an object by what a change makes of it, unless it names another version than the object has.
    private func amend(
        _ kind: Kind,
        _ key: ObjectKey,
        _ call: Call,
        _ options: WriteOptions,
        _ change: (Value) throws -> Value
    ) async throws -> Response {
        for attempt in 1... {
            guard let current = try await reads.object(key) else { throw Refusal.notFound(kind, key.name) }
            let changed = try change(try Value(encoding: current))
            let document = try WriteDocument(changed, kind, namespace: key.namespace, name: key.name)
            let version = document.resourceVersion ?? current.metadata.resourceVersion
            do {
                return try await perform(document, .replace, call, options, version: version)
            } catch let refusal as Refusal
                where refusal.code == "stale" && version == current.metadata.resourceVersion
                && attempt < Self.patchAttempts
            {
                continue
            }
        }
        throw Refusal(.conflict, "the object keeps changing; try again").about(kind, key.name)
    }

    /// The answers for a patch that is none, and for one that does not fit.
    private func refusing<Result>(_ body: () throws(JSONPatchError) -> Result) throws -> Result {
        do { return try body() } catch {
            switch error {
            case .malformed(let message): throw Refusal(.badRequest, message)
            case .inapplicable(let message): throw Refusal(.invalid, message)
            }
        }
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

    /// What is not understood is refused, or the object would really be deleted.
    private func isDryRun(_ options: Value) throws -> Bool {
        guard let wanted = options["dryRun"], wanted != .null else { return false }
        guard let stages = wanted.array, stages.allSatisfy({ $0 == "All" }) else {
            throw Refusal(.badRequest, "dryRun must be a list of All")
        }
        return !stages.isEmpty
    }

    private func readPreconditions(_ wanted: Value?, into request: inout DeleteRequest) throws {
        guard let wanted, wanted != .null else { return }
        guard let members = wanted.object?.filter({ $0.value != .null }),
            members.allSatisfy({ ["uid", "resourceVersion"].contains($0.key) && $0.value.string != nil })
        else {
            throw Refusal(.badRequest, "preconditions are a uid, a resourceVersion or both, as texts")
        }
        request.uid = members["uid"]?.string.map { UID($0) }
        request.resourceVersion = try members["resourceVersion"]?.string.map { text in
            guard let position = Position(text) else {
                throw Refusal(.badRequest, "preconditions.resourceVersion must be one that the server gave")
            }
            return position
        }
    }

    private func generatedSuffix() -> String {
        let letters = Array("bcdfghjklmnpqrstvwxz2456789")
        return String(writes.randomBytes(5).map { letters[Int($0) % letters.count] })
    }
}
