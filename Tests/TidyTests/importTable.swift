/// The rings of ARCHITECTURE.md, section 1, as data: a target may import what stands on its line, what its
/// ring may import, and nothing else.
struct Place {
    let ring: Ring
    let imports: Set<String>

    /// Everything the target may import.
    var allowed: Set<String> { imports.union(ring.imports) }
}

enum Ring {
    case c, system, core, edge, program

    /// What every target of the ring may import besides.
    var imports: Set<String> {
        let everywhere: Set = [
            "Synchronization", "OrderedCollections", "DequeModule", "HeapModule", "SystemPackage",
        ]
        switch self {
        case .c: return []
        case .system: return everywhere
        case .core: return everywhere.subtracting(["SystemPackage"])
        case .edge: return everywhere.union(["Glibc", "Logging", "ServiceLifecycle"])
        case .program:
            return everywhere.union(["Glibc", "Logging", "ServiceLifecycle", "UnixSignals", "ArgumentParser"])
        }
    }
}

let programs: Set<String> = ["agirunner", "agirunnerd", "agirunner-fleet", "agirunner-runtime"]

/// Targets without product code, which the table leaves out.
let testSupport: Set<String> = ["Support", "benchmarks"]

let importTable: [String: Place] = [
    "CCurl": Place(ring: .c, imports: []),
    "CGit2": Place(ring: .c, imports: []),
    "CLinux": Place(ring: .c, imports: []),
    "CPQ": Place(ring: .c, imports: []),
    "CSSL": Place(ring: .c, imports: []),
    "CYAML": Place(ring: .c, imports: []),

    "Threads": Place(ring: .system, imports: ["CLinux"]),
    "Outbound": Place(ring: .system, imports: ["Threads", "CCurl"]),
    "Secrets": Place(ring: .system, imports: ["CSSL"]),

    "Domain": Place(ring: .core, imports: []),
    "Catalog": Place(ring: .core, imports: ["Domain", "Secrets", "CYAML"]),
    "WorkerProtocol": Place(ring: .core, imports: ["Domain", "Secrets"]),
    "Workflows": Place(ring: .core, imports: ["Domain"]),
    "Reconciler": Place(ring: .core, imports: ["Domain", "Secrets", "WorkerProtocol", "Workflows"]),

    "Git": Place(ring: .edge, imports: ["Domain", "Threads", "Secrets", "CGit2", "Subprocess"]),
    // What the source controller asks for is git's side and the file format's, put together.
    "GitSources": Place(ring: .edge, imports: ["Catalog", "Domain", "Git", "Reconciler", "Threads"]),
    "Store": Place(ring: .edge, imports: ["Domain", "Secrets", "Threads", "CPQ"]),
    // A sandbox is a process in a session of its own, with a deadline: that is what Threads is.
    "Containers": Place(ring: .edge, imports: ["Domain", "Outbound", "Threads", "CLinux", "Subprocess"]),
    "Fleet": Place(ring: .edge, imports: ["Domain", "WorkerProtocol", "Containers", "Outbound", "Threads"]),
    // Its clean git process needs a deadline and a session, as a sandbox does.
    "Runtime": Place(
        ring: .edge,
        imports: ["Domain", "WorkerProtocol", "Containers", "Outbound", "Secrets", "Threads", "Subprocess"]
    ),
    "API": Place(
        ring: .edge,
        imports: ["Domain", "WorkerProtocol", "Secrets", "Hummingbird", "NIOCore", "HTTPTypes"]
    ),
    "Telemetry": Place(ring: .edge, imports: ["Outbound", "Secrets", "Metrics"]),
    "CommandLine": Place(
        ring: .edge,
        imports: [
            "Domain", "Catalog", "Workflows", "Git", "Reconciler", "Secrets", "Outbound", "ArgumentParser",
        ]
    ),
    "Embedded": Place(ring: .edge, imports: ["Domain", "Threads", "Subprocess"]),

    // The programs that may not link libpq do not name Store, and nobody but `agirunner` names Embedded.
    "agirunner": Place(
        ring: .program,
        imports: ["CommandLine", "Domain", "Embedded", "Outbound", "Secrets", "Telemetry", "Threads"]
    ),
    "agirunnerd": Place(
        ring: .program,
        imports: [
            "API", "Catalog", "Domain", "Git", "GitSources", "Reconciler", "Secrets", "Store", "Telemetry",
            "Threads", "Workflows",
        ]
    ),
    "agirunner-fleet": Place(
        ring: .program,
        imports: ["Domain", "Fleet", "Outbound", "Telemetry", "Threads"]
    ),
    "agirunner-runtime": Place(
        ring: .program,
        imports: ["Containers", "Domain", "Outbound", "Runtime", "Secrets", "Telemetry"]
    ),
]

/// The modules a file imports, with their lines.
func imports(of file: SourceFile) -> [(module: String, line: Int)] {
    let kinds: Set = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
    return file.tokens.indices.dropLast().compactMap { index in
        let token = file.tokens[index]
        guard token.text == "import" else { return nil }
        var next = index + 1
        if kinds.contains(file.tokens[next].text), next + 1 < file.tokens.count { next += 1 }
        return (file.tokens[next].text, token.line)
    }
}

/// Imports that the table does not allow.
func forbiddenImports(_ file: SourceFile, table: [String: Place] = importTable) -> [Violation] {
    imports(of: file).compactMap { module, line in
        guard let place = table[file.target] else {
            return file.violation(line, .importTable, "\(file.target) does not stand in the table of imports")
        }
        guard !place.allowed.contains(module) else { return nil }
        return file.violation(line, .importTable, "\(file.target) may not import \(module)")
    }
}
