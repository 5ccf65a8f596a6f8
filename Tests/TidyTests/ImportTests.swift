import Testing

/// The arrows of the architecture, in the sources and in the package.
@Suite struct ImportTests {
    private let repository = Repository.this
    private var manifest: Manifest { Manifest(repository.text("Package.swift") ?? "") }

    @Test func `no source imports what the table does not allow`() {
        let found = repository.sources.flatMap { forbiddenImports($0) }.minus([])
        #expect(found.isEmpty, "\(found.report)")
    }

    @Test func `no target depends on what the table does not allow`() {
        let found = manifestViolations(manifest)
        #expect(found.isEmpty, "\(found.report)")
    }

    @Test func `every target of the table is one of the package`() {
        #expect(Set(manifest.productTargets) == Set(importTable.keys))
    }

    @Test func `every import is declared in the package`() {
        let manifest = manifest
        let found = repository.files.flatMap { undeclaredImports($0, manifest) }
        #expect(found.isEmpty, "\(found.report)")
    }

    @Test func `Foundation stays out of the core and of what is below it`() {
        for (target, place) in importTable where place.ring == .core || place.ring == .system {
            #expect(
                place.allowed.isDisjoint(with: ["Foundation", "FoundationEssentials", "Glibc"]),
                "\(target)"
            )
        }
    }

    @Test(arguments: ["CCurl", "CGit2", "CPQ", "CSSL", "CYAML"])
    func `a C library has one importer`(library: String) {
        #expect(importTable.values.filter { $0.imports.contains(library) }.count == 1)
    }

    @Test func `the arrows have no circle`() {
        var left = importTable.mapValues { $0.imports.intersection(importTable.keys) }
        while true {
            let ready = left.filter { $0.value.isEmpty }.map(\.key)
            if ready.isEmpty { break }
            for target in ready { left[target] = nil }
            left = left.mapValues { $0.subtracting(ready) }
        }
        #expect(left.isEmpty, "\(left.keys.sorted()) import each other")
    }

    @Test func `an import that is not allowed is found`() {
        let file = SourceFile(
            path: "Sources/Domain/Clock.swift",
            text: "// import Store\ninternal import Foundation\nimport struct Git.Tree\n"
        )
        #expect(forbiddenImports(file).map(\.line) == [2, 3])
        #expect(forbiddenImports(file).last?.message == "Domain may not import Git")
        let stranger = SourceFile(path: "Sources/Nowhere/X.swift", text: "import Domain\n")
        #expect(forbiddenImports(stranger).count == 1)
    }

    @Test func `a dependency that is not allowed or not declared is found`() {
        let manifest = Manifest(
            """
            let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
            func library(_ name: String) -> Target { .target(name: name) }
            library("Domain", ["Store", logging], resources: [.embedInCode("X")]),
            .target(name: "Stranger", dependencies: ["Domain"]),
            """
        )
        #expect(manifest.targets["Domain"] == ["Store", "Logging"])
        #expect(
            manifestViolations(manifest).map(\.description) == [
                "Package.swift:3: Domain may not depend on Logging",
                "Package.swift:3: Domain may not depend on Store",
                "Package.swift:4: Stranger does not stand in the table of imports",
            ]
        )
        let file = SourceFile(
            path: "Sources/Domain/X.swift",
            text: "import Logging\nimport Threads\nimport Glibc\n"
        )
        #expect(undeclaredImports(file, manifest).map(\.line) == [2])
    }

    @Test func `the package is read, and not only its first lines`() {
        #expect(manifest.targets["Reconciler"]?.isSuperset(of: ["Domain", "Workflows"]) == true)
        #expect(manifest.targets["API"]?.contains("Hummingbird") == true)
        #expect(manifest.targets["CLinux"] == [])
        #expect(manifest.targets["TidyTests"] == [])
    }
}
