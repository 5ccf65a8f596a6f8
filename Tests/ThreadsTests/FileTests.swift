import Glibc
import Testing
import Threads

@Suite struct FileTests {
    @Test func `a lock is held once and names its owner`() throws {
        let scratch = Scratch()
        let path = "\(scratch.path)/lock"
        #expect(FileLock.owner(ofLockAt: path) == nil)
        do {
            let lock = try FileLock(path: path)
            #expect(FileLock.owner(ofLockAt: path) == getpid())
            do {
                _ = try FileLock(path: path)
                Issue.record("The lock was given away twice")
            } catch {
                #expect(error.code == .busy && error.message.contains("process \(getpid())"))
            }
            _ = consume lock
        }
        _ = try FileLock(path: path)
    }

    @Test func `a child does not inherit a lock`() async throws {
        let scratch = Scratch()
        let path = "\(scratch.path)/lock"
        let identity: ProcessIdentity
        do {
            let lock = try FileLock(path: path)
            identity = try DetachedProcess(Command(executable: "/bin/sleep", arguments: ["68"])).start()
            _ = consume lock
        }
        defer { _ = try? identity.signal(.kill) }  // it may be gone already
        _ = try FileLock(path: path)
        _ = try identity.signal(.kill)
        _ = try await DetachedProcess.waitForExit(identity, until: .after(.seconds(20)))
    }

    @Test func `a lock in a missing folder says so`() {
        do {
            _ = try FileLock(path: "/nowhere/lock")
            Issue.record("There is no such folder")
        } catch {
            #expect(error.code == .notFound)
        }
    }

    @Test func `a change wakes the waiter, many changes wake it once`() async throws {
        let scratch = Scratch()
        let watch = try FileWatch(paths: [scratch.path])
        let deadline = Deadline.after(.seconds(20))
        #expect(try await watch.next(until: .after(.milliseconds(10))) == false)
        async let woken = watch.next(until: deadline)
        try scratch.write("a", "1")
        #expect(try await woken)
        try scratch.write("b", "1")
        try scratch.write("c", "1")
        // What was not taken above may come along; afterwards nothing is left.
        while try await watch.next(until: .after(.milliseconds(10))) {}
        unsafe rename("\(scratch.path)/b", "\(scratch.path)/d")
        #expect(try await watch.next(until: deadline))
    }

    @Test func `waiting for a change can be cancelled`() async throws {
        let scratch = Scratch()
        let watch = try FileWatch(paths: [scratch.path])
        let task = Task { try await watch.next(until: .after(.seconds(60))) }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func `a missing path cannot be watched`() {
        let error = #expect(throws: SystemError.self) { try FileWatch(paths: ["/nowhere/at/all"]) }
        #expect(error?.code == .notFound)
    }
}
