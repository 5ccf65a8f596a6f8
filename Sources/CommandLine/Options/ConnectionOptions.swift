import ArgumentParser
import Domain

/// Options of every verb that talks to a running system.
struct ConnectionOptions: ParsableArguments {
    @Option(help: "The state folder of the system to talk to (default: AGIRUNNER_STATE, or the user's own).")
    var state: String?

    @Option(name: .shortAndLong, help: "The namespace.")
    var namespace = ObjectKey.defaultNamespace

    func client() throws -> ControlClient {
        let environment = try CommandEnvironment.required()
        return try environment.connect("\(state ?? environment.defaultState())/run/control.sock")
    }
}
