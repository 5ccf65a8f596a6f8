/// A catalog of any number of objects: four roles, three skills, two playbooks and a workspace of every ten,
/// beside one model, one tool profile and one sandbox that all of them share.
struct CatalogDeclarations {
    /// How many objects there are.
    let count: Int
    /// How many of them stand in a file; more than one where a source may not have as many files.
    var objectsPerFile: Int { count > 10_000 ? 10 : 1 }

    private static let shared = [provider, route, tools, sandbox]

    /// The files by path.
    var files: [(path: String, text: String)] {
        let objects = Self.shared + (0..<(count - Self.shared.count)).map { object($0) }
        return stride(from: 0, to: count, by: objectsPerFile).map { start in
            let texts = objects[start..<min(start + objectsPerFile, count)]
            return (path(start / objectsPerFile), texts.joined(separator: "---\n"))
        }
    }

    /// The file of the nth skill with another text, of those that can be changed alone.
    func edited(_ number: Int, text: String) -> (path: String, text: String) {
        let group = number % max(1, (count - Self.shared.count) / 10)
        let index = Self.shared.count + group * 10 + 4
        guard objectsPerFile > 1 else { return (path(index), skill(group * 10 + 4, text: text)) }
        let first = index / objectsPerFile * objectsPerFile
        let texts = (first..<min(first + objectsPerFile, count)).map { position in
            position < Self.shared.count
                ? Self.shared[position]
                : position == index
                    ? skill(group * 10 + 4, text: text) : object(position - Self.shared.count)
        }
        return (path(index / objectsPerFile), texts.joined(separator: "---\n"))
    }

    /// A hundred files to a folder, as people keep them.
    private func path(_ number: Int) -> String { "part-\(number / 100)/file-\(number).yaml" }

    private func object(_ number: Int) -> String {
        switch number % 10 {
        case 0...3: role(number)
        case 4...6: skill(number, text: "Look at the case that its author did not think of.")
        case 7, 8: playbook(number)
        default: workspace(number)
        }
    }

    private func envelope(_ kind: String, _ name: String) -> String {
        "apiVersion: agirunner.dev/v1\nkind: \(kind)\nmetadata:\n  name: \(name)\nspec:\n"
    }

    private func role(_ number: Int) -> String {
        // The last group may end before its first skill; nothing must refer to what is not there.
        let skill = number / 10 * 10 + 4 + number % 10 % 3
        let hasSkill = skill < count - Self.shared.count
        return envelope("Role", "role-\(number)") + """
              displayName: Role \(number)
              description: Does piece \(number) of the work and says what it has done.
              toolProfileRef: tools
              modelRouteRef: route
              runtimeProfileRef: sandbox
            \(hasSkill ? "  skillRefs: [skill-\(skill)]" : "  skillRefs: []")
              handoff:
                required: [changed_files, verification]
              prompt: |
                You do piece \(number) of the work. You make the smallest change that does it, and you show
                the test that proves it. You say what you have not done, and why.

            """
    }

    private func skill(_ number: Int, text: String) -> String {
        envelope("Skill", "skill-\(number)") + """
              displayName: Skill \(number)
              summary: How piece \(number) of the work is judged.
              delivery: onDemand
              body: |
                Read the whole change before you judge a part of it.
                \(text)
                Say what is wrong, where, and what would be right.

            """
    }

    private func playbook(_ number: Int) -> String {
        let first = number / 10 * 10 + (number % 10 - 7) * 2
        let second = first + 1
        return envelope("Playbook", "playbook-\(number)") + """
              displayName: Playbook \(number)
              version: "1.0.0"
              outcome: Piece \(number) of the work is done and judged.
              roles: [role-\(first), role-\(second)]
              stages:
                - name: work
                  goal: The work is done.
                  roles: [role-\(first)]
                - name: second-look
                  goal: Somebody else has looked at it and mended it.
                  roles: [role-\(second)]
              instructions: Do it, then look at it again.

            """
    }

    private func workspace(_ number: Int) -> String {
        envelope("Workspace", "workspace-\(number)") + """
              type: git
              url: https://git.example.org/work/piece-\(number).git
              branch: main

            """
    }

    private static let provider = """
        apiVersion: agirunner.dev/v1
        kind: ModelProvider
        metadata:
          name: provider
        spec:
          type: scripted
          screenplay:
            usage: bytes
            scenes:
              - role: role-0
                turns:
                  - say: Done.
                    calls: []

        """

    private static let route = """
        apiVersion: agirunner.dev/v1
        kind: ModelRoute
        metadata:
          name: route
        spec:
          primary:
            providerRef: provider
            model: screenplay
          contextWindow: 200000
          maxOutput: 8000

        """

    private static let tools = """
        apiVersion: agirunner.dev/v1
        kind: ToolProfile
        metadata:
          name: tools
        spec:
          description: Reads files and hands over.
          tools: [file_read, submit_handoff]

        """

    private static let sandbox = """
        apiVersion: agirunner.dev/v1
        kind: RuntimeProfile
        metadata:
          name: sandbox
        spec:
          taskTimeout: 10m

        """
}
