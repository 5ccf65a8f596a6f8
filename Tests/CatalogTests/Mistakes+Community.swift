import Domain

@testable import Catalog

// What can be wrong with a catalog in the community's format, and with a Policy over what is imported.
extension Mistake {
    private static let playbooks = "catalog/playbooks.yaml"
    private static let specialists = "catalog/specialists.yaml"
    private static let skills = "catalog/skills.yaml"
    private static let folder = "playbooks/engineering/mend-a-leak"
    private static let playbook = "\(folder)/playbook.yaml"
    private static let readme = "\(folder)/README.md"
    private static let inspector = "specialists/engineering/inspector/specialist.yaml"
    private static let skill = "skills/engineering/find-the-leak/SKILL.md"
    private static let note = "skills/engineering/write-it-down/SKILL.md"

    /// A mistake in the catalog.
    private static func catalog(
        _ code: Code,
        _ name: String,
        _ make: @escaping @Sendable (inout Configuration) -> Void
    ) -> Mistake {
        var mistake = Mistake(code, name, make)
        mistake.base = "community"
        return mistake
    }

    private static func catalog(
        _ code: Code,
        _ name: String,
        _ path: String,
        _ old: String,
        _ new: String
    ) -> Mistake {
        catalog(code, name) { $0.replace(old, new, in: path) }
    }

    static let community: [Mistake] = catalogFiles + catalogContents + overlays

    private static let catalogFiles: [Mistake] = [
        catalog(.noManifest, "playbooks") { $0.files[playbooks] = nil },
        catalog(.entryWithoutFile, "skill") { $0.files[skill] = nil },
        catalog(.fileWithoutEntry, "skill") { $0.files["skills/content/more/SKILL.md"] = $0.files[skill] },
        catalog(.catalogPath, "above") {
            let entry =
                "  - id: more\n    name: More\n    category: content\n    path: ../content/more/SKILL.md\n"
            $0.append(entry, to: skills)
        },
        catalog(.otherID, "frontmatter", note, "name: write-it-down", "name: write-down"),
        catalog(.otherID, "folder") {
            let moved = "skills/engineering/note-it/SKILL.md"
            $0.files[moved] = $0.files[note]
            $0.files[note] = nil
            $0.replace(note, moved, in: skills)
        },
        catalog(
            .category,
            "unknown",
            skills,
            "name: Find the Leak\n    category: engineering",
            "name: Find the Leak\n    category: enginering"
        ),
        catalog(.manifestDrift, "version", playbooks, "version: 1.0.2", "version: 1.0.3"),
        catalog(.manifestDrift, "list", specialists, "      - write-it-down\n", ""),
        catalog(.otherSlug, "slug", playbook, "slug: mend-a-leak", "slug: mend-leaks"),
        catalog(.frontmatter, "missing", skill, "---\nname: find-the-leak", "name: find-the-leak"),
        catalog(.frontmatter, "unclosed", skill, "knows where.\n---\n", "knows where.\n"),
        catalog(.frontmatter, "crlf") {
            let text = String(decoding: $0.files[skill] ?? [], as: UTF8.self)
            $0.files[skill] = Array(text.replacing("\n", with: "\r\n").utf8)
        },
        catalog(.severalDocuments, "second") { $0.append("---\nid: other\n", to: playbook) },
        catalog(.noReadme, "playbook") { $0.files[readme] = nil },
        catalog(.otherHeading, "readme", readme, "# Mend a Leak", "# Mend Leaks"),
        catalog(.otherHeading, "skill", skill, "# Find the Leak", "# Find Leaks"),
        catalog(.otherInputs, "readme", readme, "- drops a minute\n", ""),
        catalog(.length, "readme") { $0.append(String(repeating: "drip\n", count: 20_000), to: readme) },
        catalog(.credential, "readme") {
            $0.append("ghp_0123456789abcdefABCDEF0123456789abcd\n", to: readme)
        },
    ]

