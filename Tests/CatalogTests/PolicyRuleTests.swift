import Domain
import Testing

@testable import Catalog

/// What Policies forbid and give, and what becomes of objects when nobody knows what a Policy demands.
@Suite struct PolicyRuleTests {
    private let playbook = "playbooks/bug-fix/playbook.yaml"
    private let sandbox = "profiles/sandbox.yaml"

    /// The good configuration under a Policy with these lines in its spec.
    private func under(_ rules: String) throws -> Configuration {
        var configuration = try Configuration()
        let text =
            "apiVersion: agirunner.dev/v1\nkind: Policy\nmetadata: {name: house-rules}\nspec:\n  \(rules)\n"
        configuration.append(text, to: "policy.yaml")
        return configuration
    }

    private func spec(_ kind: String, _ name: String, _ loaded: Loaded) throws -> Value {
        let found = loaded.objects.first { $0.object.kind == kind && $0.object.metadata.name == name }
        return try #require(found?.object.spec, "\(loaded.diagnostics.map { $0.text() })")
    }

    private func held(_ loaded: Loaded) -> Set<String> {
        Set(loaded.heldBack.keys.map { "\($0.kind)/\($0.name)" })
    }

    @Test func `a limit that a playbook does not set is the cap, and a lower one stays`() throws {
        var configuration = try under(
            "appliesTo: {}\n  caps: {iterationsPerTask: 100, modelRetries: 9, costUSDPerTask: \"2.00\"}"
        )
        let loaded = configuration.load()
        #expect(loaded.diagnostics.isEmpty, "\(configuration.report(loaded))")
        let limits: PlaybookSpec.Limits = try #require(
            try spec("Playbook", "bug-fix", loaded)["limits"]
        ).decode()
        #expect(limits.iterationsPerTask == 100 && limits.modelRetries == 5)
        #expect(limits.costUSDPerTask == USD("2.00") && limits.reworkPerTask == 10)
        configuration.replace(
            "  instructions: |",
            "  limits: {iterationsPerTask: 40}\n  instructions: |",
            in: playbook
        )
        let lower = try spec("Playbook", "bug-fix", configuration.load())
        #expect(lower["limits"]?["iterationsPerTask"] == 40)
    }

    @Test func `what a Policy has for those that name nothing is used and referred to`() throws {
        let configuration = try under(
            "appliesTo: {}\n  defaults: {modelRouteRef: default, runtimeProfileRef: sandbox}"
        )
        let loaded = configuration.load()
        #expect(loaded.diagnostics.isEmpty, "\(configuration.report(loaded))")
        #expect(try spec("Role", "reviewer", loaded)["modelRouteRef"] == "default")
        #expect(try spec("Playbook", "bug-fix", loaded)["runtimeProfileRef"] == "sandbox")
        let role = try #require(loaded.objects.first { $0.object.key.name == "reviewer" })
        #expect(role.references.contains(ObjectKey("ModelRoute", namespace: "default", name: "default")))
        #expect(role.digest == digest(of: role.object.spec ?? [:]))
    }

    @Test func `a default that a stored Policy names must be there`() throws {
        var configuration = try Configuration()
        let key = ObjectKey("Policy", namespace: "default", name: "house-rules")
        configuration.options.existing[key] = [
            "appliesTo": ["labels": [:]], "assesses": [], "requireGates": [],
            "defaults": ["modelRouteRef": "gone"],
        ]
        let loaded = configuration.load()
        #expect(loaded.diagnostics.map(\.code) == ["REF001"])
        #expect(held(loaded) == ["Role/reviewer", "Playbook/bug-fix", "Workflow/fix-division"])
    }

    @Test func `a playbook may put itself under a Policy that is for others`() throws {
        let rules = "appliesTo: {labels: {tier: one}}\n  caps: {modelRetries: 1}"
        var configuration = try under(rules)
        #expect(try spec("Playbook", "bug-fix", configuration.load())["limits"]?["modelRetries"] == 5)
        configuration.replace(
            "  instructions: |",
            "  policyRefs: [house-rules]\n  instructions: |",
            in: playbook
        )
        #expect(try spec("Playbook", "bug-fix", configuration.load())["limits"]?["modelRetries"] == 1)
    }

    private static let pin = "@sha256:" + String(repeating: "0a", count: 32)

    @Test(arguments: [
        ("example.org/team/*", "example.org/team/box:1", true),
        ("example.org/team/*", "example.org/box", false),
        ("example.org:5000/box", "example.org:5000/box:1", true), ("box", "box:2\(pin)", true),
        ("box:1", "box:1\(pin)", true), ("box:1", "box:2\(pin)", false), ("box", "other/box", false),
        ("example.org", "example.org:5000/box", false),
    ])
    func `an image is matched as written, without its digest, and without its tag`(
        glob: String,
        image: String,
        isAllowed: Bool
    ) throws {
        var configuration = try under("appliesTo: {}\n  allowImages: [\"\(glob)\"]")
        configuration.replace("  engine: local\n", "  engine: local\n  image: \(image)\n", in: sandbox)
        let errors = configuration.load().diagnostics.filter { $0.severity == .error }
        #expect(errors.map(\.code) == (isAllowed ? [] : ["POL010"]))
    }

    @Test func `what is pinned and what is reached within the bounds is no mistake`() throws {
        var configuration = try under(
            "appliesTo: {}\n  requirePins: true\n  allowDomains: [\"*.example.org\", example.com]"
        )
        let image = "  image: example.org/box\(Self.pin)\n"
        configuration.replace("  engine: local\n", "  engine: local\n\(image)", in: sandbox)
        let domains = "    allowDomains: [a.b.example.org, \"*.x.example.org\", example.com]\n"
        configuration.replace("    default: deny\n", "    default: deny\n\(domains)", in: sandbox)
        let loaded = configuration.load()
        #expect(loaded.heldBack.isEmpty, "\(configuration.report(loaded))")
    }

    @Test func `a Policy with a mistake holds back what it is for, and nothing else`() throws {
        let mistake = "\n  assesses: developer"
        let all = try under("appliesTo: {}" + mistake).load()
        #expect(all.diagnostics.map(\.code) == ["SCH003"])
        let governed: Set = [
            "Policy/house-rules", "Playbook/bug-fix", "Workflow/fix-division", "Role/developer",
            "Role/reviewer", "ToolProfile/engineer", "ToolProfile/reader", "RuntimeProfile/sandbox",
        ]
        #expect(held(all) == governed)
        let playbook = ObjectKey("Playbook", namespace: "default", name: "bug-fix")
        let reason = try #require(all.heldBack[playbook])
        #expect(reason.code == "REF007" && reason.message.contains("Policy"), "\(reason.text())")
        #expect(reason.notes.first?.path == "policy.yaml")
        let some = try under("appliesTo: {kinds: [Playbook]}" + mistake).load()
        #expect(held(some) == ["Policy/house-rules", "Playbook/bug-fix", "Workflow/fix-division"])
        for scope in ["{source: other}", "{labels: {tier: one}}"] {
            #expect(held(try under("appliesTo: \(scope)" + mistake).load()) == ["Policy/house-rules"])
        }
    }

    @Test func `a mistake in what a Policy is for makes it be for everything`() throws {
        let loaded = try under("appliesTo: {kinds: [Playbok], labels: 5}").load()
        #expect(held(loaded).contains("Role/developer") && held(loaded).contains("Playbook/bug-fix"))
    }

    @Test func `under a stored Policy that cannot be read nothing is changed`() throws {
        var configuration = try Configuration()
        let key = ObjectKey("Policy", namespace: "default", name: "gates")
        configuration.options.existing[key] = ["appliesTo": ["kinds": ["Playbook"]], "requireGates": 5]
        let loaded = configuration.load()
        #expect(loaded.diagnostics.map(\.code) == ["POL014"])
        #expect(loaded.diagnostics.first?.message.contains("Policy/gates") == true)
        #expect(held(loaded) == ["Playbook/bug-fix", "Workflow/fix-division"])
        configuration.options.existing[key] = ["requireGates": 5]
        #expect(held(configuration.load()).contains("ToolProfile/engineer"), "nobody knows what it is for")
        configuration.options.existing[key] = ["appliesTo": ["source": "other"]]
        #expect(configuration.load().diagnostics.isEmpty)
        configuration.options.existing = [ObjectKey("Policy", namespace: "b", name: "gates"): [:]]
        #expect(configuration.load().diagnostics.isEmpty)
    }

    @Test func `a door that writes what a Policy may be for reads the Policies`() {
        for kind in PolicyScope.governed {
            #expect(LoadOptions.kindsRead(by: kind).contains("Policy"), "\(kind)")
        }
        #expect(LoadOptions.kindsReadOfOthers.contains("Policy"))
    }

    @Test func `a plan keeps the gates of a Policy whose file cannot be read, as the server does`() throws {
        let rule = "appliesTo: {}\n  requireGates: [{stage: review, gate: {approvers: [\"user:ann\"]}}]"
        var configuration = try under(rule)
        let stored = configuration.load().objects.map {
            Stored(object: $0.object, digest: $0.digest, origin: $0.origin)
        }
        configuration.append("  caps: [", to: "policy.yaml")
        let source: Value = ["url": "/srv/repositories/config", "ref": ["branch": "main"]]
        var options = LoadOptions.source(
            "main",
            try Shape.gitSource.spec.defaults.merging(source).decode(),
            commit: CommitID(String(repeating: "b", count: 40)),
            stored: stored
        )
        options.grants = nil
        let loaded = Loader().load(configuration.sourceFiles, options: options)
        #expect(loaded.unreadable == ["policy.yaml"])
        let stages = try spec("Playbook", "bug-fix", loaded)["stages"]?.array ?? []
        let review = stages.first { $0["name"] == "review" }
        #expect(review?["gate"]?["approvers"] == ["user:ann"])
    }

    @Test func `two rules of one Policy that disagree are told at the second, by its place`() throws {
        let rules =
            ["{stage: review, playbook: other, gate: {approvers: [\"user:bob\"]}}"]
            + ["ann", "eve"].map { "{stage: review, gate: {approvers: [\"user:\($0)\"]}}" }
        let loaded = try under("appliesTo: {}\n  requireGates: [\(rules.joined(separator: ", "))]").load()
        let error = try #require(loaded.diagnostics.first { $0.severity == .error })
        #expect(error.code == "POL007" && error.field == "spec.requireGates[2].gate")
        #expect(error.message.contains("an earlier rule says of the stage 'review'"), "\(error.message)")
    }

    @Test func `what a commit changes is judged by the Policies that stand`() throws {
        var configuration = try under("appliesTo: {}\n  denyTools: [git_push]")
        var memory = LoaderMemory()
        for file in configuration.sourceFiles { memory.remember(Loader().read(file)) }
        #expect(memory.judge(configuration.options, othersVersion: "1").loaded.diagnostics.isEmpty)
        let path = "profiles/engineer.yaml"
        configuration.replace("git_commit,", "git_commit, git_push,", in: path)
        memory.remember(Loader().read(SourceFile(path: path, bytes: configuration.files[path] ?? [])))
        let judged = memory.judge(configuration.options, othersVersion: "1").loaded
        #expect(judged.diagnostics.map(\.code) == ["POL009"])
        let whole = configuration.load()
        #expect(judged.diagnostics == whole.diagnostics && judged.heldBack == whole.heldBack)
    }
}
