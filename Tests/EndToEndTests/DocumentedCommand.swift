import Foundation
import Support
import Threads

/// A command that a document tells its reader to type, in a block or between backticks.
///
/// Those of `console` blocks are left out: they are run.
struct DocumentedCommand {
    /// What is typed, without the comment behind it.
    let text: String
    /// Counted from 1.
    let line: Int

    /// The commands of a Markdown document, in order.
    static func all(in document: String) -> [DocumentedCommand] {
        var commands: [DocumentedCommand] = []
        var fence: Substring?
        var isCode = true
        for (index, line) in document.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            func add(_ text: Substring) {
                let command = String(
                    text.prefix(upTo: text.firstRange(of: " # ")?.lowerBound ?? text.endIndex)
                )
                commands.append(
                    DocumentedCommand(text: command.trimmingCharacters(in: .whitespaces), line: index + 1)
                )
            }
            if line.hasPrefix("```") {
                fence = fence == nil ? line.dropFirst(3) : nil
                isCode = false
            } else if let fence {
                if fence == "sh", !line.isEmpty { add(line) }
            } else {
                // Indented code begins after an empty line; what goes on with a list item does not.
                isCode = line.isEmpty || isCode && line.hasPrefix("    ")
                if isCode, !line.isEmpty {
                    add(line)
                } else {
                    for span in line.matches(of: /`([^`]+)`/) where isCommand(span.1) { add(span.1) }
                }
            }
        }
        return commands
    }

    /// Whether something between backticks is a command, not a name.
    private static func isCommand(_ span: Substring) -> Bool {
        let words = Words(String(span))
        return ["make", "swift", "agirunner"].contains(words.program)
            || words.program?.hasPrefix("scripts/") == true
            || words.program == nil && !words.variables.isEmpty
    }

    /// The parts of a command.
    struct Words {
        /// The names of the variables that are set for it, or exported.
        var variables: [String] = []
        var program: String?
        var arguments: [String] = []

        init(_ text: String) {
            for word in text.split(separator: " ").map(String.init) {
                if program != nil {
                    arguments.append(word)
                } else if let assignment = word.wholeMatch(of: /([A-Z_]+)=.*/) {
                    variables.append(String(assignment.1))
                } else if word != "export" {
                    program = word
                }
            }
        }

        /// Without their values.
        var flags: [String] {
            arguments.filter { $0.hasPrefix("-") }.map { String($0.prefix { $0 != "=" }) }
        }
    }
}

extension DocumentedCommand {
    /// What there is not of all that the command names; empty when a reader can type it.
    func missing() async throws -> [String] {
        let words = Words(text)
        var missing = try words.variables.filter { try $0 != "PATH" && !isRead($0) }
        switch words.program {
        case nil: break
        case "make":
            let makefile = try Self.file("Makefile")
            missing += words.arguments.filter { !makefile.contains("\n\($0):") }
        case "agirunner":
            let verbs = words.arguments.prefix(1)
            missing += try await Self.unknown(words.flags, to: [program("agirunner"), "help"] + verbs)
        case "swift":
            missing += try await Self.unknown(
                words.flags,
                to: ["swift"] + words.arguments.prefix(1) + ["--help"]
            )
        case "scripts/test":
            missing += try await Self.unknown(words.flags, to: ["swift", "test", "--help"])
            missing += try Self.unknownFilters(words.arguments)
        case "scripts/set-up": missing += words.arguments.filter { $0 != "tests" }
        case .some(let other): missing.append(other)
        }
        // Whatever else looks like a path of this repository must be one.
        missing += words.arguments.filter {
            $0.wholeMatch(of: /(examples|docs|scripts|Tests|Sources)\/.*/) != nil
                && !FileManager.default.fileExists(atPath: "\(Repository.root)/\($0)")
        }
        return missing
    }

    private static func file(_ path: String) throws -> String {
        try String(contentsOfFile: "\(Repository.root)/\(path)", encoding: .utf8)
    }

    /// The flags that a program's help does not name, or what is wrong with the program itself.
    private static func unknown(_ flags: [String], to help: [String]) async throws -> [String] {
        let command = Command(
            executable: "/usr/bin/env",
            arguments: help,
            environment: ProcessInfo.processInfo.environment,
            directory: Repository.root
        )
        let output = try await ChildProcess(command).run(until: .after(.seconds(60)))
        guard output.succeeded else { return [help.joined(separator: " ")] }
        let text = String(decoding: output.standardOutput, as: UTF8.self)
        return flags.filter { !text.contains($0) }
    }

    /// The values of `--filter` that are no test target, or none of its suites.
    private static func unknownFilters(_ arguments: [String]) throws -> [String] {
        try zip(arguments, arguments.dropFirst()).filter { $0.0 == "--filter" }.map(\.1).filter { filter in
            let parts = filter.split(separator: ".").map(String.init)
            let folder = "Tests/\(parts[0])"
            guard let files = FileManager.default.subpaths(atPath: "\(Repository.root)/\(folder)") else {
                return true
            }
            guard parts.count > 1 else { return false }
            return try !files.filter { $0.hasSuffix(".swift") }
                .contains { try file("\(folder)/\($0)").contains("struct \(parts[1]) {") }
        }
    }

    /// Whether a script, the product or the support of the tests reads a variable of the environment.
    private func isRead(_ variable: String) throws -> Bool {
        for folder in ["scripts", "Sources", "Tests/Support"] {
            let names =
                FileManager.default.enumerator(atPath: "\(Repository.root)/\(folder)")?.allObjects ?? []
            for case let name as String in names where folder == "scripts" || name.hasSuffix(".swift") {
                let text = try Self.file("\(folder)/\(name)")
                if folder == "scripts" ? text.contains("${\(variable)") : text.contains("\"\(variable)\"") {
                    return true
                }
            }
        }
        return false
    }
}
