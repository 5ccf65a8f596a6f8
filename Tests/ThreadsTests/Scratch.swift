import Foundation

/// A folder of its own under /tmp that is removed with everything in it.
struct Scratch: ~Copyable {
    let path: String

    init() {
        var template = Array("/tmp/ag.XXXXXX".utf8CString)
        path = unsafe String(cString: mkdtemp(&template))
    }

    // A folder that cannot be removed is no reason to fail a test.
    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ text: String) throws {
        try text.write(toFile: "\(path)/\(name)", atomically: false, encoding: .utf8)
    }

    /// Empty when the file is missing.
    func read(_ name: String) -> String {
        String(decoding: FileManager.default.contents(atPath: "\(path)/\(name)") ?? Data(), as: UTF8.self)
    }
}