    private static let catalogContents: [Mistake] = [
        catalog(
            .unknownKey,
            "frontmatter",
            skill,
            "name: find-the-leak",
            "name: find-the-leak\nlicense: none"
        ),
        catalog(.unknownKey, "playbook", playbook, "slug: mend-a-leak", "slug: mend-a-leak\nicon: drop"),
        catalog(.missingKey, "definition", playbook, "  process_instructions: |", "  instructions: |"),
        catalog(.ambiguousScalar, "catalog-title", playbook, "title: Place", "title: yes"),
        catalog(.anchor, "catalog", playbook, "slug: mend-a-leak", "slug: &id mend-a-leak"),
        catalog(
            .duplicateKey,
            "catalog",
            playbook,
            "slug: mend-a-leak",
            "slug: mend-a-leak\nslug: mend-a-leak"
        ),
        catalog(.duplicateName, "catalog-stage", playbook, "name: mend\n", "name: find\n"),
        catalog(.danglingReference, "specialist") {
            $0.replace("  - inspector\n", "  - inspecter\n", in: playbook)
            $0.replace("- inspector\n    path", "- inspecter\n    path", in: playbooks)
            $0.replace("    - Inspector\n  stages", "  stages", in: playbook)
            $0.replace("involves:\n        - Inspector", "involves: []", in: playbook)
        },
        catalog(
            .danglingReference,
            "tool-profile",
            "specialists/engineering/plumber/specialist.yaml",
            "allowed_tools: writing-tools",
            "allowed_tools: writing-tool"
        ),
        catalog(
            .unknownDisplayName,
            "role",
            playbook,
            "    - Inspector\n  stages",
            "    - Inspector\n    - Inspecter\n  stages"
        ),
        catalog(.foreignRole, "involves", playbook, "        - Inspector", "        - Inspecter"),
        catalog(.sharedDisplayName, "two") {
            $0.replace("name: Inspector", "name: Master Plumber", in: specialists)
            $0.replace("name: Inspector", "name: Master Plumber", in: inspector)
            $0.replace("    - Inspector\n  stages", "  stages", in: playbook)
            $0.replace("        - Inspector", "        - Master Plumber", in: playbook)
        },
        catalog(
            .otherCopy,
            "lifecycle",
            playbook,
            "  lifecycle: planned\n  orch",
            "  lifecycle: ongoing\n  orch"
        ),
        catalog(.withoutEffect, "board", playbook, "  roles:\n", "  board: {columns: []}\n  roles:\n"),
        catalog(.reshaped, "stage", playbook, "name: water-on", "name: Water on!"),
    ]

    private static func policy(_ name: String, stage: String, approver: String = "role:operator") -> String {
        """
        ---
        apiVersion: agirunner.dev/v1
        kind: Policy
        metadata:
          name: \(name)
        spec:
          appliesTo: {}
          requireGates:
            - playbook: bug-fix
              stage: \(stage)
              gate: {approvers: ["\(approver)"]}

        """
    }

    private static let overlays: [Mistake] = [
        Mistake(.unmatchedOverlay, "stage") {
            $0.append(policy("gates", stage: "reveiw"), to: "policy.yaml")
        },
        Mistake(.unmatchedOverlay, "stored") {
            let key = ObjectKey("Policy", namespace: "default", name: "gates")
            $0.options.existing[key] = [
                "appliesTo": ["kinds": ["Playbook"], "labels": [:]], "assesses": [],
                "requireGates": [
                    [
                        "playbook": "bug-fix", "stage": "publish",
                        "gate": [
                            "approvers": ["role:operator"], "count": 1, "notBy": [], "onReject": "fail",
                            "onTimeout": "hold",
                        ],
                    ]
                ],
            ]
        },
        Mistake(.policiesDisagree, "approvers") {
            $0.append(policy("one", stage: "review"), to: "policy.yaml")
            $0.append(policy("two", stage: "review", approver: "role:org_admin"), to: "policy.yaml")
        },
        Mistake(.approver, "policy") {
            $0.append(policy("gates", stage: "review", approver: "role:nobody"), to: "policy.yaml")
        },
    ]
}
