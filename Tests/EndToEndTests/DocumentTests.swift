import Foundation
import Support
import Testing

/// The commands of README and docs are run, and what they print is compared with what is written there.
@Suite struct DocumentTests {
    @Test func `README shows what the demo prints`() async throws {
        try await System.with { system in
            try await check("README.md") { command in
                let script = command.replacing(
                    "make demo",
                    with: "'\(Repository.root)/scripts/contain' --strict scripts/demo '\(programFolder)'"
                )
                return try await system.shell(
                    "exec 2>&1; cd '\(Repository.root)' && \(script)",
                    within: .seconds(180)
                )
            }
        }
    }

    @Test func `the first hour goes as its page says`() async throws {
        try await System.running { system in
            try await check("docs/first-hour.md") { command in
                var answer = try await system.shell("exec 2>&1\n\(command)", within: .seconds(120))
                answer.output = answer.output.replacing(system.state, with: "/tmp/agirunner")
                return answer
            }
        }
    }

    /// Runs every step of a document in order; with `GOLDEN=write` the document is brought up to date.
    func check(
        _ path: String,
        _ run: (_ command: String) async throws -> System.Answer
    ) async throws {
        let file = "\(Repository.root)/\(path)"
        let document = ConsoleDocument(try String(contentsOfFile: file, encoding: .utf8))
        #expect(!document.steps.isEmpty, "\(path) has no console block")
        var outdated: [(step: ConsoleDocument.Step, output: [String])] = []
        for step in document.steps {
            let answer = try await run(step.command)
            let printed = lines(of: answer.output)
            if agrees(step.output, with: printed) { continue }
            outdated.append((step, printed))
            guard ProcessInfo.processInfo.environment["GOLDEN"] != "write" else { continue }
            Issue.record(
                """
                \(path):\(step.place.lowerBound + 1): `\(step.command)` prints
                \(printed.joined(separator: "\n"))
                """
            )
        }
        guard ProcessInfo.processInfo.environment["GOLDEN"] == "write", !outdated.isEmpty else { return }
        try document.replacing(outdated).write(toFile: file, atomically: true, encoding: .utf8)
    }

    private func lines(of text: String) -> [String] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last == "" { lines.removeLast() }
        return lines
    }

    @Test func `numbers, ids and columns may differ, words may not`() {
        #expect(agrees(["a  12s", "…", "b 1"], with: ["a 3m20s", "x", "y", "b 2"]))
        #expect(agrees(["head 4f2a91c of 12.5 KiB"], with: ["head 0123abc of 7 KiB"]))
        #expect(!agrees(["a"], with: ["a", "b"]))
        #expect(!agrees(["one", "two"], with: ["one", "too"]))
        #expect(!agrees(["…", "b"], with: ["a"]))
    }

    @Test func `steps of a document are found with what they print`() {
        let text = "x\n```console\n$ one\n> more\nout\n$ two\n```\n```sh\n$ not run\n```\n"
        let document = ConsoleDocument(text)
        #expect(document.steps.map(\.command) == ["one\nmore", "two"])
        #expect(document.steps.map(\.output) == [["out"], []])
        let changed = document.replacing([(document.steps[0], ["new", "lines"])])
        #expect(changed == text.replacing("out\n", with: "new\nlines\n"))
    }

    /// What README and the first hour show in `console` blocks is run by the tests above.
    @Test(arguments: [
        "README.md", "CONTRIBUTING.md", "docs/first-hour.md", "docs/command-line.md", "docs/ownership.md",
    ])
    func `every command that a document names can be typed`(path: String) async throws {
        let text = try String(contentsOfFile: "\(Repository.root)/\(path)", encoding: .utf8)
        let commands = DocumentedCommand.all(in: text)
        #expect(!commands.isEmpty)
        for command in commands {
            let missing = try await command.missing()
            #expect(missing == [], "\(path):\(command.line): `\(command.text)`")
        }
    }

    @Test(arguments: [
        ("make nothing", ["nothing"]), ("agirunner timeline workflow/x --colour", ["--colour"]),
        ("scripts/test --filtre StoreTests", ["--filtre"]),
        ("scripts/test --filter StoreTests.NoTests", ["StoreTests.NoTests"]),
        ("NO_SUCH_NAME=1 make test", ["NO_SUCH_NAME"]), ("agirunner up examples/none", ["examples/none"]),
        ("wget x", ["wget"]), ("make golden", []),
        ("GOLDEN=write scripts/test --filter StoreTests.KeyTests", []),
    ])
    func `a command that cannot be typed is found`(text: String, missing: [String]) async throws {
        #expect(try await DocumentedCommand(text: text, line: 1).missing() == missing)
    }

    @Test func `commands are found in blocks and between backticks`() {
        let text = """
            Say `make demo` or `Domain`:

                make test   # every test
                scripts/test

            1. An item
                goes on.

            ```sh
            make build
            ```
            ```console
            $ make run
            ```
            """
        let commands = DocumentedCommand.all(in: text)
        #expect(commands.map(\.text) == ["make demo", "make test", "scripts/test", "make build"])
        #expect(commands.map(\.line) == [1, 3, 4, 10])
    }
}
