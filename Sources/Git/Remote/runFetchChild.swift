internal import Domain
internal import Glibc

/// The whole life of the fetch child: reads one request, does it, answers, ends.
///
/// A program that fetches calls this first thing when its first argument is `FetchChild.argument`, before
/// it starts any thread or logger. Only the answer is written to standard output.
package func runFetchChild() -> Never {
    let reply: FetchReply
    do {
        let request = try FetchRequest(bytes: standardInput(limit: FetchRequest.largest))
        // A mirror may hold what not everybody on this machine may read.
        umask(0o077)
        // What a remote makes this process keep in memory is bounded; beyond 2 GiB it dies and the parent
        // says so.
        var memory = rlimit(rlim_cur: 2 << 30, rlim_max: 2 << 30)
        unsafe setrlimit(__rlimit_resource_t(RLIMIT_DATA.rawValue), &memory)
        // The parent kills this child at the deadline; this bounds its life when the parent was killed
        // before.
        alarm(UInt32(clamping: request.seconds))
        reply = fetchReply(to: request)
    } catch {
        reply = .failure(error as? Failure ?? Failure(.internal, "The fetch child failed: \(error)"))
    }
    let bytes = reply.bytes
    var written = 0
    while written < bytes.count {
        let count = unsafe bytes.withUnsafeBytes { buffer in
            let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[written...])
            return unsafe write(STDOUT_FILENO, rest.baseAddress, rest.count)
        }
        // Nobody reads the answer any more.
        guard count > 0 else { exit(1) }
        written += count
    }
    exit(0)
}

private func standardInput(limit: Int) throws(Failure) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
        let count = unsafe read(STDIN_FILENO, &chunk, chunk.count)
        if count == 0 { return bytes }
        guard count > 0, bytes.count + count <= limit else {
            throw Failure(.invalid, "The fetch child could not read what it is asked")
        }
        bytes += chunk.prefix(count)
    }
}
