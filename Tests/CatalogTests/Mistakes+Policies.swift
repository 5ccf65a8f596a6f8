import Domain

@testable import Catalog

// What Policies forbid, and what has no effect yet.
extension Mistake {
    private static let playbook = "playbooks/bug-fix/playbook.yaml"
    private static let sandbox = "profiles/sandbox.yaml"
    private static let run = "runs/fix-division.yaml"

    /// The good configuration with something replaced, under a Policy with these lines in its spec.
    private static func under(
        _ rules: String,
        _ code: Code,
        _ name: String,
        _ change: @escaping @Sendable (inout Configuration) -> Void = { _ in }
    ) -> Mistake {
        Mistake(code, name) { configuration in
            let text = """
                apiVersion: agirunner.dev/v1
                kind: Policy
                metadata: {name: house-rules}
                spec:
                  \(rules)

                """
            configuration.append(text, to: "policy.yaml")
            change(&configuration)
        }
    }

    /// The same with a line more in the sandbox.
    private static func under(_ rules: String, _ code: Code, _ name: String, sandbox line: String) -> Mistake
    {
        under(rules, code, name) {
            $0.replace("  engine: local\n", "  engine: local\n\(line)\n", in: sandbox)
        }
    }

    private static func object(_ kind: String, _ name: String, _ spec: String) -> String {
        "apiVersion: agirunner.dev/v1\nkind: \(kind)\nmetadata: {name: \(name)}\nspec:\n\(spec)\n"
    }

    /// The good configuration beside an object.
    private static func beside(_ code: Code, _ name: String, _ kind: String, _ spec: String) -> Mistake {
        Mistake(code, name) { $0.append(object(kind, "sample", spec), to: "sample.yaml") }
    }

    static let policies: [Mistake] = bounds + inert + triggers + servers

    private static let bounds: [Mistake] = [
        under("appliesTo: {}\n  denyTools: [git_commit]", .deniedTool, "stands"),
        under("appliesTo: {kinds: [Role]}\n  denyTools: [git_commit]", .deniedTool, "profile-of-role"),
        under("appliesTo: {}\n  denyTools: [shell_exec, git_push]", .deniedTool, "role") {
            $0.replace("toolProfileRef: engineer", "tools: [grep, git_push]", in: "roles/developer.yaml")
            $0.files["profiles/engineer.yaml"] = nil
            $0.replace("grep, shell_exec, submit", "grep, submit", in: "roles/reviewer.yaml")
        },
        under(
            "appliesTo: {}\n  allowImages: [example.org/team/*]",
            .imageNotAllowed,
            "other",
            sandbox: "  image: example.com/team/box:1"
        ),
        under(
            "appliesTo: {}\n  requirePins: true",
            .imageNotPinned,
            "tag",
            sandbox: "  image: example.org/team/box:1"
        ),
        under("appliesTo: {}\n  allowDomains: [\"*.example.org\"]", .domainNotAllowed, "domains") {
            let network = "    default: allow\n    allowDomains: [a.example.org, example.org, \"*.org\"]\n"
            $0.replace("    default: deny\n", network, in: sandbox)
        },
        under("appliesTo: {}\n  caps: {reworkPerTask: 2, costUSDPerTask: \"1.00\"}", .aboveCap, "limits") {
            let limits = "  limits: {reworkPerTask: 3, costUSDPerTask: \"1.01\"}\n"
            $0.replace("  instructions: |\n", limits + "  instructions: |\n", in: playbook)
        },
        under("appliesTo: {}\n  caps: {costUSDPerTask: \"1.00\"}", .noPrice, "cap") {
            let price = "  price:\n    inputPerMillion: \"3.00\"\n    outputPerMillion: \"15.00\"\n"
            $0.replace(price, "", in: "models/default.yaml")
        },
        under("appliesTo: {kinds: [Role]}\n  requirePins: true", .contradiction, "policy-kinds"),
        under("appliesTo: {namespace: other}\n  requirePins: true", .contradiction, "policy-namespace"),
        under("appliesTo: {}\n  defaults: {runtimeProfileRef: two}", .policiesDisagree, "defaults") {
            let other = "appliesTo: {}\n  defaults: {runtimeProfileRef: sandbox}"
            $0.append(object("Policy", "first", "  \(other)"), to: "other.yaml")
            $0.append(object("RuntimeProfile", "two", "  engine: local"), to: "two.yaml")
        },
        Mistake(.unreadablePolicy, "stored") {
            let key = ObjectKey("Policy", namespace: "default", name: "gates")
            $0.options.existing[key] = ["appliesTo": ["kinds": ["Playbook"]], "requireGates": "all"]
        },
        Mistake(
            .looserLimit,
            "rework",
            run,
            "  workspaceRef: calculator\n",
            "  workspaceRef: calculator\n  limits: {reworkPerTask: 11, activeTasks: 4}\n"
        ),
        Mistake(.kindNotGranted, "fleet") {
            $0.grant(namespaces: ["*"], kinds: ["*"])
            $0.append(object("Fleet", "main", "  maxRuntimes: 4"), to: "fleet.yaml")
        },
        Mistake(.namespaceNotGranted, "binding") {
            $0.grant(namespaces: ["default"], kinds: ["*", "AccessBinding"])
            let spec = "  subjects: [\"unix:7\"]\n  role: viewer"
            $0.append(object("AccessBinding", "all", spec), to: "all.yaml")
            $0.append(object("AccessBinding", "two", spec + "\n  namespaces: [default, b]"), to: "two.yaml")
        },
    ]

