import Domain
import Foundation

@testable import Catalog

/// The good configuration of `Goldens/Catalog/good`, or the catalog of `Goldens/Catalog/community`, to load
/// as it is or with mistakes put in.
struct Configuration {
    var files: [String: [UInt8]] = [:]
    var options = LoadOptions()

    init(_ base: String = "good") throws {
        let folder = Golden.folder.appending(path: base)
        let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter {
            $0.hasSuffix(".yaml") || $0.hasSuffix(".md")
        }
        for path in paths { files[path] = try Golden.bytes("\(base)/\(path)") }
        if base == "community" { options.communityRoots = [""] }
        options.gitSource = "main"
        options.commit = CommitID(String(repeating: "a", count: 40))
        options.sourceURL = "/srv/repositories/config"
        options.isWhole = true
    }

    /// Loads for a source with these grants.
    mutating func grant(namespaces: [String], kinds: [String]) {
        let grants: Value = ["namespaces": .strings(namespaces), "kinds": .strings(kinds)]
        options.grants = try? grants.decode()  // The two members are all there is.
    }

    /// Replaces the one occurrence of a text in a file.
    mutating func replace(_ old: String, _ new: String, in path: String) {
        let text = String(decoding: files[path] ?? [], as: UTF8.self)
        precondition(text.components(separatedBy: old).count == 2, "'\(old)' must stand once in \(path)")
        files[path] = Array(text.replacingOccurrences(of: old, with: new).utf8)
    }

    /// Loads beside a stored object without a spec.
    mutating func existing(_ kind: String, _ namespace: String, _ name: String) {
        options.existing[ObjectKey(kind, namespace: namespace, name: name)] = [:]
    }

    mutating func append(_ text: String, to path: String) { files[path, default: []] += Array(text.utf8) }

    var sourceFiles: [SourceFile] {
        files.sorted { $0.key < $1.key }.map { SourceFile(path: $0.key, bytes: $0.value) }
    }

    func load() -> Loaded { Loader().load(sourceFiles, options: options) }

    /// The diagnostics as a person sees them.
    func report(_ loaded: Loaded) -> String {
        loaded.diagnostics.map { $0.text(source: files[$0.path]) + "\n" }.joined()
    }
}

extension LoadOptions {
    /// Options with something changed.
    func with(_ change: (inout LoadOptions) -> Void) -> LoadOptions {
        var copy = self
        change(&copy)
        return copy
    }
}
