package import Domain
package import Outbound

/// What the program gives the verbs: how to reach the door, and where text goes.
package struct CommandEnvironment: Sendable {
    package var connect: @Sendable (_ socket: String) throws -> ControlClient
    package var defaultState: @Sendable () -> String
    package var output: @Sendable (String) -> Void
    package var notice: @Sendable (String) -> Void
    /// Prints how a long wait goes, for a person who watches; nothing where nobody does.
    package var progress: @Sendable (String) -> Void
    package var now: @Sendable () -> Timestamp
    package var userID: @Sendable () -> UInt32
    /// A variable of the process's environment.
    package var variable: @Sendable (String) -> String?
    /// Sends a request to anywhere; an answer with more bytes than given is an error.
    package var send: @Sendable (HTTPRequest, _ maximumBodyBytes: Int) async throws -> HTTPResponse

    /// An environment of its closures.
    package init(
        connect: @escaping @Sendable (String) throws -> ControlClient,
        defaultState: @escaping @Sendable () -> String,
        output: @escaping @Sendable (String) -> Void,
        notice: @escaping @Sendable (String) -> Void,
        progress: @escaping @Sendable (String) -> Void,
        now: @escaping @Sendable () -> Timestamp,
        userID: @escaping @Sendable () -> UInt32,
        variable: @escaping @Sendable (String) -> String?,
        send: @escaping @Sendable (HTTPRequest, Int) async throws -> HTTPResponse
    ) {
        self.connect = connect
        self.defaultState = defaultState
        self.output = output
        self.notice = notice
        self.progress = progress
        self.now = now
        self.userID = userID
        self.variable = variable
        self.send = send
    }

    /// Set around the whole command by the program: argument-parser makes the verbs itself and hands them
    /// nothing.
    @TaskLocal package static var current: CommandEnvironment?

    static func required() throws -> CommandEnvironment {
        guard let current else { throw CommandFailure("the program did not set its environment up") }
        return current
    }
}