    private static let inert: [Mistake] = [
        beside(.notActedOn, "kind", "Fleet", "  maxRuntimes: 4"),
        Mistake(
            .notActedOn,
            "fields",
            sandbox,
            "  engine: local\n",
            "  engine: local\n  pullPolicy: never\n"
        ),
        Mistake(.twoFleets, "stored") {
            $0.options.existing[ObjectKey("Fleet", namespace: nil, name: "main")] = [:]
            $0.append(object("Fleet", "other", "  maxRuntimes: 4"), to: "fleet.yaml")
        },
    ]

    private static let reconcile = "  action: {reconcile: {sourceRef: other}}"

    private static func trigger(_ code: Code, _ name: String, _ spec: String) -> Mistake {
        Mistake(code, name) {
            $0.append(object("Trigger", "sample", spec), to: "sample.yaml")
            let source = "  url: https://example.org/x.git\n  ref: {branch: main}"
            $0.append(object("GitSource", "other", source), to: "source.yaml")
            $0.append(object("SecretStore", "vault", "  type: env"), to: "vault.yaml")
        }
    }

    private static let triggers: [Mistake] = [
        trigger(
            .malformed,
            "cron",
            "  source: {schedule: {cron: 0 0 30 2 *, timeZone: Europe/Berln}}\n\(reconcile)"
        ),
        trigger(
            .notOneOf,
            "trigger",
            "  source: {git: {sourceRef: other}, schedule: {cron: 0 0 * * *}}\n  action: {}"
        ),
        trigger(
            .danglingReference,
            "trigger",
            """
              source: {git: {sourceRef: othr}}
              action:
                createWorkflow: {playbookRef: {name: bugfix}, workspaceRef: calculater}
            """
        ),
        trigger(
            .contradiction,
            "schedule",
            """
              source: {schedule: {cron: 0 0 * * *}}
              filter: [{path: action, equals: opened}]
              action:
                createWorkflow: {playbookRef: {name: bug-fix}, parameters: {issue: One}}
                parametersFrom: {issue: title}
            """
        ),
        trigger(
            .unknownWord,
            "signature",
            "  source: {webhook: {signature: gitlb, secretRef: {store: vault, key: b}}}\n\(reconcile)"
        ),
    ]

    private static let servers: [Mistake] = [
        beside(.notOneOf, "server", "McpServer", "  command: [server]\n  url: https://example.org/mcp"),
        beside(
            .contradiction,
            "server",
            "McpServer",
            "  url: https://example.org/mcp\n  transport: stdio\n  auth: {mode: parameters}"
        ),
        beside(
            .credentialInURL,
            "server",
            "McpServer",
            "  url: https://ann:secret@example.org/mcp"
        ),
        beside(
            .credential,
            "unsealed",
            "SecretStore",
            "  type: sealed\n  config: {sealed: {token: hunter22}}"
        ),
        beside(
            .contradiction,
            "sealed",
            "SecretStore",
            "  type: env\n  config: {sealed: {token: \(sealed)}}"
        ),
        beside(.malformed, "secret", "SecretStore", "  type: sealed\n  config: {sealed: {a b: \(sealed)}}"),
        beside(.missingKey, "notifier", "Notifier", "  type: slack"),
        beside(
            .unknownWord,
            "notifier",
            "Notifier",
            "  type: webhook\n  url: https://a.org\n  selector: {kinds: [Gat]}"
        ),
        beside(.malformed, "subject", "AccessBinding", "  subjects: [ann, \"user:\"]\n  role: viewer"),
        beside(.unknownWord, "board", "Playbook", boarded),
        beside(.contradiction, "orchestration", "Workflow", overriding),
    ]

    private static let sealed = "sealed.v1.\(String(repeating: "A", count: 80))"

    private static let boarded = """
          displayName: Sample
          version: "1"
          outcome: Done.
          roles: [developer]
          stages: [{name: one, goal: Done., roles: [developer]}]
          instructions: Do it.
          board: {entry: inbx, columns: [{id: inbox, label: In}, {id: done, label: Done}]}
        """

    private static let overriding = """
          playbookRef: {name: bug-fix}
          parameters: {issue: Something}
          orchestration: {mode: agent}
        """
}
