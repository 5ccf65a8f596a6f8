@testable import Catalog

extension Mistake {
    private static let playbook = "playbooks/bug-fix/playbook.yaml"
    private static let developer = "roles/developer.yaml"
    private static let pool = "fleet/pool.yaml"
    private static let route = "models/default.yaml"
    private static let provider = "models/rehearsal.yaml"
    private static let workspace = "workspaces/calculator.yaml"
    private static let run = "runs/fix-division.yaml"
    private static let sandbox = "profiles/sandbox.yaml"
    private static let header = "apiVersion: agirunner.dev/v1\n"
    private static let source = """
        apiVersion: agirunner.dev/v1
        kind: GitSource
        metadata:
          name: other
        spec:
          url: https://example.org/x.git
          ref: {branch: main}

        """

    private static let store = header + "kind: SecretStore\nmetadata: {name: vault}\n"

    static let all: [Mistake] =
        bytes + envelope + shape + references + meaning + policy + doubts + community + guards
        + signatures + policies + intake

    private static let bytes: [Mistake] = [
        Mistake(.notUTF8, "latin-1") { $0.files["bad.yaml"] = Array("name: caf".utf8) + [0xE9, 0x0A] },
        Mistake(.byteOrderMark, "first") {
            $0.files["bad.yaml"] = [0xEF, 0xBB, 0xBF] + Array("a: b\n".utf8)
        },
        Mistake(.controlCharacter, "nul") { $0.append("a: é\n  b\u{0}: 1\n", to: "bad.yaml") },
        Mistake(.tooLarge, "megabyte") {
            $0.files["bad.yaml"] = Array(repeating: 0x20, count: (1 << 20) + 1)
        },
        Mistake(.syntax, "tab", pool, "  mode: warm", "\tmode: warm"),
        Mistake(.syntax, "open-quote", run, "costUSD: \"2.00\"", "costUSD: \"2.00"),
        Mistake(.syntax, "indent", pool, "  min: 1", " min: 1"),
        Mistake(.notAMapping, "list") { $0.append("- a\n- b\n", to: "bad.yaml") },
        Mistake(.duplicateKey, "twice", pool, "  max: 1\n", "  max: 1\n  min: 2\n"),
        Mistake(.tag, "string", developer, "displayName: Developer", "displayName: !!str Developer"),
        Mistake(.anchor, "unused", developer, "displayName: Developer", "displayName: &who Developer"),
        Mistake(.alias, "unknown", developer, "displayName: Developer", "displayName: *who"),
        Mistake(.mergeKey, "merge", pool, "  max: 1\n", "  max: 1\n  <<: {min: 2}\n"),
        Mistake(.tooDeep, "brackets") { $0.append(String(repeating: "[", count: 300), to: "bad.yaml") },
        Mistake(.complexKey, "list", pool, "  max: 1\n", "  max: 1\n  ? [a, b]\n  : c\n"),
        Mistake(.ambiguousScalar, "version", playbook, "version: \"1.0.0\"", "version: 1.1"),
        Mistake(.ambiguousScalar, "name", pool, "name: local", "name: on"),
        Mistake(.ambiguousScalar, "null", developer, "displayName: Developer", "displayName: null"),
        Mistake(
            .ambiguousScalar,
            "date",
            run,
            "issue: Dividing a negative number rounds the wrong way.",
            "issue: 2024-01-31"
        ),
        Mistake(
            .ambiguousScalar,
            "octal",
            run,
            "issue: Dividing a negative number rounds the wrong way.",
            "issue: 0755"
        ),
        Mistake(
            .ambiguousScalar,
            "screenplay-input",
            provider,
            "command: python3 -m unittest -v",
            "command: yes"
        ),
    ]

    private static let envelope: [Mistake] = [
        Mistake(.apiVersion, "beta", pool, "agirunner.dev/v1", "agirunner.dev/v1beta1"),
        Mistake(.unknownKind, "typo", pool, "kind: RuntimePool", "kind: RuntimePol"),
        Mistake(.liveKind, "task", pool, "kind: RuntimePool", "kind: Task"),
        Mistake(.statusDeclared, "status", pool, "spec:\n", "status: {}\nspec:\n"),
        Mistake(
            .namespaceOnCluster,
            "pool",
            pool,
            "  name: local\n",
            "  name: local\n  namespace: default\n"
        ),
        Mistake(.declaredTwice, "other-file") { $0.files["zz/pool.yml"] = $0.files[pool] },
    ]

