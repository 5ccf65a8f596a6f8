import Domain
import Foundation
import Support
import Testing

@testable import Catalog

/// The public catalog.
enum PublicCatalog {
    static let folder = publicCatalog

    static var isThere: Bool { FileManager.default.fileExists(atPath: folder + "/catalog/playbooks.yaml") }

    /// Its files, by their path.
    static func files() throws -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for path in try FileManager.default.subpathsOfDirectory(atPath: folder)
        where path.hasSuffix(".yaml") || path.hasSuffix(".md") {
            files[path] = try [UInt8](Data(contentsOf: URL(filePath: folder + "/" + path)))
        }
        return files
    }
}

extension Configuration {
    /// What is written from the objects that were loaded, where it is not what was read.
    func differences(_ loaded: Loaded) -> [String] {
        let written = Dictionary(
            uniqueKeysWithValues: catalogFiles(of: loaded.objects.map(\.object)).map { ($0.path, $0.text) }
        )
        let folders = ["catalog/", "playbooks/", "specialists/", "skills/"]
        let paths = files.keys.filter { path in folders.contains { path.hasPrefix($0) } }
        let different = paths.filter { path in
            guard let text = written[path], let bytes = files[path] else { return true }
            if path.hasSuffix(".md") { return Array(text.utf8) != bytes }
            return value(Array(text.utf8), path) != value(bytes, path)
        }
        return different.sorted() + Set(written.keys).subtracting(paths).sorted()
    }

    private func value(_ bytes: [UInt8], _ path: String) -> Value? {
        var findings = Findings(path: path)
        let stream = YAMLComposer.compose(SourceText(bytes: bytes), &findings)
        guard findings.diagnostics.isEmpty, stream.isWhole else { return nil }
        return stream.documents.first?.value
    }
}

/// A change of the catalog that its schemas allow.
struct Allowed: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let make: @Sendable (inout Configuration) -> Void

    init(_ name: String, _ make: @escaping @Sendable (inout Configuration) -> Void) {
        testDescription = name
        self.make = make
    }

    init(_ name: String, _ path: String, _ old: String, _ new: String) {
        self.init(name) { $0.replace(old, new, in: path) }
    }
}

@Suite struct CommunityTests {
    private static let playbook = "playbooks/engineering/mend-a-leak/playbook.yaml"
    private static let readme = "playbooks/engineering/mend-a-leak/README.md"
    private static let plumber = "specialists/engineering/plumber/specialist.yaml"

    @Test(.enabled(if: PublicCatalog.isThere, "there is no public catalog at \(PublicCatalog.folder)"))
    func `the public catalog is loaded unchanged, and written again with every field`() throws {
        var catalog = try Configuration("community")
        catalog.files = try PublicCatalog.files()
        let loaded = catalog.load()
        #expect(!loaded.hasErrors, "\(catalog.report(loaded))")
        #expect(loaded.heldBack.isEmpty && loaded.unreadable.isEmpty)
        let names = ["playbook.yaml": "Playbook", "specialist.yaml": "Role", "SKILL.md": "Skill"]
        for (name, kind) in names {
            let count = catalog.files.keys.count { $0.hasSuffix("/" + name) }
            #expect(count > 0 && loaded.objects.count { $0.object.kind == kind } == count)
        }
        #expect(catalog.differences(loaded) == [])
    }

