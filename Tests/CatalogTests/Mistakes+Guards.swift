import Domain

@testable import Catalog

// What cannot be ordered, and what cannot be changed any more.
extension Mistake {
    private static let developer = "roles/developer.yaml"
    private static let run = "runs/fix-division.yaml"

    /// The good configuration in which an object of this name waits for others.
    private static func wait(
        _ name: String,
        for others: String,
        in path: String
    )
        -> @Sendable (
            inout Configuration
        ) -> Void
    {
        { configuration in
            configuration.replace(
                "  name: \(name)\n",
                "  name: \(name)\n  annotations:\n    agirunner.dev/depends-on: \(others)\n",
                in: path
            )
        }
    }

    static let guards: [Mistake] = [
        Mistake(.cycle, "across-files") { configuration in
            wait("sandbox", for: "Workspace/calculator", in: "profiles/sandbox.yaml")(&configuration)
            wait(
                "calculator",
                for: "Skill/careful-reading, Role/developer",
                in: "workspaces/calculator.yaml"
            )(
                &configuration
            )
        },
        Mistake(.cycle, "itself", wait("developer", for: "Role/developer", in: developer)),
        Mistake(.malformed, "depends-on", wait("developer", for: "reviewer", in: developer)),
        Mistake(
            .malformed,
            "depends-on-foreign",
            wait("developer", for: "other/Role/reviewer", in: developer)
        ),
        Mistake(.unknownWord, "depends-on", wait("developer", for: "Rol/reviewer", in: developer)),
        Mistake(.danglingReference, "depends-on", wait("developer", for: "Role/reviwer", in: developer)),
        Mistake(.immutable, "decision") { configuration in
            let text = """
                apiVersion: agirunner.dev/v1
                kind: Decision
                metadata: {name: "yes"}
                spec:
                  target: {kind: Workflow, name: fix-division}
                  action: approve

                """
            configuration.append(text, to: "decisions/yes.yaml")
            for decision in configuration.load().objects where decision.object.kind == "Decision" {
                configuration.options.inForce[decision.object.key] = decision.object.spec
            }
            configuration.replace(
                "action: approve\n",
                "action: reject\n  note: No.\n",
                in: "decisions/yes.yaml"
            )
        },
        Mistake(.immutable, "run") { configuration in
            for run in configuration.load().objects where run.object.kind == "Workflow" {
                configuration.options.inForce[run.object.key] = run.object.spec
            }
            configuration.replace("  workspaceRef: calculator\n", "  priority: 7\n", in: run)
            configuration.replace("rounds the wrong way", "rounds up", in: run)
        },
    ]
}
