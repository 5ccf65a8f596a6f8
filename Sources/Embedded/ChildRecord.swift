internal import Domain
internal import Threads

/// A child on disk, written before it is used, so that it is found after a kill −9 of its parent.
struct ChildRecord: Codable, Sendable, Equatable {
    let name: String
    let process: ProcessIdentity
    /// Process numbers and start times mean nothing after another boot.
    let boot: String
    let fingerprint: String

    /// The record of a process that runs; nil for every other one.
    static func ofRunning(_ path: String) -> ChildRecord? {
        ofThisBoot(path).flatMap { $0.process.isAlive ? $0 : nil }
    }

    /// The record of a process that runs, or ended since the machine was started.
    static func ofThisBoot(_ path: String) -> ChildRecord? {
        guard let bytes = FileSystem.content(path) else { return nil }
        // A file that is no record names no process.
        guard let record = try? Value(json: bytes).decode(ChildRecord.self) else { return nil }
        return record.boot == ProcessIdentity.currentBoot ? record : nil
    }

    func write(to path: String) throws {
        try FileSystem.write(Value(encoding: self).canonicalBytes, to: path)
    }
}
