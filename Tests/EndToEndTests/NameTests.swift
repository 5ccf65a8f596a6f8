import Testing

/// Names of what a run has, which follow from its own and those of its stages.
@Suite struct NameTests {
    @Test func `a run whose items would be called as those of another one is not begun, and says why`()
        async throws
    {
        try await System.running { system in
            try await system.must("wait", "workflow/fix-division", "--for", "phase=active")
            let answer = try await system.shell(
                """
                exec 2>&1
                for pair in one:test-build:a two:build:a-test; do
                    IFS=: read -r playbook stage run <<< "$pair"
                    agirunner apply -f - <<END
                apiVersion: agirunner.dev/v1
                kind: Playbook
                metadata: {name: $playbook}
                spec:
                  displayName: $playbook
                  version: "1.0.0"
                  outcome: It is done.
                  roles: [developer]
                  stages: [{name: $stage, goal: It is done., roles: [developer]}]
                  instructions: Do it.
                  runtimeProfileRef: sandbox
                ---
                apiVersion: agirunner.dev/v1
                kind: Workflow
                metadata: {name: $run}
                spec: {playbookRef: {name: $playbook}, workspaceRef: calculator}
                END
                    agirunner wait "workflow/$run" --for condition=Ready --timeout 5s || true
                done
                """
            )
            #expect(answer.output.contains("NameTaken"), "\(answer.output)")
            #expect(answer.output.contains("called as something of another run is (a-test-build-1)"))
        }
    }
}
