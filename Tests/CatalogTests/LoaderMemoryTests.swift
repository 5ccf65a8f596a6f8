import Domain
import Foundation
import Support
import Testing

@testable import Catalog

/// A memory beside a loader that reads and judges everything.
struct MemoryPair {
    var configuration: Configuration
    var memory = LoaderMemory()
    private var known: [String: [UInt8]] = [:]

    init() throws { configuration = try Configuration() }

    /// Takes in what has changed, and nothing else, and judges it.
    mutating func judge() -> Judged {
        for path in known.keys where configuration.files[path] == nil { memory.forget(path) }
        for (path, bytes) in configuration.files where known[path] != bytes {
            memory.remember(Loader().read(SourceFile(path: path, bytes: bytes)))
        }
        known = configuration.files
        return memory.judge(configuration.options, othersVersion: "\(configuration.options.existing.count)")
    }
}

@Suite struct LoaderMemoryTests {
    @Test(arguments: Mistake.all.filter { $0.base == "good" })
    func `a memory finds what a loader that reads everything finds`(mistake: Mistake) throws {
        var pair = try MemoryPair()
        #expect(!pair.judge().loaded.hasErrors)
        mistake.make(&pair.configuration)
        let judged = pair.judge().loaded
        let whole = pair.configuration.load()
        #expect(judged.diagnostics == whole.diagnostics)
        #expect(sorted(judged.objects) == sorted(whole.objects) && judged.heldBack == whole.heldBack)
    }

    @Test func `an unchanged commit is judged alike and changes nothing`() throws {
        var pair = try MemoryPair()
        let first = pair.judge()
        #expect(first.changes == nil && first.loaded.objects.count == 12)
        let second = pair.judge()
        #expect(Set(second.loaded.objects) == Set(first.loaded.objects))
        #expect(second.changes?.put == [] && second.changes?.removed == [])
    }

    @Test func `a changed object is the only one that is written`() throws {
        var pair = try MemoryPair()
        _ = pair.judge()
        pair.configuration.replace("You approve it only", "You accept it only", in: reviewer)
        pair.configuration.options.commit = CommitID(String(repeating: "b", count: 40))
        let changes = try #require(pair.judge().changes)
        #expect(changes.put.map(\.object.key.name) == ["reviewer"] && changes.removed == [])
    }

    @Test func `what stands in one file does not hang together`() throws {
        var pair = try MemoryPair()
        pair.configuration.files = [:]
        let count = 40
        for number in 0..<count { pair.configuration.files["\(number).yaml"] = chained(number, "Look.") }
        #expect(pair.judge().loaded.objects.count == 2 * count - 1)
        pair.configuration.files["20.yaml"] = chained(20, "Look twice.")
        let changes = try #require(pair.judge().changes)
        #expect(changes.put.map(\.object.key.name) == ["skill-20"])
        // Its own, that of the role which has the skill, and that of the skill which its own role has.
        #expect(pair.memory.judgedCount == 3)
    }

    /// A skill, and the role that has the skill of the file before.
    private func chained(_ number: Int, _ body: String) -> [UInt8] {
        func object(_ kind: String, _ name: String, _ spec: String) -> String {
            "apiVersion: agirunner.dev/v1\nkind: \(kind)\nmetadata: {name: \(name)}\nspec:\n\(spec)"
        }
        let skill = object(
            "Skill",
            "skill-\(number)",
            "  displayName: S\n  summary: S.\n  body: \(body)\n"
        )
        guard number > 0 else { return Array(skill.utf8) }
        let role = object(
            "Role",
            "role-\(number)",
            "  displayName: R\n  description: R.\n  prompt: P.\n  tools: [file_read]\n"
                + "  skillRefs: [skill-\(number - 1)]\n"
        )
        return Array((skill + "---\n" + role).utf8)
    }

    @Test func `a doubt about the version of a playbook is over when it is in force`() throws {
        var pair = try MemoryPair()
        let before = pair.judge().loaded.objects
        pair.configuration.replace("maxCycles: 3", "maxCycles: 4", in: playbook)
        for object in before where object.object.kind == "Playbook" {
            pair.configuration.options.inForce[object.object.key] = object.object.spec
        }
        #expect(pair.memory.changedObjects(namespace: "default") == [])
        let doubted = pair.judge().loaded
        #expect(doubted.diagnostics.map(\.code) == ["POL005"])
        let key = try #require(doubted.objects.first { $0.object.kind == "Playbook" }?.object.key)
        #expect(pair.memory.changedObjects(namespace: "default") == [key])
        pair.configuration.options.inForce[key] = doubted.objects.first { $0.object.key == key }?.object.spec
        #expect(pair.judge().loaded.diagnostics.isEmpty)
    }

