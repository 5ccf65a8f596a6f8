import Domain

/// The parameters of a changing request.
struct WriteOptions: Sendable {
    let isDryRun: Bool
    let fieldValidation: WriteRequest.FieldValidation
    /// What the client calls itself; nil when it does not say.
    let manager: String?
    let isForced: Bool
    let takesOwnership: Bool

    /// The options of a call; fields are validated strictly when the client says nothing.
    ///
    /// *Throws* ``Refusal`` 400.
    init(_ call: Call) throws {
        switch call.query.given("dryRun") {
        case nil: isDryRun = false
        case "All": isDryRun = true
        case let other?: throw Refusal(.badRequest, "dryRun must be All, and is '\(other)'")
        }
        let name = call.query["fieldValidation"] ?? "Strict"
        guard let validation = WriteRequest.FieldValidation(rawValue: name) else {
            throw Refusal(.badRequest, "fieldValidation must be Strict, Warn or Ignore, and is '\(name)'")
        }
        fieldValidation = validation
        manager = try Self.manager(call.query["fieldManager"])
        isForced = try Self.flag(call, "force")
        takesOwnership = try Self.flag(call, "takeOwnership")
    }

    /// A client's name for itself; `git:` begins those of the sources.
    private static func manager(_ name: String?) throws -> String? {
        guard let name, !name.isEmpty else { return nil }
        guard name.utf8.count <= 128, !name.hasPrefix("git:"),
            name.allSatisfy({ $0.isASCII && !$0.isNewline })
        else {
            throw Refusal(
                .badRequest,
                "fieldManager must have at most 128 ASCII characters and not begin with 'git:'"
            )
        }
        return name
    }

    private static func flag(_ call: Call, _ name: String) throws -> Bool {
        switch call.query.given(name) {
        case nil, "false": false
        case "true": true
        case let other?: throw Refusal(.badRequest, "\(name) must be true or false, and is '\(other)'")
        }
    }
}

/// A whole object as a client sent it, made to agree with the URL.
struct WriteDocument: Sendable {
    /// What the server sets and a client may send back unchanged.
    private static let serverMetadata = [
        "uid", "generation", "resourceVersion", "creationTimestamp", "deletionTimestamp", "finalizers",
        "ownerReferences", "managedFields", "selfLink", "generateName",
    ]

    let kind: Kind
    let key: ObjectKey
    /// Without status and what the server sets.
    let object: Value
    let resourceVersion: Position?

    /// Reads a body; `suffix` completes a `generateName` where no name is given.
    ///
    /// *Throws* ``Refusal`` 400 when body and URL disagree.
    init(
        _ body: Value,
        _ kind: Kind,
        namespace: String?,
        name: String?,
        suffix: (() -> String)? = nil
    ) throws {
        guard body.object != nil, let metadata = body["metadata"], metadata.object != nil else {
            throw Refusal(.badRequest, "the body must be an object with apiVersion, kind and metadata")
        }
        guard body["apiVersion"]?.string == Kind.apiVersion, body["kind"]?.string == kind.name else {
            throw Refusal(
                .badRequest,
                "the body must be a \(kind.name) of \(Kind.apiVersion), as the URL says"
            )
        }
        let given = metadata["name"]?.string
        let prefix = given == nil ? metadata["generateName"]?.string : nil
        let generated = prefix.flatMap { prefix in suffix.map { String(prefix.prefix(58)) + $0() } }
        guard let own = name ?? given ?? generated, given ?? own == own else {
            throw Refusal(
                .badRequest,
                name == nil
                    ? "metadata.name or metadata.generateName must be present"
                    : "the name of the object (\(given ?? "")) does not match the name on the URL "
                        + "(\(name ?? ""))"
            )
        }
        guard kind.isNamespaced == (namespace != nil), metadata["namespace"]?.string ?? namespace == namespace
        else {
            throw Refusal(
                .badRequest,
                kind.isNamespaced
                    ? "the namespace of the object does not match the namespace on the URL"
                    : "a \(kind.name) belongs to no namespace"
            )
        }
        self.kind = kind
        key = ObjectKey(kind.name, namespace: namespace, name: own)
        resourceVersion = try Self.resourceVersion(of: body)
        var object = body
        object["status"] = nil
        for field in Self.serverMetadata { object["metadata"]?[field] = nil }
        object["metadata"]?["name"] = .string(own)
        object["metadata"]?["namespace"] = namespace.map { .string($0) }
        self.object = object
    }

    /// The version a body says the object must still have.
    ///
    /// *Throws* ``Refusal`` 400 for one that is none.
    static func resourceVersion(of body: Value) throws -> Position? {
        guard let text = body.at("metadata", "resourceVersion")?.string, !text.isEmpty else { return nil }
        guard let position = Position(text) else {
            throw Refusal(.badRequest, "metadata.resourceVersion must be one that the server gave")
        }
        return position
    }
}
