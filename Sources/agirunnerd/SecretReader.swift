import Domain
import Git
import Glibc
import Secrets

/// Reads secrets where the SecretStores say, each time anew: what was rotated counts at once.
struct SecretReader: Sendable {
    let stored: @Sendable (ObjectKey) async throws -> Stored?
    /// Hears of each value before anybody else, so that no log line carries it.
    let register: @Sendable (SecretText) -> Void
    let sealed: SealedSecrets

    /// What the repository of a source is entered with; nil where it needs nothing.
    ///
    /// - Throws: `Failure` with the reason `secret_store_missing`, `secret_missing`, `secret_unreadable` or
    ///   `secret_invalid`; none repeats anything of a value.
    func credential(of spec: GitSourceSpec) async throws -> GitCredential? {
        guard let reference = spec.secretRef else { return nil }
        let secret = try await secret(reference, namespace: spec.namespace)
        return try GitCredential(secret, for: RemoteURL(spec.url))
    }

    /// The value of a secret of a namespace.
    func secret(_ reference: SecretReference, namespace: String) async throws -> SecretText {
        let key = ObjectKey("SecretStore", namespace: namespace, name: reference.store)
        guard let store = try await stored(key) else {
            throw Failure(.notFound, "\(key) does not exist", reason: "secret_store_missing")
        }
        let spec: SecretStoreSpec = try (store.object.spec ?? [:]).decode()
        let value = try value(reference, spec, in: key)
        register(value)
        return value
    }

    /// Whether a store can be read.
    ///
    /// - Throws: `Failure` that says what keeps it from being read.
    func check(_ store: ObjectKey, _ spec: SecretStoreSpec) throws {
        switch spec.type {
        case .env: break
        case .file: try checkFolder(spec)
        case .sealed:
            for key in (spec.config.sealed ?? [:]).keys.sorted() {
                _ = try value(SecretReference(store: store.name, key: key), spec, in: store)
            }
        }
    }

    private func value(
        _ reference: SecretReference,
        _ spec: SecretStoreSpec,
        in store: ObjectKey
    ) throws -> SecretText {
        let name = "The secret '\(reference.key)' of \(store)"
        let value =
            switch spec.type {
            case .env: try variable(reference.key, spec, name)
            case .file: try file(reference.key, spec, name)
            case .sealed:
                try sealed.open(
                    spec.config.sealed?[reference.key],
                    as: reference.sealedName(namespace: store.namespace ?? ""),
                    name
                )
            }
        guard value.count > 0 else { throw Failure(.invalid, "\(name) is empty", reason: "secret_invalid") }
        return value
    }

    private func checkFolder(_ spec: SecretStoreSpec) throws {
        let directory = spec.config.directory ?? ""
        // Names need not be listed, only entered.
        var status = stat()
        guard unsafe stat(directory, &status) == 0, unsafe access(directory, X_OK) == 0 else {
            throw Failure(.unavailable, "The folder \(directory) cannot be read", outside: errnoText)
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw Failure(.invalid, "\(directory) must be a folder with a file for each secret")
        }
    }

    private func variable(_ key: String, _ spec: SecretStoreSpec, _ name: String) throws -> SecretText {
        let variable = (spec.config.prefix ?? SecretStoreSpec.defaultPrefix) + key
        guard let value = unsafe getenv(variable) else {
            throw Failure(
                .notFound,
                "\(name) is missing: agirunnerd was started without the variable \(variable)",
                reason: "secret_missing"
            )
        }
        return unsafe SecretText(
            UnsafeBufferPointer(start: value, count: strlen(value)).map { UInt8(bitPattern: $0) }
        )
    }

    private func file(_ key: String, _ spec: SecretStoreSpec, _ name: String) throws -> SecretText {
        let path = "\(spec.config.directory ?? "")/\(key)"
        // A pipe without a writer must not hold us up.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            let isMissing = errno == ENOENT
            throw Failure(
                isMissing ? .notFound : .forbidden,
                "\(name) \(isMissing ? "is missing: there is no" : "cannot be read from the") file \(path)",
                outside: errnoText,
                reason: isMissing ? "secret_missing" : "secret_unreadable"
            )
        }
        defer { close(descriptor) }
        var status = stat()
        let limit = GitCredential.largestSecret
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            status.st_size <= limit
        else {
            throw Failure(
                .invalid,
                "\(name) must be a file of at most \(limit >> 10) KiB: \(path)",
                reason: "secret_invalid"
            )
        }
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, limit) }
        guard count >= 0 else {
            throw Failure(
                .unavailable,
                "\(name) cannot be read from the file \(path)",
                outside: errnoText,
                reason: "secret_unreadable"
            )
        }
        return SecretText(lines: bytes[..<count])
    }
}

private var errnoText: String { "errno \(errno)" }