    @Test func `a catalog becomes objects, and the objects become its files`() throws {
        let catalog = try Configuration("community")
        let loaded = catalog.load()
        #expect(loaded.diagnostics.isEmpty, "\(catalog.report(loaded))")
        #expect(
            loaded.objects.map { "\($0.object.kind)/\($0.object.metadata.name)" } == [
                "Skill/find-the-leak", "Skill/write-it-down", "ToolProfile/writing-tools", "Role/inspector",
                "Role/plumber", "Playbook/mend-a-leak",
            ]
        )
        let written = catalogFiles(of: loaded.objects.map(\.object))
        #expect(Set(written.map(\.path)) == Set(catalog.files.keys))
        #expect(catalog.differences(loaded) == [])
    }

    @Test func `a playbook is what its fields say`() throws {
        let loaded = try Configuration("community").load()
        let object = try #require(loaded.objects.last?.object)
        let spec: PlaybookSpec = try (object.spec ?? [:]).decode()
        #expect(spec.displayName == "Mend a Leak" && spec.version == "1.0.2")
        #expect(spec.roles == ["plumber", "inspector"])
        #expect(spec.stages.map(\.name) == ["find", "mend", "inspect", "water-on"])
        #expect(spec.stages.map(\.roles) == [["plumber"], ["plumber"], ["inspector"], ["plumber"]])
        #expect(spec.parameters.map(\.name) == ["place", "drops_a_minute"])
        #expect(spec.limits.reworkPerTask == 5 && spec.limits.parallelWorkItems == 1)
        #expect(object.metadata.labels?["agirunner.dev/category"] == "engineering")
        #expect(object.metadata.annotations?["agirunner.dev/tags"] == "pipes, water")
        let role = try #require(loaded.objects.first { $0.object.metadata.name == "plumber" }?.object)
        #expect(role.spec?["toolProfileRef"] == "writing-tools")
        #expect(role.spec?["skillRefs"] == ["find-the-leak", "write-it-down"])
        let skill = try #require(loaded.objects.first?.object)
        #expect(skill.spec?["body"] == "# Find the Leak\n\n## Do\n- Dry everything, then wait.\n")
        #expect(skill.spec?["displayName"] == "Find the Leak")
    }

    @Test func `what is changed in an object is changed in the file that is written`() throws {
        var objects = try Configuration("community").load().objects.map(\.object)
        objects[objects.count - 1].spec?["version"] = "2.0.0"
        objects[0].spec?["body"] = "Look.\n"
        let files = catalogFiles(of: objects)
        let playbook = try #require(files.first { $0.path == Self.playbook })
        #expect(playbook.text.contains("version: \"2.0.0\"\n"))
        let manifest = try #require(files.first { $0.path == "catalog/playbooks.yaml" })
        #expect(manifest.text.contains("version: \"2.0.0\"\n"))
        let skill = try #require(files.first { $0.path.hasSuffix("find-the-leak/SKILL.md") })
        #expect(skill.text.hasSuffix("---\n\nLook.\n"))
    }

    @Test func `a catalog below a folder is told from what lies beside it`() throws {
        let catalog = try Configuration("community")
        let native = try Configuration()
        var options = catalog.options
        options.communityRoots = ["import/catalog"]
        let files =
            native.sourceFiles
            + catalog.sourceFiles.map { SourceFile(path: "import/catalog/\($0.path)", bytes: $0.bytes) }
        let loaded = Loader().load(files, options: options)
        #expect(loaded.diagnostics.isEmpty, "\(loaded.diagnostics.map { $0.text() })")
        let count = catalog.load().objects.count + native.load().objects.count
        #expect(loaded.objects.count == count)
        let playbook = loaded.objects.first { $0.object.metadata.name == "mend-a-leak" }
        #expect(playbook?.origin.path == "import/catalog/\(Self.playbook)")
    }

    @Test func `a catalog lies in a folder of any name`() throws {
        let catalog = try Configuration("community")
        let folder = "cafe\u{301} für alle"
        let options = catalog.options.with { $0.communityRoots = [folder] }
        let files = catalog.sourceFiles.map { SourceFile(path: "\(folder)/\($0.path)", bytes: $0.bytes) }
        let loaded = Loader().load(files, options: options)
        #expect(loaded.diagnostics.isEmpty, "\(loaded.diagnostics.map { $0.text() })")
        #expect(loaded.objects.count == catalog.load().objects.count)
    }

    @Test func `nobody knows which tool profiles a file declares that is no YAML`() throws {
        var catalog = try Configuration("community")
        catalog.append("\t- :", to: "catalog/tool-profiles.yaml")
        #expect(catalog.load().unreadable == ["catalog/tool-profiles.yaml"])
    }

    @Test func `names that come out alike are told apart`() throws {
        var catalog = try Configuration("community")
        catalog.replace(
            "    - slug: place\n",
            "    - slug: Place\n      title: P\n    - slug: place\n",
            in: Self.playbook
        )
        catalog.replace("- drops a minute\n", "- drops a minute\n* where\n", in: Self.readme)
        catalog.replace(
            "    - name: find\n",
            "    - name: Water on\n      goal: G.\n    - name: find\n",
            in: Self.playbook
        )
        let loaded = catalog.load()
        #expect(!loaded.hasErrors, "\(catalog.report(loaded))")
        let object = try #require(loaded.objects.last?.object)
        let spec: PlaybookSpec = try (object.spec ?? [:]).decode()
        #expect(
            spec.stages.last?.name == "water-on" && spec.stages.first?.name.hasPrefix("water-on-") == true
        )
        #expect(spec.parameters.map(\.name).suffix(2) == ["place", "drops_a_minute"])
        #expect(spec.parameters.first?.name.hasPrefix("place_") == true)
    }

    @Test func `a heading may stand above a line, and a remark in a block of code is none`() throws {
        var catalog = try Configuration("community")
        let text = "```sh\n# install it\n```\n\nMend a Leak\n===========\n"
        catalog.replace("# Mend a Leak\n", text, in: Self.readme)
        #expect(catalog.load().diagnostics.isEmpty)
        catalog.replace("Mend a Leak\n====", "Mend Leaks\n====", in: Self.readme)
        #expect(catalog.load().diagnostics.map { "\($0.code) \($0.span.start.line)" } == ["CAT011 5"])
    }

    @Test func `an error in a skill holds back the roles and playbooks that need it, and nothing else`()
        throws
    {
        var catalog = try Configuration("community")
        let path = "skills/engineering/find-the-leak/SKILL.md"
        catalog.replace("name: find-the-leak\n", "", in: path)
        let loaded = catalog.load()
        #expect(loaded.diagnostics.map(\.code) == ["SCH002"])
        let held = loaded.heldBack.keys.map { "\($0.kind)/\($0.name)" }.sorted()
        #expect(held == ["Playbook/mend-a-leak", "Role/plumber", "Skill/find-the-leak"])
        #expect(
            loaded.objects.map(\.object.metadata.name) == ["write-it-down", "writing-tools", "inspector"]
        )
        #expect(loaded.heldBack.values.allSatisfy { $0.path == path || !$0.notes.isEmpty })
    }

    @Test func `Markdown is read alike whatever its lines end with`() throws {
        var catalog = try Configuration("community")
        let before = catalog.load().diagnostics
        for (path, bytes) in catalog.files where path.hasSuffix("README.md") {
            let text = String(decoding: bytes, as: UTF8.self).replacing("\n", with: "\r\n")
            catalog.files[path] = Array(text.utf8)
        }
        #expect(catalog.load().diagnostics == before)
    }

    @Test func `a heading within a block of code is none`() throws {
        var catalog = try Configuration("community")
        catalog.replace(
            "# Mend a Leak\n",
            "# Mend a Leak\n\n```\n## Inputs\n```\n\n## Before\n",
            in: Self.readme
        )
        catalog.replace("- drops a minute\n", "- drops a minute\n\n```\n- none\n```\n", in: Self.readme)
        #expect(catalog.load().diagnostics == [])
    }

    @Test func `an error of a README holds back its playbook alone`() throws {
        var catalog = try Configuration("community")
        catalog.append("ghp_0123456789abcdefABCDEF0123456789abcd\n", to: Self.readme)
        let loaded = catalog.load()
        #expect(loaded.heldBack.keys.map(\.name) == ["mend-a-leak"])
        #expect(loaded.heldBack.values.map(\.path) == [Self.readme])
    }

    @Test func `a README as long as a file may be goes with its object, which a door takes again`() throws {
        var catalog = try Configuration("community")
        catalog.append(String(repeating: "drip\n", count: 200_000), to: Self.readme)
        let loaded = catalog.load()
        #expect(loaded.diagnostics == [])
        let object = try #require(loaded.objects.first { $0.object.kind == "Playbook" }).object
        var options = LoadOptions()
        options.passesOverServerFields = true
        let again = Loader().load(try Value(encoding: object), options: options)
        #expect(again.diagnostics.filter { $0.field?.contains("annotations") == true } == [])
    }

    @Test func `a credential in what is only kept is shown in the file that holds it`() throws {
        var catalog = try Configuration("community")
        let token = "ghp_0123456789abcdefABCDEF0123456789abcd"
        catalog.replace("  roles:\n", "  icon: \(token)\n  roles:\n", in: Self.playbook)
        let found = catalog.load().diagnostics.filter { $0.code == "SEC001" }
        #expect(found.map(\.path) == [Self.playbook] && found.map(\.span.start.line) == [1])
    }

    @Test(.timeLimit(.minutes(2))) func `many entries of many equal categories are read in time`() throws {
        var catalog = try Configuration("community")
        catalog.append(
            String(repeating: "  - id: engineering\n", count: 20_000),
            to: "catalog/categories.yaml"
        )
        let entry = """
              - id: find-the-leak
                name: Find the Leak
                category: engineering
                path: skills/engineering/find-the-leak/SKILL.md

            """
        catalog.append(String(repeating: entry, count: 5000), to: "catalog/skills.yaml")
        #expect(catalog.load().hasErrors)
    }

    @Test(arguments: allowed) func `what the schemas allow has no error and is written again`(
        change: Allowed
    )
        throws
    {
        var catalog = try Configuration("community")
        change.make(&catalog)
        let loaded = catalog.load()
        #expect(!loaded.hasErrors, "\(catalog.report(loaded))")
        #expect(loaded.heldBack.isEmpty && loaded.objects.count >= 6)
        #expect(catalog.differences(loaded) == [])
    }

    private static let long = String(repeating: "All pipes are long. ", count: 10_000)

    private static let allowed: [Allowed] =
        allowedPlaybooks + [
            Allowed(
                "a specialist whose tools have other names",
                plumber,
                "writing-tools",
                "[A.b, \"x y\", A.b]"
            ),
            Allowed("a specialist with no tool at all", plumber, "writing-tools", "[\"x y\"]"),
            Allowed("a specialist without skills") {
                let list = "\n  - find-the-leak\n  - write-it-down"
                $0.replace("skill_ids:\(list)", "skill_ids: []", in: plumber)
                let entry = "\n      - find-the-leak\n      - write-it-down"
                $0.replace("skill_ids:\(entry)", "skill_ids: []", in: "catalog/specialists.yaml")
            },
            Allowed("a long prompt", plumber, "  Mend what drips", "  \(long)\n  Mend what drips"),
            Allowed("an id that no object can have") {
                let id = String(repeating: "long-", count: 20)
                for (path, file) in $0.files {
                    let text = String(decoding: file, as: UTF8.self).replacing("mend-a-leak", with: id)
                    $0.files[path] = nil
                    $0.files[path.replacing("mend-a-leak", with: id)] = Array(text.utf8)
                }
            },
            Allowed("a skill without a body") {
                let path = "skills/engineering/write-it-down/SKILL.md"
                $0.files[path] = Array("---\nname: write-it-down\ndescription: Use it.\n---\n".utf8)
            },
            Allowed("a skill in another style") {
                let path = "skills/engineering/write-it-down/SKILL.md"
                let head =
                    "\n---\n# as others write it\ndescription: 'Use it'\nname: \"write-it-down\"\n---\n"
                $0.files[path] = Array((head + "Text\n\n\nwithout a heading").utf8)
            },
            Allowed("an entry with other keys") {
                $0.replace(
                    "    path: skills/engineering/write",
                    "    tags: [a]\n    rank: {x: null}\n    path: skills/engineering/write",
                    in: "catalog/skills.yaml"
                )
            },
            Allowed("no categories") { $0.files["catalog/categories.yaml"] = nil },
        ]

    private static let allowedPlaybooks: [Allowed] = [
        Allowed(
            "a board",
            playbook,
            "  roles:\n",
            "  board: {entry_column_id: a, columns: [{id: a, label: A}]}\n  roles:\n"
        ),
        Allowed("an ongoing playbook") {
            let text = String(decoding: $0.files[playbook] ?? [], as: UTF8.self)
            $0.files[playbook] = Array(text.replacing("lifecycle: planned", with: "lifecycle: ongoing").utf8)
        },
        Allowed(
            "guidance",
            playbook,
            "      goal: The leak is mended.\n",
            "      goal: The leak is mended.\n      guidance: |\n        Slowly.\n"
        ),
        Allowed(
            "no parameters",
            playbook,
            "    - slug: place\n      title: Place\n      required: true\n"
                + "    - slug: drops_a_minute\n      title: Drops a Minute\n      required: false\n",
            "    []\n"
        ),
        Allowed(
            "odd parameters",
            playbook,
            "    - slug: place\n      title: Place\n      required: true\n",
            "    - {slug: 2-Be, extra: [1, null]}\n    - {title: \"two\\nlines\"}\n    - {}\n"
        ),
        Allowed(
            "texts and other limits",
            playbook,
            "    max_active_tasks: 1\n",
            "    instructions: Go.\n    tools: [a]\n    max_iterations: 99\n"
                + "    llm_max_retries: 1000\n    max_active_tasks: 0\n"
        ),
        Allowed(
            "parallel work items",
            playbook,
            "allow_parallel_work_items: false",
            "allow_parallel_work_items: true"
        ),
        Allowed(
            "no rework and no limits",
            playbook,
            "    max_rework_iterations: 5\n    max_active_tasks: 1\n"
                + "    max_active_tasks_per_work_item: 1\n    allow_parallel_work_items: false",
            "    max_rework_iterations: 0"
        ),
        Allowed(
            "no orchestrator",
            playbook,
            "  orchestrator:\n    max_rework_iterations: 5\n    max_active_tasks: 1\n"
                + "    max_active_tasks_per_work_item: 1\n    allow_parallel_work_items: false\n",
            ""
        ),
        Allowed(
            "settings",
            playbook,
            "  roles:\n",
            "  runtime: {pool_mode: warm, specialist_pool: {cpu: \"1\"}}\n"
                + "  config: {a: {b: [1.5, yes]}}\n  config_policy: {locked: [a.b]}\n"
                + "  x-other: null\n  roles:\n"
        ),
        Allowed("no tags", playbook, "tags:\n  - pipes\n  - water\n", ""),
        Allowed("tags with commas", playbook, "  - pipes\n", "  - \"pipes, and more\"\n  - \"\"\n"),
        Allowed(
            "stages of any name",
            playbook,
            "    - name: water-on\n",
            "    - name: \"Wasser an! \u{1F6B0}\"\n      icon: tap\n"
        ),
        Allowed(
            "a stage without a name or a goal",
            playbook,
            "    - name: water-on\n      goal: A person lets the water in again.\n",
            "    - extra: 1\n"
        ),
        Allowed("no stages") {
            let text = String(decoding: $0.files[playbook] ?? [], as: UTF8.self)
            let start = text.firstRange(of: "  stages:\n")?.lowerBound ?? text.endIndex
            let end = text.firstRange(of: "  lifecycle: planned\n  orch")?.lowerBound ?? text.endIndex
            $0.files[playbook] = Array((text[..<start] + "  stages: []\n" + text[end...]).utf8)
        },
        Allowed(
            "many stages",
            playbook,
            "    - name: water-on\n",
            (0..<30).map { "    - {name: part-\($0), goal: Part.}\n" }.joined() + "    - name: water-on\n"
        ),
        Allowed(
            "roles in another order",
            playbook,
            "    - Master Plumber\n    - Inspector\n  stages",
            "    - Inspector\n    - Master Plumber\n    - Inspector\n  stages"
        ),
        Allowed(
            "a stage of all roles",
            playbook,
            "      goal: The leak is found.\n      involves:\n        - Master Plumber\n",
            "      goal: The leak is found.\n"
        ),
        Allowed("long instructions", playbook, "    Close the main valve first.", "    \(long)"),
        Allowed("a long goal", playbook, "The leak is found.", "\(long.dropLast())"),
        Allowed(
            "another outcome in the definition",
            playbook,
            "definition:\n  outcome: Nothing drips, and somebody else has seen that.\n",
            "definition:\n  outcome: \"\"\n"
        ),
        Allowed("any version") {
            $0.replace("version: 1.0.2", "version: \"v1 (beta)\"", in: playbook)
            $0.replace("version: 1.0.2", "version: \"v1 (beta)\"", in: "catalog/playbooks.yaml")
        },
        Allowed("a name of two lines") {
            $0.replace("name: Mend a Leak", "name: \"Mend\\na Leak\"", in: playbook)
            $0.replace("name: Mend a Leak", "name: \"Mend\\na Leak\"", in: "catalog/playbooks.yaml")
        },
        Allowed("a long description") {
            let text = String(long.prefix(999))
            $0.replace(
                "description: Find a leak, mend it and have it looked at.",
                "description: \(text)x",
                in: playbook
            )
        },
        Allowed("a specialist listed twice") {
            $0.replace("  - inspector\n", "  - inspector\n  - plumber\n", in: playbook)
            $0.replace(
                "      - inspector\n",
                "      - inspector\n      - plumber\n",
                in: "catalog/playbooks.yaml"
            )
        },
    ]
}
