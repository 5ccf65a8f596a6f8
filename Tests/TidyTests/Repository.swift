import Foundation

/// The repository that this file stands in.
struct Repository: Sendable {
    /// Read once: the checks look at the same files again and again.
    static let this = Repository()

    let root: URL
    /// Every Swift file of `Sources`, `Tests` and `Benchmarks`, each sorted by path.
    let files: [SourceFile]

    private init() {
        root = URL(filePath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let root = root
        files = ["Sources", "Tests", "Benchmarks"].flatMap { folder -> [SourceFile] in
            let names = FileManager.default.enumerator(atPath: root.appending(path: folder).path)
            return (names?.allObjects ?? []).compactMap { $0 as? String }.filter { $0.hasSuffix(".swift") }
                .sorted()
                .compactMap { name in
                    let path = "\(folder)/\(name)"
                    return read(root, path).map { SourceFile(path: path, text: $0) }
                }
        }
    }

    /// Files of the product.
    var sources: [SourceFile] { files.filter { !$0.isTest } }

    /// The text of a file; nil when there is none.
    func text(_ path: String) -> String? { read(root, path) }

    /// Whether there is a file or folder.
    func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appending(path: path).path)
    }
}

private func read(_ root: URL, _ path: String) -> String? {
    FileManager.default.contents(atPath: root.appending(path: path).path).map {
        String(decoding: $0, as: UTF8.self)
    }
}