    private static let shape: [Mistake] = [
        Mistake(.unknownKey, "typo", playbook, "    whenExhausted: escalate", "    whenExausted: escalate"),
        Mistake(.unknownKey, "metadata", pool, "  name: local\n", "  name: local\n  uid: abc\n"),
        Mistake(.missingKey, "spec", pool, "  max: 1\n", ""),
        Mistake(.missingKey, "element", playbook, "      title: What goes wrong, and how to see it\n", ""),
        Mistake(.missingKey, "name", pool, "metadata:\n  name: local\n", "metadata: {}\n"),
        Mistake(.wrongType, "list", playbook, "roles: [developer, reviewer]", "roles: developer"),
        Mistake(.wrongType, "boolean", route, "default: true", "default: yes"),
        Mistake(.wrongType, "empty", developer, "displayName: Developer", "displayName:"),
        Mistake(.wrongType, "number", pool, "min: 1", "min: \"1\""),
        Mistake(.outOfRange, "zero", playbook, "maxCycles: 3", "maxCycles: 0"),
        Mistake(.outOfRange, "interval") { $0.append(source + "  interval: 0s\n", to: "source.yaml") },
        Mistake(.outOfRange, "timeout") { $0.append(source + "  timeout: 999ms\n", to: "source.yaml") },
        Mistake(.malformed, "duration", sandbox, "taskTimeout: 10m", "taskTimeout: 600"),
        Mistake(
            .malformed,
            "label",
            pool,
            "  name: local\n",
            "  name: local\n  labels: {a b: c, d: \"e,f\"}\n"
        ),
        Mistake(.malformed, "memory", sandbox, "memory: 512Mi", "memory: 512 MB"),
        Mistake(.malformed, "transport", workspace, "url: ../workspaces/calculator.git", "url: ext::sh"),
        Mistake(.malformed, "above-root", workspace, "url: ../workspaces", "url: ../../../../workspaces"),
        Mistake(.length, "empty", developer, "displayName: Developer", "displayName: \"\""),
        Mistake(.unknownWord, "typo", sandbox, "engine: local", "engine: locl"),
        Mistake(.tooFew, "namespaces", pool, "namespaces: [default]", "namespaces: []"),
        Mistake(.repeated, "tools", sandbox, "[git, python3]", "[git, python3, git]"),
        Mistake(
            .notOneOf,
            "both",
            developer,
            "  toolProfileRef: engineer\n",
            "  toolProfileRef: engineer\n  tools: [grep]\n"
        ),
        Mistake(.notOneOf, "none", developer, "  toolProfileRef: engineer\n", ""),
    ]

    private static let references: [Mistake] = [
        Mistake(
            .danglingReference,
            "typo",
            developer,
            "runtimeProfileRef: sandbox",
            "runtimeProfileRef: sandbx"
        ),
        Mistake(
            .danglingReference,
            "escalation",
            developer,
            "  prompt:",
            "  escalation: {to: boss}\n  prompt:"
        ),
        Mistake(
            .danglingReference,
            "other-namespace",
            pool,
            "  mode: warm\n",
            "  mode: warm\n  runtimeProfileRef: {namespace: other, name: sandbox}\n"
        ),
        Mistake(.danglingReference, "secret-store") {
            $0.append(store + "spec: {type: env}\n", to: "store.yaml")
            $0.append(source + "  secretRef: {store: valt, key: one}\n", to: "source.yaml")
        },
        Mistake(.foreignRole, "typo", playbook, "assessedBy: [reviewer]", "assessedBy:\n        - reviwer"),
        Mistake(.notEarlierStage, "typo", playbook, "returnTo: implement", "returnTo: implment"),
        Mistake(.notEarlierStage, "later", playbook, "returnTo: implement", "returnTo: release"),
        Mistake(
            .unknownItem,
            "typo",
            playbook,
            "      goal: A test fails for the reported reason.\n",
            """
                  goal: A test fails for the reported reason.
                  workItems:
                    - name: write
                    - name: run
                      dependsOn: [wrte]

            """
        ),
        Mistake(
            .cycle,
            "three",
            playbook,
            "      goal: A test fails for the reported reason.\n",
            """
                  goal: A test fails for the reported reason.
                  workItems:
                    - {name: a, dependsOn: [b]}
                    - {name: b, dependsOn: [c]}
                    - {name: c, dependsOn: [a]}

            """
        ),
    ]

