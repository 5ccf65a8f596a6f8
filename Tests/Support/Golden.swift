internal import FoundationEssentials

/// Compares a text with the file it should be; its path begins at the repository's root.
///
/// With `GOLDEN=write` in the environment the file is written instead, unless it is the same already: who
/// lists the folder meanwhile must not find what is half written.
/// - Returns: nil when they are equal, else the first line that differs, for people.
/// - Throws: when the file cannot be read or written.
package func differenceFromGolden(
    _ text: String,
    _ path: String
) throws -> String? {
    let name = path.split(separator: "/").last ?? ""
    let path = "\(repositoryRoot)/\(path)"
    let content = FileManager.default.contents(atPath: path)
    if ProcessInfo.processInfo.environment["GOLDEN"] == "write" {
        guard content != Data(text.utf8) else { return nil }
        let folder = path.split(separator: "/").dropLast().joined(separator: "/")
        try FileManager.default.createDirectory(atPath: "/\(folder)", withIntermediateDirectories: true)
        guard FileManager.default.createFile(atPath: path, contents: Data(text.utf8)) else {
            throw SupportError("cannot write \(path)")
        }
        return nil
    }
    guard let content else {
        return "\(path) is missing; run with GOLDEN=write"
    }
    let expected = String(decoding: content, as: UTF8.self).split(
        separator: "\n",
        omittingEmptySubsequences: false
    )
    let actual = text.split(separator: "\n", omittingEmptySubsequences: false)
    for index in 0..<max(expected.count, actual.count) {
        let wanted = index < expected.count ? expected[index] : "(end)"
        let found = index < actual.count ? actual[index] : "(end)"
        if wanted != found { return "\(name):\(index + 1): expected '\(wanted)', found '\(found)'" }
    }
    return nil
}
