import Support

/// What the benchmark declares beside First light: the smallest run there is, and long ones of many steps.
enum Declarations {
    static let stage = "step"

    /// Files below the configuration's folder, by path.
    static func files(steps: [Int]) -> [String: String] {
        [
            "bench/playbook.yaml": playbook, "bench/role.yaml": role, "bench/route.yaml": route,
            "bench/provider.yaml": provider(steps: steps),
        ]
    }

    /// The name of the run whose scene has this many steps.
    static func walk(_ steps: Int) -> String { "walk-\(steps)" }

    static func workflow(_ name: String) -> String { workflowFile(name, playbook: "bench") }

    private static let playbook = """
        apiVersion: agirunner.dev/v1
        kind: Playbook
        metadata:
          name: bench
        spec:
          displayName: Bench
          version: "1.0.0"
          outcome: A handoff is there.
          roles: [pinger]
          stages:
            - name: \(stage)
              goal: A handoff is there.
              roles: [pinger]
          instructions: Hand over.

        """

    private static let role = """
        apiVersion: agirunner.dev/v1
        kind: Role
        metadata:
          name: pinger
        spec:
          displayName: Pinger
          description: Reads, and hands over.
          tools: [file_read, submit_handoff]
          modelRouteRef: bench
          runtimeProfileRef: sandbox
          prompt: Hand over.

        """

    private static let route = """
        apiVersion: agirunner.dev/v1
        kind: ModelRoute
        metadata:
          name: bench
        spec:
          primary:
            providerRef: bench
            model: screenplay
          contextWindow: 200000
          maxOutput: 8000

        """

    private static func provider(steps: [Int]) -> String {
        let walks = steps.map { count in
            let turns = String(repeating: readTurn, count: count) + handoffTurn
            return "      - role: pinger\n        workflow: \(walk(count))\n        turns:\n\(turns)"
        }
        return """
            apiVersion: agirunner.dev/v1
            kind: ModelProvider
            metadata:
              name: bench
            spec:
              type: scripted
              screenplay:
                usage: bytes
                scenes:
                  - role: pinger
                    turns:

            """ + handoffTurn + walks.joined()
    }

    private static let readTurn = """
                  - calls:
                      - tool: file_read
                        input:
                          path: /workspace/context/task.md

        """

    private static let handoffTurn = """
                  - calls:
                      - tool: submit_handoff
                        input:
                          summary: Done.
                          completion: full

        """
}
