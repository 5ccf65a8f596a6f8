import Domain
import Foundation
import Support
import Testing

@testable import CommandLine

/// `edit`, with scripts in the place of a person.
@Suite struct EditTests {
    private let example: AppliedExample
    private let folder: TemporaryFolder

    init() async throws {
        example = try await AppliedExample()
        folder = try await TemporaryFolder()
        try folder.write("", to: "tmp/none")
        try folder.remove("tmp/none")
        // What a person applied can be edited, other than what git declares.
        example.change("Skill", "testing", ["status": ["source": .null, "appliedBy": ["user": "unix:0"]]])
    }

    /// Edits with a script that gets the file as `$1`; each run of the editor is a line of `runs`.
    private func edit(_ script: String, _ target: String = "skill/testing") async throws -> Outcome {
        try folder.write("#!/bin/sh\necho run >> \(folder.path)/runs\n\(script)\n", to: "editor")
        let variables = ["EDITOR": "/bin/sh \(folder.path)/editor", "TMPDIR": "\(folder.path)/tmp"]
        return await run(Edit.self, [target], door: example.door, variables: variables)
    }

    private var runs: Int { folder.read("runs")?.split(separator: "\n").count ?? 0 }

    /// The files that were left in the folder for temporary ones.
    private func kept() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/tmp")
    }

    private var text: String? {
        example.door.with {
            $0.objects["\(ControlClient.base)/namespaces/default/skills/testing"]?.at("spec", "body")?.string
        }
    }

    @Test func `what was saved is written, and no file stays`() async throws {
        let outcome = try await edit("sed -i 's/Test first./Test last./' \"$1\"")
        #expect(outcome.error == nil && outcome.output == ["skill.agirunner.dev/testing edited"])
        #expect(text == "Test last." && runs == 1)
        #expect(try kept() == [])
    }

    @Test(arguments: ["true", ": > \"$1\"", "sed -i 's/^# Change/# Chance/' \"$1\""])
    func `a file that is left as it was, or empty, changes nothing`(script: String) async throws {
        let outcome = try await edit(script)
        #expect(outcome.error == nil && outcome.output.isEmpty)
        #expect(outcome.notices == ["Edit cancelled, no changes made."])
        #expect(!example.door.with(\.methods).contains("PUT"))
        #expect(try kept() == [])
    }

    @Test func `what a run has is not opened, and what is declared beside it is`() async throws {
        try example.door.put("WorkItem", "fix-1", status: ["state": "open"])
        let refused = try await edit("true", "workitem/fix-1")
        let message = "WorkItem/fix-1 is written by controllers; it cannot be edited"
        #expect((refused.error as? CommandFailure)?.message == message && runs == 0)
        example.change("WorkItem", "fix-1", ["metadata": ["generation": 1], "spec": ["stage": "work"]])
        #expect(try await edit("true", "workitem/fix-1").error == nil && runs == 1)
    }

    @Test func `what is refused is opened again with the reason, and can be mended`() async throws {
        let outcome = try await edit(
            """
            if grep -q 'was refused' "$1"; then
              cp "$1" \(folder.path)/second
              sed -i 's/sumary:/summary:/' "$1"
            else
              sed -i 's/summary:/sumary:/; s/Test first./Test last./' "$1"
            fi
            """
        )
        #expect(outcome.error == nil && runs == 2 && text == "Test last.")
        let second = folder.read("second") ?? ""
        #expect(second.contains("# What was saved was refused:"))
        #expect(second.contains("did you mean 'summary'?"))
        #expect(second.contains("\n  sumary: How to.\n"))
    }

    @Test func `what stays wrong is kept in a file that is named`() async throws {
        let outcome = try await edit("sed -i 's/summary:/sumary:/' \"$1\"")
        #expect(outcome.failure?.message == "Edit cancelled, no valid changes were saved." && runs == 2)
        let file = try #require(try kept().first)
        #expect(outcome.notices == ["A copy of your changes is kept in \(folder.path)/tmp/\(file)"])
        #expect(folder.read("tmp/\(file)")?.contains("sumary") == true)
    }

    @Test func `another object is not made by editing this one`() async throws {
        let outcome = try await edit("sed -i 's/  name: testing/  name: other/' \"$1\"")
        #expect(outcome.failure != nil && runs == 2)
        let file = try #require(try kept().first)
        #expect(folder.read("tmp/\(file)")?.contains("must stay as they are") == true)
    }

    @Test func `a status that moved meanwhile is no conflict, a change is one and is told`() async throws {
        let path = "\(ControlClient.base)/namespaces/default/skills/testing"
        let door = example.door
        // A look of the verb moves the object on, once it has been read for editing.
        let moved: Value = ["metadata": ["resourceVersion": "5"]]
        door.with { contents in
            contents.afterLook = { $0[path] = ($0[path] ?? .null).merging(moved) }
        }
        #expect(try await edit("sed -i 's/Test first./Test last./' \"$1\"").error == nil)
        #expect(text == "Test last.")
        let changed: Value = ["metadata": ["resourceVersion": "9"], "spec": ["body": "Somebody else."]]
        door.with { contents in
            contents.afterLook = { $0[path] = ($0[path] ?? .null).merging(changed) }
        }
        let outcome = try await edit("sed -i 's/Test last./Test always./' \"$1\"")
        #expect(
            outcome.failure?.message == "Skill/testing was changed since you opened it; edit it again"
        )
        #expect(text == "Somebody else.")
        #expect(try kept().count == 1)
    }

    @Test func `an editor that fails, or is not there, is told`() async throws {
        let outcome = try await edit("exit 3")
        #expect(outcome.failure?.message.contains("failed; name another one") == true)
        let variables = ["KUBE_EDITOR": "/nowhere/editor", "TMPDIR": "\(folder.path)/tmp"]
        let missing = await run(Edit.self, ["skill/testing"], door: example.door, variables: variables)
        #expect(missing.failure?.message.contains("'/nowhere/editor' failed") == true)
    }

    @Test func `what git declares is opened with a word about its file, a controller's not at all`()
        async throws
    {
        let declared = try await edit("true", "role/developer")
        let place = "GitSource/main at roles/developer.yaml:1:1"
        #expect(declared.notices.first?.contains("is declared by \(place)") == true, "\(declared.notices)")
        #expect(try await edit("true", "task/x").failure?.message.contains("controllers") == true)
        #expect(runs == 1)
    }
}
