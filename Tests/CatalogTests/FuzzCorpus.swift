import Domain
import Foundation
import Support
import Testing

@testable import Catalog

/// What is changed at random: whole configurations, and single files of all kinds.
enum FuzzCorpus {
    /// The good configuration, a community catalog and the example that people start from.
    static func configurations() throws -> [Configuration] {
        var example = try Configuration()
        example.files = try files(below: Golden.root.appending(path: "examples/first-light/config"))
        return [try Configuration(), try Configuration("community"), example]
    }

    /// Samples of every kind, and files that are hostile already.
    static func singles() throws -> [[UInt8]] {
        try ["samples", "fuzz"].flatMap { folder in
            try files(below: Golden.folder.appending(path: folder)).sorted { $0.key < $1.key }.map(\.value)
        }
    }

    private static func files(below folder: URL) throws -> [String: [UInt8]] {
        let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".yaml") }
        return try paths.reduce(into: [:]) { files, path in
            files[path] = try [UInt8](Data(contentsOf: folder.appending(path: path)))
        }
    }
}

extension Configuration {
    /// What is so of every load, whatever the files are.
    ///
    /// Answers the first law that is broken, for a failure that names it; nil when all hold.
    func brokenLaw(_ loaded: Loaded) -> String? {
        let again = load()
        if again.objects != loaded.objects || again.diagnostics != loaded.diagnostics
            || again.heldBack != loaded.heldBack || again.unreadable != loaded.unreadable
        {
            return "the same bytes gave another result"
        }
        let ordered = zip(loaded.diagnostics, loaded.diagnostics.dropFirst())
        if ordered.contains(where: { ($1.path, $1.span.start) < ($0.path, $0.span.start) }) {
            return "diagnostics are not sorted"
        }
        return loaded.diagnostics.lazy.compactMap(brokenLaw).first ?? brokenRoundTrip(loaded)
    }

    private func brokenLaw(_ diagnostic: Diagnostic) -> String? {
        let shown = "\(diagnostic.code) \(diagnostic.path) \(diagnostic.span)"
        guard let bytes = files[diagnostic.path] else { return "\(shown) is about no file" }
        let source = SourceText(bytes: bytes)
        let (start, end) = (diagnostic.span.start, diagnostic.span.end)
        // The end is the first place after it, and may be the place of a character that is missing.
        guard start <= end, let first = source.line(start.line), let last = source.line(end.line),
            start.column >= 1, start.column <= first.unicodeScalars.count + 1,
            end.column <= last.unicodeScalars.count + 2
        else { return "\(shown) lies outside of its file" }
        let text = diagnostic.text(source: bytes)
        if text.utf8.count > 20_000 { return "\(shown) is shown in \(text.utf8.count) bytes" }
        let isClean = text.unicodeScalars.allSatisfy {
            $0.value >= 32 && $0 != "\u{7F}" || $0 == "\n" || $0 == "\t"
        }
        return isClean ? nil : "\(shown) is shown with control characters"
    }

    /// Whether an object, written as a file and as a door's body, is read as another one.
    private func brokenRoundTrip(_ loaded: Loaded) -> String? {
        var copy = self
        copy.options.communityRoots = []
        copy.files = [:]
        for (number, declared) in loaded.objects.enumerated() {
            let text = YAMLText.document(nativeDocument(of: declared.object))
            copy.files["\(number).yaml"] = Array(text.utf8)
        }
        let back = copy.load()
        let digests = { (objects: [Declared]) in
            Dictionary(objects.map { ($0.object.key, $0.digest) }, uniquingKeysWith: { first, _ in first })
        }
        guard !back.hasErrors, digests(back.objects) == digests(loaded.objects) else {
            return "what was written is read otherwise: \(copy.report(back))"
        }
        var door = options
        door.communityRoots = []
        for declared in loaded.objects { door.existing[declared.object.key] = declared.object.spec }
        for declared in loaded.objects {
            // Whoever encodes an object that was loaded cannot fail.
            guard let value = try? Value(encoding: declared.object),
                case .success(let sent) = Loader().validate(value, options: door),
                sent.digest == declared.digest
            else { return "\(declared.object.key) is another one on the door" }
        }
        return nil
    }
}
