package import Domain

/// What one sandbox is made of: its limits, its network, its environment and what of the host it sees.
package struct SandboxSpec: Sendable, Hashable {
    /// Whether the processes of a sandbox reach the network of the host.
    package enum Network: String, Sendable {
        case deny, allow
    }

    /// The most a sandbox may use; nil is no limit.
    package struct Resources: Sendable, Hashable {
        /// Cores; may be a fraction.
        package var cpu: Double?
        /// Of all processes of the sandbox together, as far as an engine can tell; see ``LimitReport``.
        package var memory: ByteCount?
        /// Of each file; what all together take, an engine need not bound.
        package var disk: ByteCount?
        /// Processes and threads.
        package var pids: Int?

        package init(cpu: Double? = nil, memory: ByteCount? = nil, disk: ByteCount? = nil, pids: Int? = nil) {
            self.cpu = cpu
            self.memory = memory
            self.disk = disk
            self.pids = pids
        }
    }

    /// A file or folder of the host that a sandbox may read.
    package struct Bind: Sendable, Hashable {
        /// An absolute path of the host.
        package var source: String
        /// An absolute path inside.
        package var destination: String

        package init(source: String, destination: String) {
            self.source = source
            self.destination = destination
        }
    }

    /// Unique among the live sandboxes of an engine: lower-case letters, digits and inner dashes, at most 63.
    package var name: String
    package var labels: [String: String]
    package var resources: Resources
    package var network: Network
    /// For every process of the sandbox; an exec adds its own.
    package var environment: [String: String]
    /// The absolute path of the host's folder that is `/workspace` inside.
    ///
    /// It is given to the sandbox's user.
    package var workspace: String
    package var readOnlyWorkspace: Bool
    package var extraReadOnlyBinds: [Bind]
    /// From creation on; afterwards nothing runs in the sandbox any more.
    package var timeLimit: Duration

    package init(
        name: String,
        workspace: String,
        labels: [String: String] = [:],
        resources: Resources = Resources(),
        network: Network = .deny,
        environment: [String: String] = [:],
        readOnlyWorkspace: Bool = false,
        extraReadOnlyBinds: [Bind] = [],
        timeLimit: Duration = .seconds(3600)
    ) {
        self.name = name
        self.workspace = workspace
        self.labels = labels
        self.resources = resources
        self.network = network
        self.environment = environment
        self.readOnlyWorkspace = readOnlyWorkspace
        self.extraReadOnlyBinds = extraReadOnlyBinds
        self.timeLimit = timeLimit
    }

    /// Refuses what no engine could hold.
    ///
    /// - Throws: `Failure.invalid` with a sentence about the first mistake.
    package func validate() throws {
        guard isName(name) else { throw Failure(.invalid, "A sandbox cannot be named `\(name)`") }
        for path in [workspace] + extraReadOnlyBinds.flatMap({ [$0.source, $0.destination] })
        where !isPlainAbsolute(path) {
            throw Failure(.invalid, "`\(path)` is not a plain absolute path")
        }
        let taken = ["/proc", "/dev", "/sys", "/tmp", "/usr", "/bin", "/sbin", "/lib", "/lib64"]
        for bind in extraReadOnlyBinds
        where taken.contains(where: { bind.destination == $0 || bind.destination.hasPrefix($0 + "/") }) {
            throw Failure(
                .invalid,
                "Nothing can be bound to `\(bind.destination)`, which the sandbox makes itself"
            )
        }
        try validateEnvironment(environment)
        guard resources.cpu ?? 1 > 0, resources.memory?.bytes ?? 1 > 0, resources.disk?.bytes ?? 1 > 0,
            resources.pids ?? 1 > 0, timeLimit > .zero
        else { throw Failure(.invalid, "A limit of the sandbox `\(name)` is not above zero") }
    }

    private func isName(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        let isPlain = bytes.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
        return (1...63).contains(bytes.count) && isPlain && bytes.first != 45 && bytes.last != 45
    }

    private func isPlainAbsolute(_ path: String) -> Bool {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        return path.utf8.count > 1 && path.utf8.count < 4096 && parts.first == ""
            && !parts.dropFirst().contains { $0.isEmpty || $0 == "." || $0 == ".." || $0.utf8.contains(0) }
    }
}

extension SandboxSpec.Resources {
    /// The limits a RuntimeProfile declares.
    ///
    /// - Throws: `Failure.invalid` for a quantity that is none.
    package init(_ profile: RuntimeProfileSpec.Resources) throws {
        self.init(
            cpu: try profile.cpu.map(cores),
            memory: try profile.memory.map(byteCount),
            disk: try profile.disk.map(byteCount),
            pids: profile.pids
        )
    }
}

private func cores(_ quantity: String) throws -> Double {
    let isMilli = quantity.hasSuffix("m")
    guard let number = Double(isMilli ? String(quantity.dropLast()) : quantity), number > 0,
        number < 1_000_000
    else {
        throw Failure(.invalid, "`\(quantity)` is not a number of cores such as `2` or `500m`")
    }
    return isMilli ? number / 1000 : number
}

private func byteCount(_ quantity: String) throws -> ByteCount {
    guard let count = ByteCount(quantity: quantity) else {
        throw Failure(.invalid, "`\(quantity)` is not a number of bytes such as `512Mi`")
    }
    return count
}

/// Refuses names that a shell could not use, and values no environment can hold.
func validateEnvironment(_ environment: [String: String]) throws {
    for (name, value) in environment {
        let bytes = Array(name.utf8)
        let isPlain = bytes.allSatisfy {
            (65...90).contains($0) || (97...122).contains($0) || (48...57).contains($0) || $0 == 95
        }
        guard let first = bytes.first, isPlain, !(48...57).contains(first) else {
            throw Failure(.invalid, "An environment variable cannot be named `\(name)`")
        }
        guard !value.utf8.contains(0), value.utf8.count < 131_072 - bytes.count - 1 else {
            throw Failure(
                .invalid,
                "The value of the environment variable `\(name)` holds a NUL or is too long"
            )
        }
    }
}
