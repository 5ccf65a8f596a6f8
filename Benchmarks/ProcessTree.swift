import Foundation

/// A process and everything below it, as `/proc` shows them now.
struct ProcessTree {
    let processes: [Int32]

    init(below root: Int32) {
        var children: [Int32: [Int32]] = [:]
        // Nothing can be measured where there is no /proc, and the sums below are zero then.
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
            guard let process = Int32(name), let parent = statFields(process)[1].flatMap(Int32.init) else {
                continue
            }
            children[parent, default: []].append(process)
        }
        var found = [root]
        var next = 0
        while next < found.count {
            found += children[found[next]] ?? []
            next += 1
        }
        processes = found
    }

    /// Processor time of all of them and of the children that they have reaped; proc(5), fields 14 to 17.
    var processorTime: Duration {
        let ticks = processes.reduce(0) { sum, process in
            let fields = statFields(process)
            return sum + (11...14).reduce(0) { $0 + (fields[$1].flatMap { Int($0) } ?? 0) }
        }
        return .milliseconds(ticks * 10)  // USER_HZ is 100 on every Linux that people see.
    }

    /// Those whose program has this name.
    func named(_ program: String) -> [Int32] {
        processes.filter { process in
            // A process that has ended meanwhile has no program.
            let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/exe")
            return path?.hasSuffix("/\(program)") == true
        }
    }
}

/// Resident memory of a process in KiB; 0 for one that has ended.
func residentKiB(_ process: Int32) -> Int {
    let text = FileManager.default.contents(atPath: "/proc/\(process)/status") ?? Data()
    let line = String(decoding: text, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
    return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0
}

/// The fields of a process's stat from the third on, by their number less three.
private func statFields(_ process: Int32) -> [Int: String] {
    let bytes = FileManager.default.contents(atPath: "/proc/\(process)/stat") ?? Data()
    // The program's name before the last `)` may hold blanks.
    let text = String(decoding: bytes, as: UTF8.self)
    guard let end = text.lastIndex(of: ")") else { return [:] }
    let fields = text[text.index(after: end)...].split(separator: " ").map(String.init)
    return Dictionary(uniqueKeysWithValues: fields.enumerated().map { ($0.offset, $0.element) })
}