    @Test func `a profile that only a Policy of others names is missed when it goes`() throws {
        var pair = try MemoryPair()
        for role in [reviewer, "roles/developer.yaml"] {
            pair.configuration.replace("  runtimeProfileRef: sandbox\n", "", in: role)
        }
        pair.configuration.options.existing[ObjectKey("Policy", namespace: "default", name: "others")] = [
            "appliesTo": ["labels": [:]], "assesses": [], "requireGates": [],
            "defaults": ["runtimeProfileRef": "sandbox"],
        ]
        #expect(pair.judge().loaded.diagnostics.isEmpty)
        pair.configuration.files["profiles/sandbox.yaml"] = nil
        let judged = pair.judge().loaded
        #expect(judged.diagnostics.map(\.code) == ["REF001"])
        #expect(judged.diagnostics == pair.configuration.load().diagnostics)
    }

    @Test func `a file too many is refused, and the way back is found`() throws {
        var pair = try MemoryPair()
        let good = Set(pair.judge().loaded.objects)
        for number in 0...Loader.fileLimit { pair.configuration.files["many/\(number).yaml"] = [] }
        #expect(pair.judge().loaded.diagnostics.map(\.code) == ["BYT005"])
        pair.configuration.files = pair.configuration.files.filter { !$0.key.hasPrefix("many/") }
        #expect(Set(pair.judge().loaded.objects) == good)
    }

    @Test func `whatever changes, what was judged before makes no difference`() throws {
        var random = SeededGenerator.random()
        var pair = try MemoryPair()
        let good = pair.configuration.files
        var incremental = 0
        for step in 0..<150 {
            for _ in 0..<Int.random(in: 1...3, using: &random) { edit(&pair.configuration, good, &random) }
            let judged = pair.judge()
            let whole = pair.configuration.load()
            let context: Comment = "seed \(random.seed), step \(step)"
            #expect(sorted(judged.loaded.objects) == sorted(whole.objects), context)
            #expect(judged.loaded.diagnostics == whole.diagnostics, context)
            #expect(judged.loaded.heldBack == whole.heldBack, context)
            #expect(judged.loaded.unreadable == whole.unreadable, context)
            if judged.changes != nil { incremental += 1 }
        }
        // Else nothing of what is told apart here was looked at.
        #expect(incremental > 5, "seed \(random.seed)")
    }

    private let reviewer = "roles/reviewer.yaml"
    private let playbook = "playbooks/bug-fix/playbook.yaml"

    private func sorted(_ objects: [Declared]) -> [Declared] {
        objects.sorted { $0.object.key < $1.object.key }
    }

    /// Takes a file away, brings one back, puts one of its words for another, or lets it stand twice.
    private func edit(
        _ configuration: inout Configuration,
        _ good: [String: [UInt8]],
        _ random: inout SeededGenerator
    ) {
        let paths = good.keys.sorted()
        guard let path = paths.randomElement(using: &random) else { return }
        switch Int.random(in: 0..<18, using: &random) {
        case 0: configuration.files[path] = nil
        case 1: configuration.files["copies/\(path)"] = good[path]
        case 2: configuration.files["copies/\(path)"] = nil
        case 3:
            // A name of something that others refer to.
            let text = String(decoding: good[path] ?? [], as: UTF8.self)
            let renamed = text.replacingOccurrences(of: "  name: ", with: "  name: x")
            configuration.files[path] = Array(renamed.utf8)
        case 4:
            let text = String(decoding: good[path] ?? [], as: UTF8.self)
            configuration.files[path] = Array(text.replacingOccurrences(of: "default", with: "other").utf8)
        case 5: configuration.files[path] = (good[path] ?? []) + Array("# A remark.\n".utf8)
        case 6: configuration.files[path] = Array("# Moved down.\n".utf8) + (good[path] ?? [])
        case 7: configuration.files["skills/\(step(&random)).yaml"] = Array(unusedSkill(step(&random)).utf8)
        default:
            // Mistakes are mended more often than made, or nearly every step would judge everything.
            configuration.files = good
        }
    }

    private func step(_ random: inout SeededGenerator) -> Int { Int.random(in: 0..<3, using: &random) }

    private func unusedSkill(_ number: Int) -> String {
        """
        apiVersion: agirunner.dev/v1
        kind: Skill
        metadata:
          name: unused-\(number)
        spec:
          displayName: Unused
          summary: S.
          body: B.

        """
    }
}