    private static let meaning: [Mistake] = [
        Mistake(.duplicateName, "stage", playbook, "- name: release", "- name: review"),
        Mistake(.screenplay, "missing") {
            $0.files[provider] = Array(
                (header + "kind: ModelProvider\nmetadata:\n  name: rehearsal\nspec:\n  type: scripted\n").utf8
            )
        },
        Mistake(.screenplay, "other-type", provider, "type: scripted", "type: anthropic"),
        Mistake(
            .ambiguousScene,
            "crossing",
            provider,
            "      - role: reviewer\n        revision: 1\n",
            "      - role: developer\n        revision: 1\n"
        ),
        Mistake(.approver, "bare", playbook, "[\"role:operator\"]", "[operator]"),
        Mistake(.approver, "typo", playbook, "[\"role:operator\"]", "[\"role:operater\"]"),
        Mistake(
            .tooFewApprovers,
            "two-of-one",
            playbook,
            "[\"role:operator\"]",
            "[\"unix:1000\"]\n        count: 2"
        ),
        Mistake(.nowhereToReturn, "gate", playbook, "onReject: fail", "onReject: returnTo"),
        Mistake(
            .workspaceFields,
            "no-url",
            workspace,
            """
              url: ../workspaces/calculator.git      # relative to the GitSource's own URL, as git resolves \
            a submodule's

            """,
            ""
        ),
        Mistake(
            .workspaceFields,
            "url-of-directory",
            workspace,
            "  type: git\n",
            "  type: directory\n  path: /srv/site\n"
        ),
        Mistake(
            .nothingToJudge,
            "first",
            playbook,
            "      goal: A test fails for the reported reason.\n      roles: [developer]\n",
            "      goal: A test fails for the reported reason.\n      assessedBy: [reviewer]\n"
        ),
        Mistake(.contradiction, "min", pool, "min: 1", "min: 2"),
        Mistake(.contradiction, "store") {
            $0.append(store + "spec: {type: env, config: {directory: /srv}}\n", to: "store.yaml")
        },
        Mistake(.contradiction, "output", route, "maxOutput: 8000", "maxOutput: 300000"),
        Mistake(
            .contradiction,
            "agent",
            playbook,
            "  instructions: |",
            "  orchestration: {mode: agent}\n  instructions: |"
        ),
        Mistake(
            .contradiction,
            "default",
            playbook,
            "      required: true\n",
            "      required: true\n      default: none at all\n      maxLength: 4\n"
        ),
        Mistake(.twoDefaults, "route") {
            $0.append(
                "---\n"
                    + String(decoding: $0.files[route] ?? [], as: UTF8.self).replacing(
                        "name: default",
                        with: "name: second"
                    ),
                to: route
            )
        },
    ]

    private static let policy: [Mistake] = [
        Mistake(.unknownParameter, "typo", run, "    issue:", "    issues: too many\n    issue:"),
        Mistake(
            .missingParameter,
            "none",
            run,
            "  parameters:\n    issue: Dividing a negative number rounds the wrong way.\n",
            ""
        ),
        Mistake(
            .longParameter,
            "long",
            playbook,
            "      required: true\n",
            "      required: true\n      maxLength: 10\n"
        ),
        Mistake(
            .otherVersion,
            "version",
            run,
            "    name: bug-fix\n",
            "    name: bug-fix\n    version: \"2.0.0\"\n"
        ),
        Mistake(
            .noPrice,
            "budget",
            route,
            "  price:\n    inputPerMillion: \"3.00\"\n    outputPerMillion: \"15.00\"\n",
            ""
        ),
        Mistake(
            .credential,
            "token",
            sandbox,
            "  taskTimeout: 10m",
            "  env:\n    - name: TOKEN\n      value: ghp_0123456789abcdefABCDEF0123456789abcd\n"
                + "  taskTimeout: 10m"
        ),
        Mistake(
            .credentialInURL,
            "password",
            workspace,
            "url: ../workspaces/calculator.git",
            "url: https://ann:secret@example.org/x.git"
        ),
        Mistake(.kindNotGranted, "source") {
            $0.grant(namespaces: ["*"], kinds: ["*"])
            $0.append(source, to: "source.yaml")
        },
        Mistake(.kindNotGranted, "inner") {
            $0.grant(namespaces: ["*"], kinds: ["*", "GitSource"])
            $0.append(source + "  grants: {kinds: [Role, AccessBinding]}\n", to: "source.yaml")
        },
        Mistake(.namespaceNotGranted, "secret") {
            $0.grant(namespaces: ["default"], kinds: ["*", "GitSource"])
            let secret = "  namespace: other\n  secretRef: {store: vault, key: one}\n"
            $0.append(source + secret, to: "source.yaml")
            $0.existing("SecretStore", "other", "vault")
        },
        Mistake(.namespaceNotGranted, "other") {
            $0.grant(namespaces: ["default"], kinds: ["*"])
            $0.replace("namespaces: [default]", "namespaces: [default, other]", in: pool)
            $0.replace("name: calculator", "name: calculator\n  namespace: other", in: workspace)
            $0.replace("  workspaceRef: calculator\n", "", in: run)
        },
        Mistake(
            .sourceAsWorkspace,
            "itself",
            workspace,
            "url: ../workspaces/calculator.git",
            "url: ../config.git"
        ),
    ]
}
