// swift-tools-version: 6.2
import PackageDescription

// The arrows of ARCHITECTURE.md as data: a target may import what stands on its line and nothing else.
// TidyTests holds the same table and compares it with this file and with the import lines of the sources.

let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error), .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let collections: Target.Dependency = .product(name: "OrderedCollections", package: "swift-collections")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "Metrics", package: "swift-metrics")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")

func library(_ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = []) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

func clib(_ name: String, pkgConfig: String, apt: String) -> Target {
    .systemLibrary(name: name, path: "Sources/Clibs/\(name)", pkgConfig: pkgConfig, providers: [.apt([apt])])
}

let package = Package(
    name: "agirunner",
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    ],
    targets: [
        // C libraries, one importer each.
        clib("CCurl", pkgConfig: "libcurl", apt: "libcurl4-openssl-dev"),
        clib("CGit2", pkgConfig: "libgit2", apt: "libgit2-dev"),
        clib("CPQ", pkgConfig: "libpq", apt: "libpq-dev"),
        clib("CSSL", pkgConfig: "libcrypto", apt: "libssl-dev"),
        clib("CYAML", pkgConfig: "yaml-0.1", apt: "libyaml-dev"),
        .target(name: "CLinux", path: "Sources/Clibs/CLinux"),

        // System: mechanisms, no product noun.
        library("Threads", ["CLinux"]),
        library("Outbound", ["Threads", "CCurl"]),
        library("Secrets", ["CSSL"]),

        // Core: values and rules; no clock, socket or file.
        library("Domain"),
        library("Catalog", ["Domain", "Secrets", "CYAML"]),
        library("WorkerProtocol", ["Domain", "Secrets"]),
        library("Workflows", ["Domain"]),
        library("Reconciler", ["Domain", "Secrets", "WorkerProtocol", "Workflows"]),

        // Edges: each turns one outside world into Domain values.
        library("Git", ["Domain", "Secrets", "Threads", "CGit2"]),
        library("GitSources", ["Catalog", "Domain", "Git", "Reconciler", "Threads"]),
        library(
            "Store",
            ["Domain", "Secrets", "Threads", "CPQ", collections, logging],
            resources: [.embedInCode("Migrations")]
        ),
        library("Containers", ["Domain", "Threads", "CLinux", logging]),
        library(
            "Fleet",
            ["Domain", "WorkerProtocol", "Containers", "Outbound", "Threads", logging, lifecycle]
        ),
        library(
            "Runtime",
            ["Containers", "Domain", "Outbound", "Secrets", "Threads", "WorkerProtocol", logging]
        ),
        library(
            "API",
            ["Domain", "WorkerProtocol", "Secrets", hummingbird, nioCore, httpTypes, logging, lifecycle]
        ),
        library("Telemetry", ["Secrets", logging, metrics]),
        library(
            "CommandLine",
            [
                "Domain", "Catalog", "Git", "Outbound", "Reconciler", "Workflows", "Secrets", argumentParser,
            ]
        ),
        library("Embedded", ["Domain", "Threads"]),

        // Programs: compose, nothing else.
        program(
            "agirunner",
            [
                "CommandLine", "Domain", "Embedded", "Outbound", "Secrets", "Telemetry", "Threads",
                argumentParser, unixSignals,
            ]
        ),
        program(
            "agirunnerd",
            [
                "API", "Catalog", "Domain", "Git", "GitSources", "Reconciler", "Secrets", "Store",
                "Telemetry", "Threads", "Workflows", argumentParser, lifecycle, logging, unixSignals,
            ]
        ),
        program(
            "agirunner-fleet",
            [
                "Domain", "Fleet", "Outbound", "Telemetry", "Threads", argumentParser, lifecycle, logging,
                unixSignals,
            ]
        ),
        program(
            "agirunner-runtime",
            [
                "Containers", "Domain", "Outbound", "Runtime", "Telemetry", argumentParser, lifecycle,
                logging, unixSignals,
            ]
        ),

        // Tests.
        .target(
            name: "Support",
            dependencies: ["Domain", "Store", "Threads"],
            path: "Tests/Support",
            swiftSettings: strict
        ),
        tests("ThreadsTests", ["Threads"]),
        tests("OutboundTests", ["Outbound", "Support", "Threads"]),
        tests("SecretsTests", ["Secrets", "Support"]),
        tests("DomainTests", ["Domain", "Support"]),
        tests("CatalogTests", ["Catalog", "Domain", "Support"]),
        tests("WorkflowsTests", ["Workflows", "Domain", "Support"]),
        tests(
            "ReconcilerTests",
            ["Reconciler", "Workflows", "Catalog", "Domain", "Secrets", "Support", "WorkerProtocol"]
        ),
        tests("GitTests", ["Git", "Domain", "Secrets", "Support", "Threads"]),
        tests("GitSourcesTests", ["GitSources", "Catalog", "Domain", "Git", "Reconciler", "Support"]),
        tests("StoreTests", ["Store", "Domain", "Threads", "Support", "Workflows"]),
        tests("ContainersTests", ["Containers", "Domain", "Threads", logging]),
        tests("FleetTests", ["Fleet", "Domain", "Support", "Threads", "WorkerProtocol"]),
        tests(
            "RuntimeTests",
            ["Runtime", "Containers", "Domain", "Outbound", "Secrets", "Threads", "WorkerProtocol", logging]
        ),
        tests(
            "APITests",
            [
                "API", "Domain", "Outbound", "Secrets", "Threads", "WorkerProtocol", logging, httpTypes,
                lifecycle,
            ]
        ),
        tests("TelemetryTests", ["Telemetry", "Domain", "Secrets", logging, metrics]),
        tests(
            "CommandLineTests",
            ["CommandLine", "Catalog", "Domain", "Outbound", "Reconciler", "Support", argumentParser]
        ),
        tests("EmbeddedTests", ["Embedded", "Domain", "Threads"]),
        tests("TidyTests", []),
        tests(
            "EndToEndTests",
            [
                "Domain", "Threads", "Support", "agirunner", "agirunnerd", "agirunner-fleet",
                "agirunner-runtime",
            ]
        ),

        // Figures beside their floors, which `make bench` prints.
        .executableTarget(
            name: "benchmarks",
            dependencies: ["Containers", "Domain", "Outbound", "Store", "Support", "Threads", logging],
            path: "Benchmarks",
            swiftSettings: strict
        ),
    ],
    swiftLanguageModes: [.v6]
)
