import Testing

/// Names of what a run has, which follow from its own and those of its stages.
@Suite struct NameTests {
    private static let first = "{name: reproduce, goal: It is seen., roles: [developer]}"
    private static let later = "{name: implement, goal: It is done., roles: [developer]}"

    @Test(arguments: [("reproduce", first), ("implement", "\(first), \(later)")])
    func `runs whose items would be called alike both go on, from the first stage or a later one`(
        _ stage: String,
        _ stages: String
    ) async throws {
        try await System.running { system in
            try await system.must("wait", "workflow/fix-division", "--for", "phase=active")
            let answer = try await system.shell(
                """
                exec 2>&1
                begin() {
                    agirunner apply -f - <<END
                apiVersion: agirunner.dev/v1
                kind: Playbook
                metadata: {name: $1}
                spec:
                  displayName: $1
                  version: "1.0.0"
                  outcome: It is done.
                  roles: [developer]
                  stages: [$4]
                  instructions: Do it.
                  runtimeProfileRef: sandbox
                ---
                apiVersion: agirunner.dev/v1
                kind: Workflow
                metadata: {name: $2}
                spec: {playbookRef: {name: $1}, workspaceRef: calculator}
                END
                    agirunner wait "workflow/$2" --for "jsonpath={.status.currentStage}=$3" --timeout 30s
                }
                begin one a 'test-\(stage)' '{name: test-\(stage), goal: It is done., roles: [developer]}'
                begin two a-test '\(stage)' '\(stages)'
                agirunner get workitems -o name
                """
            )
            let names = answer.output.split(separator: "\n").filter { $0.contains("a-test-\(stage)-") }
            #expect(names.contains { $0.hasSuffix("/a-test-\(stage)-1") }, "\(answer.output)")
            #expect(names.count == 2 && names.allSatisfy { $0.hasSuffix("-1") }, "\(answer.output)")
        }
    }
}
