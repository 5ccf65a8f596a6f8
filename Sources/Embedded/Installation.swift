/// Where the parts of one installation lie; every path is absolute.
package struct Installation: Sendable, Hashable {
    /// The role and database that the control plane uses.
    package static let databaseUser = "agirunner"

    /// The state folder.
    package let state: String

    /// The installation in a state folder, whose path may be relative.
    package init(state: String) { self.state = FileSystem.absolute(state) }

    /// The state folder of whoever gives none: `/var/lib/agirunner` for root, else the XDG state folder.
    ///
    /// *Source*: XDG Base Directory Specification 0.8; a relative `XDG_STATE_HOME` is ignored as it says.
    package static func defaultState(userID: UInt32, environment: [String: String]) -> String {
        if userID == 0 { return "/var/lib/agirunner" }
        if let folder = environment["XDG_STATE_HOME"], folder.hasPrefix("/") { return folder + "/agirunner" }
        return (environment["HOME"] ?? "") + "/.local/state/agirunner"
    }

    /// The door of operators and the command line.
    package var controlSocket: String { state + "/run/control.sock" }
    /// The door of runtimes and the fleet manager.
    package var workerSocket: String { state + "/run/worker.sock" }
    /// What proves the fleet manager to the worker door, mode 0600.
    package var fleetTokenFile: String { state + "/run/fleet.token" }
    /// What opens sealed secrets, mode 0600; whoever loses it has to seal them anew.
    package var sealingKeyFile: String { state + "/sealing.key" }
    /// The folder of the database's socket.
    package var databaseSocketFolder: String { state + "/run/postgres" }
    /// The configuration repository made from an example folder, with a work tree to edit and commit in.
    package var configurationRepository: String { repositories + "/config" }
    /// The bare repositories made from an example folder's workspaces.
    package var workspaceRepositories: String { repositories + "/workspaces" }
    /// One log for each program and runtime.
    package var logs: String { state + "/logs" }

    var lock: String { state + "/lock" }
    var run: String { state + "/run" }
    var database: String { state + "/postgres" }
    var repositories: String { state + "/repositories" }
    var runtimes: String { state + "/runtimes" }
    var processes: String { state + "/processes" }

    /// The log of one program.
    package func log(of program: String) -> String { "\(logs)/\(program).log" }

    func record(of program: String) -> String { "\(processes)/\(program).json" }
}
