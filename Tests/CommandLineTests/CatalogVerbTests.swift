import ArgumentParser
import Foundation
import Support
import Testing

@testable import CommandLine

/// `init` and `validate` with a catalog in the community's format.
@Suite struct CatalogVerbTests {
    private let catalog = "\(repositoryRoot)/Tests/Goldens/Catalog/community"

    @Test func `a folder that looks like a catalog is validated as one`() async throws {
        let outcome = await run(Validate.self, [catalog + "/"])
        #expect(outcome.error == nil && outcome.output == [])
        #expect(outcome.notices.first == "6 objects valid, 0 errors, 0 warnings")
        let native = await run(Validate.self, [catalog, "--layout", "native"])
        #expect(native.error as? ExitCode == .failure)
        let unknown = await run(Validate.self, [catalog, "--layout", "other"])
        #expect(unknown.failure?.message == "--layout must be native or community, and is 'other'")
    }

    @Test func `what init writes is what the playbook needs, and valid`() async throws {
        let folder = try await TemporaryFolder()
        let mine = "\(folder.path)/mine/config"
        let outcome = await run(Init.self, ["--from-catalog", catalog, "mend-a-leak", mine])
        #expect(outcome.error == nil)
        #expect(
            outcome.output == [
                "\(mine)/skills/find-the-leak.yaml", "\(mine)/skills/write-it-down.yaml",
                "\(mine)/toolprofiles/writing-tools.yaml", "\(mine)/roles/inspector.yaml",
                "\(mine)/roles/plumber.yaml", "\(mine)/playbooks/mend-a-leak.yaml",
            ]
        )
        let checked = await run(Validate.self, [mine])
        #expect(checked.error == nil && checked.output == [])
        #expect(checked.notices.first == "6 objects valid, 0 errors, 0 warnings")
        let playbook = try String(contentsOfFile: "\(mine)/playbooks/mend-a-leak.yaml", encoding: .utf8)
        #expect(!playbook.contains("agirunner.dev/catalog") && !playbook.contains("retry:"))
        let again = await run(Init.self, ["--from-catalog", catalog, mine])
        #expect(again.failure?.message.contains("is there already, and no file is replaced") == true)
    }

    @Test func `a playbook that needs less brings less`() async throws {
        let folder = try await TemporaryFolder()
        let copy = "\(folder.path)/catalog"
        try FileManager.default.copyItem(atPath: catalog, toPath: copy)
        let path = "\(copy)/playbooks/engineering/mend-a-leak/playbook.yaml"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let entry = try String(contentsOfFile: "\(copy)/catalog/playbooks.yaml", encoding: .utf8)
        let less = text.replacing("mend-a-leak", with: "look").replacing("  - plumber\n", with: "")
            .replacing("  roles:\n    - Master Plumber\n", with: "  roles:\n")
            .replacing("- Master Plumber", with: "- Inspector")
        try folder.write(less, to: "catalog/playbooks/engineering/look/playbook.yaml")
        try folder.write(text, to: "catalog/playbooks/engineering/look/README.md")
        let second = entry.replacing("playbooks:\n", with: "").replacing("mend-a-leak", with: "look")
            .replacing("      - plumber\n", with: "")
        try folder.write(entry + second, to: "catalog/catalog/playbooks.yaml")
        let outcome = await run(Init.self, ["--from-catalog", copy, "look", "\(folder.path)/mine"])
        #expect(outcome.error == nil)
        let names = outcome.output.map { $0.split(separator: "/").suffix(2).joined(separator: "/") }
        #expect(names == ["roles/inspector.yaml", "playbooks/look.yaml"])
    }

    @Test func `init says which playbook was meant, and writes nothing that has an error`() async throws {
        let folder = try await TemporaryFolder()
        let typo = await run(Init.self, ["--from-catalog", catalog, "mend-a-leek"])
        #expect(typo.failure?.message.hasSuffix("did you mean 'mend-a-leak'?") == true)
        let nowhere = await run(Init.self, ["--from-catalog", folder.path])
        #expect(nowhere.failure?.message.contains("is no catalog") == true)
        let copy = "\(folder.path)/catalog"
        try FileManager.default.copyItem(atPath: catalog, toPath: copy)
        try folder.write("name: x\n", to: "catalog/skills/engineering/find-the-leak/SKILL.md")
        let broken = await run(Init.self, ["--from-catalog", copy, "mend-a-leak", "\(folder.path)/mine"])
        #expect(broken.failure?.message == "nothing was written: there are errors in what mend-a-leak needs")
        #expect(broken.output.first?.contains("error[CAT009]") == true)
        #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/mine"))
    }
}
